import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readReview } from '../../../src/admission/review.ts';
import { eventsIn } from '../../../src/files/audit/event.ts';
import { type ConvertOptions, createConverter } from '../../../src/files/audit/review-of-event.ts';
import { kindTable } from '../../../src/pod/kinds.ts';
import type { JsonObject } from '../../../src/pod/pointer.ts';
import { POD } from '../../recording/lines.ts';
import { CREATED, denied, STORED_POD, UPDATED } from './events.ts';

const OPTIONS = { kinds: kindTable(), object: 'stored' } as const;

/** Reasons, and converted reviews. */
function convertAll(
  values: readonly unknown[],
  options: Partial<ConvertOptions> = {},
): readonly (string | JsonObject)[] {
  const convert = createConverter({ ...OPTIONS, ...options });
  return values.flatMap((value) =>
    [...eventsIn(value)].map((event) => {
      const result = typeof event === 'string' ? event : convert(event);
      return typeof result === 'string' ? result : { ...result };
    }),
  );
}

function converted(values: readonly unknown[], options: Partial<ConvertOptions> = {}): JsonObject {
  const last = convertAll(values, options).at(-1);
  if (typeof last !== 'object') throw new Error(`refused: ${last}`);
  return last;
}

const DENIAL = 'admission webhook "validate.kyverno.svc-fail" denied the request: no';
const { responseObject: _response, ...REQUEST_LEVEL } = CREATED;
const { requestObject: _request, ...METADATA_LEVEL } = REQUEST_LEVEL;
const refOf = (rest: object): object => ({ objectRef: { ...CREATED.objectRef, ...rest } });

