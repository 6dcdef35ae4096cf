// Ways to break an installation, each with how to mend it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { KeyPair } from './certificates.ts';
import type { ControlPlane } from './control-plane.ts';
import { collectionOf, create, type Installation, type Installed, SERVER_NAME, tlsSecret } from './installation.ts';

export interface Broken {
  /** Of the command. */
  readonly flags: string[];
  /** A directory for files. */
  readonly folder: string;
  readonly plane: ControlPlane;
  readonly installation: Installation;
}

/** Breaks the installation, and returns how to mend it. */
export type Break = (broken: Broken) => Promise<() => Promise<unknown>>;

/** Replaces an object, and restores it. */
export function changing(path: string, change: (object: never) => object): Break {
  return async ({ plane }) => {
    const { body } = await plane.request('GET', path);
    await put(plane, path, change(structuredClone(body) as never));
    return () => put(plane, path, body as object);
  };
}

export async function put(plane: ControlPlane, path: string, object: object): Promise<void> {
  const { body } = await plane.request('GET', path);
  const { metadata } = body as { readonly metadata: { readonly resourceVersion: string } };
  const { resourceVersion } = metadata;
  const next = object as { readonly metadata: object };
  const reply = await plane.request('PUT', path, { ...next, metadata: { ...next.metadata, resourceVersion } });
  if (reply.status !== 200) throw new Error(`${path}: ${JSON.stringify(reply.body)}`);
}

interface WebhookObject {
  readonly webhooks: Record<string, unknown>[];
}

/** Changes each webhook of a configuration. */
export function eachWebhook(change: (webhook: never) => object): (object: WebhookObject) => object {
  return (object) => ({ ...object, webhooks: object.webhooks.map((one) => ({ ...one, ...change(one as never) })) });
}

export function spec(change: object): (object: { readonly spec: object }) => object {
  return (object) => ({ ...object, spec: { ...object.spec, ...change } });
}

/** Another webhook that fails closed, with its server in the namespace `other`, for Pods of one namespace. */
export function otherWebhook(kind: string, namespace: string): Installed & { readonly webhooks: readonly object[] } {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'zz-other' },
    webhooks: [
      {
        name: 'pods.other.example.com',
        clientConfig: { service: { namespace: 'other', name: 'other' } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      },
    ],
  };
}

export function creating(object: Installed): Break {
  return async ({ plane }) => {
    await create(plane, object);
    return async () => plane.request('DELETE', `${collectionOf(object)}/${object.metadata.name}`);
  };
}

export function deleting(path: string): Break {
  return async ({ plane }) => {
    const { body } = await plane.request('GET', path);
    await plane.request('DELETE', path);
    const { metadata, ...rest } = body as Installed;
    const { name, namespace } = metadata;
    return async () => create(plane, { ...rest, metadata: namespace === undefined ? { name } : { name, namespace } });
  };
}

/** Puts another certificate into the Secret, and presents it. */
export function withCertificate(issue: (installation: Installation) => Promise<KeyPair>): Break {
  return async ({ plane, installation }) => {
    const path = '/api/v1/namespaces/tidewaiter/secrets/tidewaiter-tls';
    const use = async (certificate: KeyPair): Promise<void> => {
      installation.present(certificate);
      await put(plane, path, tlsSecret({ ca: installation.authority.cert, certificate }));
    };
    await use(await issue(installation));
    return async () => use(await installation.authority.serverCertificate([SERVER_NAME]));
  };
}

/** Adds an entry to the data of a ConfigMap. */
export function withText(path: string, name: string, text: string): Break {
  return changing(path, (map: { readonly data: object }) => ({ ...map, data: { ...map.data, [name]: text } }));
}

/** Runs the command with a configuration file. */
export function withConfigFile(text: string): Break {
  return async ({ flags, folder }) => {
    const file = join(folder, 'tidewaiter.yaml');
    writeFileSync(file, text);
    flags.push('--config', file);
    return async () => Promise.resolve(flags.splice(0));
  };
}

/** Breaks in several ways at once. */
export function all(...breaks: readonly Break[]): Break {
  return async (broken) => {
    const mends: (() => Promise<unknown>)[] = [];
    for (const breakIt of breaks) mends.unshift(await breakIt(broken));
    return async () => {
      for (const mend of mends) await mend();
    };
  };
}
