// Another mutating webhook: changes objects as a function says, by default with a label.
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

/** Returns the operations of a JSON Patch. */
export type Change = (object: ReviewedObject) => readonly object[];

export interface ReviewedObject {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly name: string }[] };
}

interface OtherReview {
  readonly request: { readonly uid: string; readonly object: ReviewedObject };
}

const addLabel: Change = ({ metadata }) => [
  { op: 'add', path: '/metadata/labels', value: { other: 'was-here', ...metadata.labels } },
];

export async function startOtherWebhook(change = addLabel): Promise<OtherWebhook> {
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

/** For Pods of one namespace. By default, its name sorts after ours, so the API server calls it after us. */
export function otherConfiguration({ url, caBundle }: Target, namespace: string, name = 'zz-other'): Configuration {
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