describe('an event that becomes a review', () => {
  const cases: readonly (readonly [string, readonly object[], object])[] = [
    [
      'the creation of a Pod',
      [CREATED],
      {
        time: '2027-03-01T12:00:00.123Z',
        dryRun: false,
        origin: { source: 'audit-log', object: 'stored', hasOldObject: undefined, admitted: true },
        said: undefined,
        review: {
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          request: {
            uid: 'a-1',
            kind: { group: '', version: 'v1', kind: 'Pod' },
            resource: { group: '', version: 'v1', resource: 'pods' },
            name: 'web',
            namespace: 'shop',
            operation: 'CREATE',
            userInfo: { username: 'jane', groups: ['system:authenticated'] },
            object: STORED_POD,
            oldObject: null,
            dryRun: false,
            options: { apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions', fieldManager: 'kubectl-create' },
          },
        },
      },
    ],
    ['level Request', [{ ...REQUEST_LEVEL, level: 'Request' }], { origin: { object: 'sent' } }],
    ['a dry run', [{ ...CREATED, requestURI: '/api/v1/namespaces/shop/pods?dryRun=All' }], { dryRun: true }],
    [
      'an impersonated user',
      [{ ...CREATED, impersonatedUser: { username: 'ci' } }],
      { review: { request: { userInfo: { username: 'ci' } } } },
    ],
    [
      'a generated name',
      [
        {
          ...CREATED,
          ...refOf({ name: '' }),
          requestObject: { ...POD, metadata: { generateName: 'web-' } },
          responseObject: { ...STORED_POD, metadata: { ...STORED_POD.metadata, name: 'web-x7k2p' } },
        },
      ],
      { review: { request: { name: 'web-x7k2p' } } },
    ],
    [
      'an apply that creates',
      [{ ...CREATED, verb: 'patch', requestObject: POD }],
      { origin: { object: 'stored' }, review: { request: { operation: 'CREATE' } } },
    ],
    [
      'a patch',
      [{ ...UPDATED, verb: 'patch', requestObject: [{ op: 'replace' }] }],
      {
        origin: { object: 'stored', hasOldObject: false },
        review: { request: { operation: 'UPDATE', oldObject: null } },
      },
    ],
    [
      'an ephemeral container',
      [{ ...UPDATED, verb: 'patch', ...refOf({ subresource: 'ephemeralcontainers' }) }],
      { review: { request: { subResource: 'ephemeralcontainers', kind: { kind: 'Pod' } } } },
    ],
    [
      'a denial by a webhook',
      [{ ...REQUEST_LEVEL, responseStatus: denied(DENIAL), responseObject: { kind: 'Status', apiVersion: 'v1' } }],
      {
        origin: { object: 'sent', admitted: false },
        said: [{ by: 'kyverno', result: 'fail', action: 'deny', message: 'no' }],
      },
    ],
    [
      'a denial by a ValidatingAdmissionPolicy',
      [
        {
          ...REQUEST_LEVEL,
          responseStatus: {
            ...denied(
              `pods "web" is forbidden: ValidatingAdmissionPolicy 'tags' with binding 'all' denied request: no tag`,
            ),
            code: 422,
          },
        },
      ],
      { said: [{ by: 'validating-admission-policy', policy: 'tags', rule: 'all', result: 'fail', action: 'deny' }] },
    ],
    [
      'a custom resource whose plural name is irregular',
      [
        {
          ...REQUEST_LEVEL,
          ...refOf({ apiGroup: 'monitoring.coreos.com', resource: 'prometheuses', apiVersion: 'v1' }),
          requestObject: {
            apiVersion: 'monitoring.coreos.com/v1',
            kind: 'Prometheus',
            metadata: { name: 'p' },
            spec: {},
          },
        },
      ],
      { review: { request: { kind: { group: 'monitoring.coreos.com', kind: 'Prometheus' } } } },
    ],
    [
      'an item of a list without its own type',
      [
        {
          kind: 'EventList',
          apiVersion: 'audit.k8s.io/v1',
          items: [{ ...CREATED, kind: undefined, apiVersion: undefined }],
        },
      ],
      { origin: { object: 'stored' } },
    ],
  ];

  test.each(cases)('is converted: %s', (_name, events, expected) => {
    const found = converted(JSON.parse(JSON.stringify(events)) as unknown[]);
    expect(found).toMatchObject(JSON.parse(JSON.stringify(expected)) as object);
    expect(readReview(found['review'])).toMatchObject({ ok: true });
  });

  test('has the object as the client sent it if that is asked for', () => {
    const sent = converted([CREATED], { object: 'sent' });
    expect(sent).toMatchObject({ origin: { object: 'sent' }, review: { request: { object: POD } } });
    const patched = converted([{ ...UPDATED, verb: 'patch' }], { object: 'sent' });
    expect(patched).toMatchObject({ origin: { object: 'stored' } });
  });
});

describe('an event that does not become a review', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['not-an-event', []],
    ['not-an-event', 1],
    ['not-an-event', { kind: 'Pod', apiVersion: 'v1' }],
    ['not-an-event', { ...CREATED, kind: undefined }],
    ['not-an-event', { ...CREATED, apiVersion: ['audit.k8s.io/v1'] }],
    ['version', { ...CREATED, apiVersion: 'audit.k8s.io/v1beta1' }],
    ['malformed', { ...CREATED, auditID: 7 }],
    ['malformed', { ...CREATED, auditID: '' }],
    ['malformed', { ...CREATED, auditID: 'x'.repeat(300) }],
    ['malformed', { ...CREATED, stage: null }],
    ['malformed', { ...CREATED, objectRef: 'pods' }],
    ['malformed', { ...CREATED, objectRef: { resource: ['pods'] } }],
    ['malformed', { ...CREATED, requestReceivedTimestamp: 'yesterday' }],
    ['malformed', { ...CREATED, requestReceivedTimestamp: '2027-19-01T12:00:00Z' }],
    ['stage', { ...CREATED, stage: 'RequestReceived' }],
    ['stage', { ...CREATED, stage: 'Panic' }],
    ['read', { ...CREATED, objectRef: undefined }],
    ['read', { ...CREATED, verb: 'list' }],
    ['delete', { ...CREATED, verb: 'deletecollection' }],
    ['subresource', { ...CREATED, ...refOf({ subresource: 'status' }) }],
    ['subresource', { ...CREATED, ...refOf({ subresource: 'exec' }) }],
    ['subresource', { ...CREATED, ...refOf({ subresource: 'binding' }) }],
    ['no-images', { ...CREATED, ...refOf({ resource: 'leases', apiGroup: 'coordination.k8s.io' }) }],
    ['no-images', { ...CREATED, ...refOf({ resource: 'secrets' }) }],
    ['no-images', { ...CREATED, requestObject: undefined, responseObject: { ...STORED_POD, kind: 'Eviction' } }],
    ['level', { ...METADATA_LEVEL, level: 'Metadata' }],
    ['no-object', METADATA_LEVEL],
    ['truncated', { ...METADATA_LEVEL, annotations: { 'audit.k8s.io/truncated': 'true' } }],
    ['patch', { ...UPDATED, verb: 'patch', level: 'Request', responseObject: undefined }],
    ['patch', { ...UPDATED, verb: 'patch', responseObject: { kind: 'Status', apiVersion: 'v1' } }],
    ['denied-patch', { ...UPDATED, verb: 'patch', responseStatus: denied(DENIAL) }],
    ['failed', { ...CREATED, responseStatus: { ...denied('pods "web" already exists'), code: 409 } }],
    ['failed', { ...CREATED, responseStatus: denied('exceeded quota: q') }],
    ['failed', { ...CREATED, responseStatus: { code: '201' } }],
    ['failed', { ...CREATED, responseStatus: undefined }],
    ['unauthorized', { ...CREATED, responseStatus: { code: 401 } }],
    [
      'unauthorized',
      { ...CREATED, responseStatus: denied('no'), annotations: { 'authorization.k8s.io/decision': 'forbid' } },
    ],
    ['no-object', { ...CREATED, requestObject: 'pod', responseObject: [1] }],
    ['no-object', { ...CREATED, requestObject: { kind: 'Pod' }, responseObject: { apiVersion: 3 } }],
  ];

  test.each(cases)('is refused: %s %j', (reason, event) => {
    // An empty list has no events.
    const value = Array.isArray(event) ? [event] : event;
    expect(convertAll([value])).toEqual([reason]);
  });

  test('is refused the second time', () => {
    expect(convertAll([CREATED, CREATED]).at(-1)).toBe('duplicate');
    // What was refused is not known.
    expect(convertAll([{ ...CREATED, stage: 'RequestReceived' }, CREATED]).at(-1)).toMatchObject({ dryRun: false });
  });

  test('never throws, whatever it contains', () => {
    const keys = Object.keys(CREATED);
    const changed = fc
      .dictionary(fc.constantFrom(...keys), fc.anything({ maxDepth: 3 }))
      .map((rest) => ({ ...CREATED, ...rest }));
    fc.assert(
      fc.property(fc.oneof(changed, fc.anything()), (value) => {
        expect(convertAll([value])).toBeInstanceOf(Array);
      }),
    );
  });
});

