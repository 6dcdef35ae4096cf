import { describe, expect, test } from 'vitest';
import { readReview } from '../../src/admission/review.ts';
import { ownerOf } from '../../src/recording/owner.ts';
import { createReview } from '../support/review.ts';

const TIME = Date.parse('2027-03-01T12:00:00Z');
const minutes = (offset: number): string => String(TIME / 60_000 + offset);

const pod = (metadata: object): object => ({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } });
const owned = (kind: string, name: string, rest: object = {}): object =>
  pod({ generateName: `${name}-`, ownerReferences: [{ kind, name, controller: true }], ...rest });
const job = (name: string): object => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name } });

const OWNERS: readonly (readonly [string, object, string])[] = [
  ['a Pod of its own', pod({ name: 'web' }), 'Pod web'],
  ['a Pod with a generated name', pod({ generateName: 'web-' }), 'Pod web-'],
  [
    'a Pod of a Deployment',
    owned('ReplicaSet', 'web-5d9', { labels: { 'pod-template-hash': '5d9' } }),
    'Deployment web',
  ],
  ['a Pod of a ReplicaSet of its own', owned('ReplicaSet', 'web-5d9'), 'ReplicaSet web-5d9'],
  [
    'a Pod of a ReplicaSet with another hash',
    owned('ReplicaSet', 'web-5d9', { labels: { 'pod-template-hash': '5d8' } }),
    'ReplicaSet web-5d9',
  ],
  [
    'a Pod of a ReplicaSet that is only the hash',
    owned('ReplicaSet', '-5d9', { labels: { 'pod-template-hash': '5d9' } }),
    'ReplicaSet -5d9',
  ],
  ['a Pod of a StatefulSet', owned('StatefulSet', 'db'), 'StatefulSet db'],
  ['a Pod of a DaemonSet', owned('DaemonSet', 'log'), 'DaemonSet log'],
  ['a Pod of a Job of a CronJob', owned('Job', `backup-${minutes(0)}`), 'CronJob backup'],
  ['a Pod of a Job', owned('Job', 'migrate'), 'Job migrate'],
  ['a Job of a CronJob by its name', job(`backup-${minutes(-60)}`), 'CronJob backup'],
  ['a Job with a number that is no time', job('import-12345678'), 'Job import-12345678'],
  ['a Job with the time of another week', job(`backup-${minutes(-10_080)}`), `Job backup-${minutes(-10_080)}`],
  ['a Job with a time in the future', job(`backup-${minutes(60)}`), `Job backup-${minutes(60)}`],
  ['an owner that is no controller', pod({ name: 'web', ownerReferences: [{ kind: 'Node', name: 'n' }] }), 'Pod web'],
  [
    'a controller with a long kind and name',
    owned('K'.repeat(1000), 'n'.repeat(1000)),
    `${'K'.repeat(253)}… ${'n'.repeat(253)}…`,
  ],
  ['owners that are not a list', pod({ name: 'web', ownerReferences: {} }), 'Pod web'],
];

describe('the owner of a review', () => {
  test.each(OWNERS)('of %s', (_what, object, owner) => {
    const { kind } = object as { readonly kind: string };
    const read = readReview(createReview(object, { kind: { group: '', version: 'v1', kind } }));
    if (!read.ok) throw new Error(read.problem);
    const found = ownerOf(read.review.request, TIME);
    expect(`${found.kind} ${found.name}`).toBe(owner);
  });

  test('of a Job is the Job if the time is unknown', () => {
    const read = readReview(createReview(owned('Job', `backup-${minutes(0)}`)));
    expect(read.ok && ownerOf(read.review.request, undefined).kind).toBe('Job');
  });
});
