// Somebody else's mutating webhook: labels every object that has no such label yet.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { createAuthority } from './certificates.ts';
import { loopback } from './configuration.ts';
import type { Configuration, Target } from './registration.ts';

export interface OtherWebhook extends Target {
  stop(): Promise<void>;
}

interface LabelReview {
  readonly request: {
    readonly uid: string;
    readonly object: { readonly metadata: { readonly labels?: Readonly<Record<string, string>> } };
  };
}

export async function startOtherWebhook(): Promise<OtherWebhook> {
  const authority = await createAuthority();
  const server = createServer(await authority.serverCertificate([loopback]));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { uid, object } = (JSON.parse(await text(request)) as LabelReview).request;
    const labels = { other: 'was-here', ...object.metadata.labels };
    const patch = btoa(JSON.stringify([{ op: 'add', path: '/metadata/labels', value: labels }]));
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

/** For Pods of one namespace; its name sorts behind ours, so it is called after us. */
export function otherConfiguration({ url, caBundle }: Target, namespace: string): Configuration {
  return {
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'zz-other' },
    webhooks: [
      {
        name: 'label.other.example.com',
        clientConfig: { url: `${url}/label`, caBundle },
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
