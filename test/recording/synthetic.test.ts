import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readReview } from '../../src/admission/review.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { syntheticReview } from '../../src/recording/synthetic.ts';
import { POD } from './lines.ts';

const OPTIONS = { kinds: kindTable(), namespace: 'default' };

function requestOf(object: JsonObject): JsonObject {
  const found = syntheticReview(object, OPTIONS);
  return (found?.review['request'] ?? {}) as JsonObject;
}

const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { template: { spec: { containers: [{ name: 'web', image: 'nginx' }] } } },
};

const LIVE = {
  ...POD,
  metadata: {
    ...POD.metadata,
    uid: '8f1c',
    resourceVersion: '12',
    generation: 3,
    creationTimestamp: '2027-03-01T12:00:00Z',
    managedFields: [{ manager: 'kubectl' }],
    labels: { app: 'web' },
  },
  status: { phase: 'Running' },
};

describe('a review from an object', () => {
  const cases: readonly (readonly [string, JsonObject, JsonObject])[] = [
    [
      'a Pod',
      POD,
      {
        kind: { group: '', version: 'v1', kind: 'Pod' },
        resource: { group: '', version: 'v1', resource: 'pods' },
        namespace: 'shop',
        object: POD,
      },
    ],
    ['an object without a namespace', DEPLOYMENT, { namespace: 'default', name: 'web', object: DEPLOYMENT }],
    [
      'a cluster-scoped object',
      { apiVersion: 'apps.kruise.io/v1alpha1', kind: 'SidecarSet', metadata: { name: 's' } },
      { namespace: undefined, name: 's' },
    ],
    [
      'an object without a name',
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { generateName: 'job-' } },
      { name: '', object: { apiVersion: 'batch/v1', kind: 'Job', metadata: { generateName: 'job-' } } },
    ],
    [
      'an object of a cluster',
      LIVE,
      { object: { ...POD, metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } } } },
    ],
    [
      'a kind whose plural name is guessed',
      { apiVersion: 'example.com/v1', kind: 'Registry', metadata: { name: 'r' } },
      { resource: { group: 'example.com', version: 'v1', resource: 'registries' } },
    ],
  ];

  test.each(cases)('creates the object: %s', (_name, object, expected) => {
    expect(requestOf(object)).toMatchObject({ operation: 'CREATE', oldObject: null, dryRun: false, ...expected });
    expect(readReview(syntheticReview(object, OPTIONS)?.review)).toMatchObject({ ok: true });
  });

  test('tells whether a cluster has stored the object', () => {
    expect(syntheticReview(LIVE, OPTIONS)?.object).toBe('stored');
    expect(syntheticReview(POD, OPTIONS)?.object).toBe('sent');
  });

  test.each([[{}], [{ kind: 'Pod' }], [{ apiVersion: 'v1' }], [{ apiVersion: 3, kind: [] }]])(
    'needs apiVersion and kind: %j',
    (object) => {
      expect(syntheticReview(object as JsonObject, OPTIONS)).toBeUndefined();
    },
  );

  test('has a UID that depends on nothing but the object', () => {
    const uid = requestOf(POD)['uid'];
    expect(uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(requestOf(structuredClone(POD))['uid']).toBe(uid);
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        const uids = [one, other].map((image) => requestOf({ ...POD, spec: { image } })['uid']);
        expect(uids[0] === uids[1]).toBe(one === other);
      }),
    );
  });

  test('is the same for an object that was applied and read again', () => {
    expect(requestOf(LIVE)['uid']).toBe(
      requestOf({ ...POD, metadata: { ...POD.metadata, labels: { app: 'web' } } })['uid'],
    );
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.object(), (object) => {
        expect(() => syntheticReview({ apiVersion: 'v1', kind: 'Pod', ...object }, OPTIONS)).not.toThrow();
      }),
    );
  });
});