describe('the old object of an update', () => {
  const OTHER = { ...STORED_POD, spec: { ...STORED_POD.spec, containers: [{ name: 'web', image: 'other' }] } };
  const version = (resourceVersion: string, generation?: number): object => ({
    ...OTHER,
    metadata: { ...STORED_POD.metadata, resourceVersion, generation },
  });
  const patched = (resourceVersion: string, generation?: number): object => ({
    ...UPDATED,
    verb: 'patch',
    requestObject: {},
    responseObject: version(resourceVersion, generation),
  });

  const cases: readonly (readonly [string, readonly object[], boolean])[] = [
    ['the version that the client read', [CREATED, UPDATED], true],
    ['the generation before', [CREATED, patched('9', 2)], true],
    ['the same generation', [CREATED, patched('9', 1)], true],
    ['a later generation', [CREATED, patched('9', 3)], false],
    ['no generation', [CREATED, patched('9')], false],
    ['no event before', [UPDATED], false],
    [
      'another version than the client read',
      [CREATED, { ...UPDATED, requestObject: { ...POD, metadata: { ...POD.metadata, resourceVersion: '6' } } }],
      false,
    ],
    ['a dry run before', [{ ...CREATED, requestURI: '/?dryRun=All' }, UPDATED], false],
    [
      'a denied update of the version that the client read',
      [
        CREATED,
        {
          ...UPDATED,
          requestObject: { ...POD, metadata: { ...POD.metadata, uid: 'u-1', resourceVersion: '7' } },
          responseStatus: denied(DENIAL),
        },
      ],
      true,
    ],
  ];

  test.each(cases)('is known only if nothing can have come between: %s', (_name, events, isKnown) => {
    const { review, origin } = converted(JSON.parse(JSON.stringify(events)) as unknown[]);
    expect(origin).toMatchObject({ hasOldObject: isKnown });
    const { managedFields: _fields, ...metadata } = STORED_POD.metadata;
    const { status: _status, ...old } = { ...STORED_POD, metadata };
    expect(review).toMatchObject({ request: { operation: 'UPDATE', oldObject: isKnown ? old : null } });
  });

  test('is forgotten when there are too many', async () => {
    const { previousObjects } = await import('../../../src/files/audit/previous-objects.ts');
    const previous = previousObjects(10_000);
    for (let index = 0; index < 100; index += 1)
      previous.remember({ ...STORED_POD, metadata: { ...STORED_POD.metadata, uid: `u-${index}` } });
    const isKnown = (uid: string): boolean =>
      previous.before({ metadata: { uid, resourceVersion: '7' } }, undefined) !== undefined;
    expect([isKnown('u-0'), isKnown('u-99')]).toEqual([false, true]);
    previous.remember({ metadata: { uid: 'large' }, spec: 'x'.repeat(10_000) });
    expect(isKnown('u-99')).toBe(true);
  });
});
