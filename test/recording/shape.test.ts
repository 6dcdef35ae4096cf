import { expect, test } from 'vitest';
import { shapeText } from '../../src/recording/shape.ts';
import { createReview } from '../support/review.ts';
import { recordedReview } from './lines.ts';

const TIME = '2027-03-01T12:00:00.000Z';
const minutes = Date.parse(TIME) / 60_000;

interface Metadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly labels?: object;
  readonly ownerReferences?: readonly object[];
}

interface Reviewed extends Metadata {
  readonly kind?: string;
  readonly spec?: object;
  readonly allowed?: boolean;
}

function shapeOf({ kind = 'Pod', spec = { containers: [] }, allowed = true, ...metadata }: Reviewed): string {
  const object = { apiVersion: 'v1', kind, metadata, spec };
  const review = createReview(object, { kind: { group: '', version: 'v1', kind } });
  return shapeText(recordedReview({ time: TIME, review, response: { allowed } }));
}

const withImage = (image: string): Reviewed => ({ spec: { containers: [{ name: 'web', image }] } });
const withVolume = (name: string): Reviewed => ({ spec: { volumes: [{ name, projected: {} }] } });

const owned = (kind: string, owner: string, name: string): Metadata => ({
  name,
  ownerReferences: [{ apiVersion: 'v1', kind, name: owner, uid: name, controller: true }],
});
const ofDeployment = (deployment: string, hash: string, end: string): Metadata => ({
  ...owned('ReplicaSet', `${deployment}-${hash}`, `${deployment}-${hash}-${end}`),
  labels: { app: 'shop', 'pod-template-hash': hash },
});

const SAME: readonly (readonly [string, Reviewed, Reviewed])[] = [
  ['Pods of a Deployment', ofDeployment('web', '7d9f8', 'x2x5z'), ofDeployment('web', '5b6c4', 'q9w4t')],
  ['Pods of a StatefulSet', owned('StatefulSet', 'db', 'db-0'), owned('StatefulSet', 'db', 'db-1')],
  ['Pods of a CronJob', owned('Job', `b-${minutes}`, `b-${minutes}-x2x5z`), owned('Job', `b-${minutes - 60}`, 'b')],
  ['Pods of a Job with a random name', owned('Job', 'load-x2x5z', 'a'), owned('Job', 'load-bcdfg', 'b')],
  ['Pods with numbers and random ends', { name: 'load-20270301-x2x5z' }, { name: 'load-20270302-bcdfg' }],
  ['a name and a prefix', { name: 'load-x2x5z' }, { generateName: 'load-' }],
  ['volumes of ServiceAccount tokens', withVolume('kube-api-access-x2x5z'), withVolume('kube-api-access-bcdfg')],
  ['names that are generated as a whole', { name: '1-x2x5z' }, { name: '1-bcdfg' }],
];

const DIFFERENT: readonly (readonly [string, Reviewed, Reviewed])[] = [
  ['Pods of two Deployments', ofDeployment('agent', '7d9f8', 'x2x5z'), ofDeployment('web', '7d9f8', 'x2x5z')],
  ['Pods of two StatefulSets', owned('StatefulSet', 'db', 'db-0'), owned('StatefulSet', 'cache', 'cache-0')],
  ['Pods of two Jobs', owned('Job', 'load-x2x5z', 'a'), owned('Job', 'clean-x2x5z', 'b')],
  ['two Deployments', { kind: 'Deployment', name: 'web-1' }, { kind: 'Deployment', name: 'web-2' }],
  ['two Pods', { name: 'agent' }, { name: 'web' }],
  ['images with names as of volumes', withImage('kube-api-access-x2x5z'), withImage('kube-api-access-bcdfg')],
  [
    'two decisions that are the names of the objects',
    { ...owned('StatefulSet', 'db', 'true'), allowed: true },
    { ...owned('StatefulSet', 'db', 'false'), allowed: false },
  ],
  ['owners of two kinds', owned('StatefulSet', 'web', 'web-0'), owned('ReplicaSet', 'web', 'web-0')],
];

test.each(SAME)('%s have the same shape', (_what, one, other) => {
  expect(shapeOf(one)).toBe(shapeOf(other));
});

test.each(DIFFERENT)('%s have different shapes', (_what, one, other) => {
  expect(shapeOf(one)).not.toBe(shapeOf(other));
});
