// Another mutating webhook: changes objects as a function says, by default with a label.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { createAuthority } from './certificates.ts';
import { loopback } from './configuration.ts';
import type { Reply } from './connection.ts';
import type { ControlPlane } from './control-plane.ts';
import { type Configuration, register, type Target, unregister, untilEffective } from './registration.ts';

interface OtherWebhook extends Target {
  stop(): Promise<void>;
}

interface OtherRegistration {
  readonly namespace: string;
  /** By default, it sorts after ours, so the API server calls it after us. */
  readonly name?: string;
  readonly change?: Change;
  /** A text that objects have only by the change. */
  readonly mark: string;
  /** Creates a Pod as a dry run. */
  readonly probe: () => Promise<Reply>;
}

/** Runs `use` with the first changed Pod, while the webhook is registered. The API server does not call it afterwards. */
export async function withOtherWebhook(
  plane: ControlPlane,
  { namespace, name = 'zz-other', change = addLabel, mark, probe }: OtherRegistration,
  use: (changed: Reply) => Promise<void>,
): Promise<void> {
  const other = await startOtherWebhook(change);
  const configuration = otherConfiguration(other, namespace, name);
  const isMarked = ({ body }: Reply): boolean => JSON.stringify(body).includes(mark);
  try {
    await register(plane, configuration);
    await use(await untilEffective('the other webhook', probe, isMarked));
  } finally {
    await unregister(plane, configuration);
    await untilEffective('the end of the other webhook', probe, (reply) => !isMarked(reply));
    await other.stop();
  }
}

/** Returns the operations of a JSON Patch. */
export type Change = (object: ReviewedObject) => readonly object[];

export interface ReviewedObject {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly { readonly name: string }[];
    readonly imagePullSecrets?: readonly { readonly name: string }[];
  };
}

interface OtherReview {
  readonly request: { readonly uid: string; readonly object: ReviewedObject };
}

/** Adds a sidecar "proxy", as service meshes do. */
export function addSidecar(image: string): Change {
  return ({ spec: { containers } }) =>
    containers.some(({ name }) => name === 'proxy')
      ? []
      : [{ op: 'add', path: '/spec/containers/-', value: { name: 'proxy', image } }];
}

const addLabel: Change = ({ metadata }) => [
  { op: 'add', path: '/metadata/labels', value: { other: 'was-here', ...metadata.labels } },
];

async function startOtherWebhook(change: Change): Promise<OtherWebhook> {
  const authority = await createAuthority();
  const server = createServer(await authority.serverCertificate([loopback]));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { uid, object } = (JSON.parse(await text(request)) as OtherReview).request;
    const patch = btoa(JSON.stringify(change(object)));
    const changed = { uid, allowed: true, patchType: 'JSONPatch', patch };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: changed }));
  };
  server.on('request', (request, response) => void answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, loopback, resolve);
  });
  return {
    url: `https://${loopback}:${(server.address() as AddressInfo).port}`,
    caBundle: Buffer.from(authority.cert).toString('base64'),
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** For Pods of one namespace. */
function otherConfiguration({ url, caBundle }: Target, namespace: string, name: string): Configuration {
  return {
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'label.other.example.com',
        clientConfig: { url: `${url}/change`, caBundle },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        namespaceSelector: {
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [namespace] }],
        },
      },
    ],
  };
}
