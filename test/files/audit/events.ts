/** Events of audit logs, for tests. */
import { POD } from '../../recording/lines.ts';

export const STORED_POD = {
  ...POD,
  metadata: {
    ...POD.metadata,
    uid: 'u-1',
    resourceVersion: '7',
    generation: 1,
    managedFields: [{ manager: 'kubectl' }],
  },
  spec: { ...POD.spec, serviceAccountName: 'default' },
  status: { phase: 'Pending' },
};

/** The creation of a Pod. */
export const CREATED = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'RequestResponse',
  auditID: 'a-1',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/pods?fieldManager=kubectl-create&fieldValidation=Strict',
  verb: 'create',
  user: { username: 'jane', groups: ['system:authenticated'] },
  sourceIPs: ['192.0.2.1'],
  userAgent: 'kubectl',
  objectRef: { resource: 'pods', namespace: 'shop', name: 'web', apiVersion: 'v1' },
  responseStatus: { metadata: {}, code: 201 },
  requestObject: POD,
  responseObject: STORED_POD,
  requestReceivedTimestamp: '2027-03-01T12:00:00.123456Z',
  stageTimestamp: '2027-03-01T12:00:00.223456Z',
  annotations: { 'authorization.k8s.io/decision': 'allow' },
} as const;

export const UPDATED = {
  ...CREATED,
  auditID: 'a-2',
  verb: 'update',
  responseStatus: { metadata: {}, code: 200 },
  requestObject: { ...POD, metadata: { ...POD.metadata, resourceVersion: '7' } },
  responseObject: { ...STORED_POD, metadata: { ...STORED_POD.metadata, resourceVersion: '8', generation: 2 } },
} as const;

export function denied(message: string): object {
  return { metadata: {}, status: 'Failure', reason: 'Forbidden', code: 403, message };
}

export function lines(events: readonly object[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}
