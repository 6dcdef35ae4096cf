/** Whatever the object: the change applies, touches nothing but image strings, and asking again changes nothing. */
import * as fc from 'fast-check';
import { applyPatch, type Operation } from 'rfc6902';
import { describe, expect, test } from 'vitest';
import { answerText, mutationReview } from '../../src/admission/review.ts';
import { type Mutation } from '../../src/admission/mutation.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { patched } from '../../src/admission/change/patched.ts';
import type { AdmissionRequest } from '../../src/admission/request.ts';
import { parseReference } from '../../src/image/reference.ts';
import { parseRewriting, rewritten } from '../../src/image/rewriting.ts';
import { type Kind, kindTable } from '../../src/pod/kinds.ts';
import { isObject, type JsonObject, valueAt } from '../../src/pod/pointer.ts';
import { workloadOf } from '../../src/pod/workload.ts';
import { kindFixtures } from '../pod/fixtures.ts';
import { policyOf } from '../policy/fixtures.ts';
import { answerFaults } from './answer-checks.ts';
import { secretFor } from '../credential/pull-secrets.ts';
import type { World } from '../../src/admission/context.ts';
import { contextOf, requestOf } from './decide.ts';
import { digestOf, no, registryOf, yes } from './pinning.ts';

const kinds = kindTable();
const table: readonly Kind[] = [
  ...kinds.names.map((name) => kinds.find('', name)),
  ...kinds.fullNames.map((name) => kinds.find(name.slice(name.indexOf('.') + 1), name.slice(0, name.indexOf('.')))),
].filter((kind) => kind !== undefined);

const REWRITES = [
  { from: 'docker.io/**', to: 'mirror.example.com/hub/**' },
  { from: 'mirror.example.com/**', to: 'near.example.com/m/**' },
];

/** The image and the names that it can get. */
function namesOf(written: string): readonly string[] {
  const names = [written];
  for (const { from, to } of REWRITES) {
    const parsed = parseReference(names.at(-1) ?? '');
    const rewriting = parseRewriting(from, to);
    const result = parsed.ok && rewriting.ok ? rewritten(rewriting.rewriting, parsed.reference) : undefined;
    if (result?.ok === true) names.push(result.reference.text);
  }
  return names;
}

const image = fc.constantFrom(
  'nginx',
  'nginx:1',
  'registry.example.com/a/b:2',
  `nginx:1@${digestOf('0')}`,
  `nginx@${digestOf('2')}`,
  'UPPER',
  '',
  '{{x}}',
  '$(y)',
  'auto',
);
const name = fc.constantFrom('a', 'b', 'c/d');
const container = fc.record({ name, image }, { requiredKeys: ['image'] });
const podSpec = fc.record(
  {
    containers: fc.array(container, { maxLength: 3 }),
    initContainers: fc.array(container, { maxLength: 2 }),
    ephemeralContainers: fc.array(container, { maxLength: 2 }),
    volumes: fc.array(fc.record({ name, image: fc.record({ reference: image }) }), { maxLength: 2 }),
    imagePullSecrets: fc.constant([{ name: 's' }]),
  },
  { requiredKeys: ['containers'] },
);
const template = { annotations: fc.record({ 'kubectl.kubernetes.io/restartedAt': fc.constantFrom('1', '2') }) };
const metadata = fc.record(
  {
    name: fc.constant('x'),
    annotations: fc.option(
      fc.record(
        {
          'tidewaiter.dev/original-images': fc.constantFrom('{', '{"/spec/containers/a":"nginx:1"}'),
          'a/b': fc.constant('c'),
        },
        { requiredKeys: [] },
      ),
    ),
    ownerReferences: fc.constantFrom([], [], [], [{ controller: true }]),
    deletionTimestamp: fc.constantFrom(null, null, null, '2026-11-24T00:00:00Z'),
  },
  { requiredKeys: ['name'] },
);

/** `value` at `segments` of a new object; the list or map of a `*` has one element. */
function at(segments: readonly string[], value: unknown): unknown {
  const [first, ...rest] = segments;
  if (first === undefined) return value;
  const below = at(rest, value);
  return first === '*' ? [below] : { [first]: below };
}

function merged(left: unknown, right: unknown): unknown {
  if (Array.isArray(left) && Array.isArray(right)) return [merged(left[0], right[0]), ...right.slice(1)];
  if (!isObject(left) || !isObject(right)) return right;
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return Object.fromEntries(
    keys.map((key) => [key, key in left && key in right ? merged(left[key], right[key]) : (left[key] ?? right[key])]),
  );
}

/** An object of any kind of the table, images in all its places. */
const workloads: fc.Arbitrary<JsonObject> = fc.constantFrom(...table).chain((kind) =>
  fc
    .tuple(
      metadata,
      fc.tuple(
        ...kind.podSpecs.map((segments) =>
          fc
            .tuple(podSpec, fc.record(template))
            .map(([spec, meta]) =>
              segments.at(-1) === 'spec' ? at(segments.slice(0, -1), { metadata: meta, spec }) : at(segments, spec),
            ),
        ),
      ),
      fc.tuple(...kind.images.map((segments) => image.map((text) => at(segments, text)))),
    )
    .map(([meta, pods, images]) => {
      const type = { apiVersion: kind.group === '' ? 'v1' : `${kind.group}/v1`, kind: kind.kind };
      const object = [...pods, ...images].reduce<unknown>(merged, type);
      return {
        ...(isObject(object) ? object : {}),
        ...(kind.podSpecs.some(({ length }) => length === 0) ? type : {}),
        metadata: meta,
      };
    }),
);

const policies = [
  policyOf('{pin: {annotate: true, onFailure: allow}}'),
  policyOf('{pin: {}}'),
  policyOf('{pin: {mode: pod}}'),
  policyOf('{pin: {mode: warn, onFailure: deny}}'),
  policyOf('{match: {containers: [regular, volume]}, pin: {images: ["docker.io/**"]}}'),
  policyOf(
    `{rewrite: [${REWRITES.map(({ from, to }) => `{from: "${from}", to: "${to}", annotate: true}`).join(', ')}]}`,
  ),
  policyOf(`{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}], pin: {annotate: true}}`),
  policyOf(`{pullSecrets: [{images: ["**"], add: [mirror-pull], mode: workload}], pullPolicy: [{set: Always}]}`),
  policyOf(`{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}], pin: {},
    pullSecrets: [{images: ["mirror.example.com/**"], add: [mirror-pull]}], pullPolicy: [{digest: true, set: IfNotPresent}]}`),
  policyOf(`{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}], pin: {stale: 1h}}`),
].map((policy) => [policy]);
const SETTINGS =
  'pullSecrets: [{images: ["**"], add: [mirror-pull], mode: workload}], pullPolicy: [{digest: true, set: IfNotPresent}]';
/** Scopes that select images see the names that other policies give them. */
const together = [
  ...policies,
  [
    policyOf('{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}]}'),
    policyOf(
      `{match: {images: ["mirror.example.com/**"]}, rewrite: [{from: "mirror.example.com/**", to: "near.example.com/m/**"}], pin: {}, ${SETTINGS}}`,
    ),
  ],
  [
    policyOf(
      `{match: {images: ["docker.io/**"]}, rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}], pin: {}, ${SETTINGS}}`,
    ),
  ],
  [
    policyOf('{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**", when: originUnavailable}]}'),
    policyOf(`{exclude: {images: ["mirror.example.com/**"]}, pin: {}, ${SETTINGS}}`),
  ],
];
const cluster: Pick<World, 'secrets' | 'serviceAccounts'> = {
  secrets: {
    secret: () => ({ state: 'yes', value: secretFor('mirror-pull', 'mirror.example.com', 'index.docker.io') }),
  },
  serviceAccounts: { pullSecretsOf: () => ({ state: 'yes', value: ['of-account'] }) },
};
const registries = [
  registryOf(),
  registryOf({ 'docker.io/library/nginx:1': no('notFound') }),
  registryOf({
    'docker.io/library/nginx:1': yes(digestOf('7'), {
      stale: { ageMs: 1, failure: { cause: 'dns', message: 'm', remedy: undefined } },
    }),
  }),
];

function decisionOn(request: AdmissionRequest, index: number): Mutation {
  const all = together[index % together.length] ?? [];
  const images = registries[index % registries.length];
  const mutation = mutate(request, contextOf(all, { images, ...cluster }), new AbortController().signal);
  if (mutation instanceof Promise) throw new Error('the mutation is not synchronous');
  return mutation;
}

/** Every leaf with its pointer. */
function leaves(value: unknown, pointer = ''): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null) return [[pointer, value]];
  const children = Object.entries(value);
  if (children.length === 0) return [[pointer, Array.isArray(value) ? '[]' : '{}']];
  return children.flatMap(([key, child]) =>
    leaves(child, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}

const ANNOTATION = '/metadata/annotations/tidewaiter.dev~1original-images';

/** The name is as written or one that rewrites give, and a digest that is written stays. */
function expectChanged(was: string, now: string): void {
  const [after = '', digest] = now.split('@');
  const [before = '', writtenDigest] = was.split('@');
  expect(namesOf(before)).toContain(after);
  if (after === before) expect(digest).toMatch(/^sha256:\d{64}$/);
  if (after !== before && writtenDigest !== undefined) expect(digest).toBe(writtenDigest);
}

function isPullPolicy(pointer: string): boolean {
  return /\/(?:imagePullPolicy|pullPolicy)$/.test(pointer);
}

function isPullSecret(pointer: string): boolean {
  return /\/imagePullSecrets\/\d+\/name$/.test(pointer);
}

/** Checks all that is promised about one request. */
function check(request: AdmissionRequest, index: number): number {
  const { object = {} } = request;
  const mutation = decisionOn(request, index);
  const review = { apiVersion: 'admission.k8s.io/v1', request } as const;
  const reviewHead = { apiVersion: 'admission.k8s.io/v1', uid: request.uid, endpoint: 'mutate' } as const;
  expect(answerFaults(answerText(mutationReview(review, mutation)), reviewHead)).toEqual([]);
  const after = structuredClone(object);
  expect(applyPatch(after, structuredClone(mutation.patch) as Operation[])).toEqual(mutation.patch.map(() => null));
  // The object of a review has no parts that are the same object.
  const parsed = JSON.parse(JSON.stringify(object)) as object;
  applyPatch(parsed, structuredClone(mutation.patch) as Operation[]);
  expect(patched(object, mutation.patch)).toEqual(parsed);
  if (mutation.allowed) expect(mutation.prepared).toEqual(mutation.patch);
  const read = workloadOf(object, request.type, kinds);
  const images = new Set(read?.ok ? read.workload.containers.map(({ imagePointer }) => imagePointer) : []);
  const before = new Map(leaves(object));
  for (const [pointer, value] of leaves(after)) {
    const was = before.get(pointer);
    if (was === value || pointer === ANNOTATION || isPullPolicy(pointer)) continue;
    if (isPullSecret(pointer)) {
      // Entries are appended.
      expect(was).toBe(undefined);
      expect(['mirror-pull', 'of-account']).toContain(value);
      continue;
    }
    expect(images).toContain(pointer);
    expectChanged(String(was), String(value));
  }
  const gone = [...before.keys()].filter(
    (pointer) => valueAt(after, pointer) === undefined && before.get(pointer) !== undefined,
  );
  expect(gone.filter((pointer) => !pointer.startsWith('/metadata'))).toEqual([]);
  expect(decisionOn({ ...request, object: after }, index).patch).toEqual([]);
  return mutation.patch.length;
}

describe('for any workload', () => {
  test('that is created, only images change, and a second review changes nothing', () => {
    let changes = 0;
    fc.assert(
      fc.property(workloads, fc.nat({ max: together.length * registries.length }), (object, index) => {
        changes += check(requestOf(object), index);
      }),
      { numRuns: 1000 },
    );
    expect(changes).toBeGreaterThan(100);
  });

  test('that is updated, too', () => {
    let changes = 0;
    const pairs = fc.tuple(workloads, workloads, fc.boolean()).map(([object, other, same]) => {
      return [
        object,
        withDigests(same ? object : { ...other, apiVersion: object['apiVersion'], kind: object['kind'] }),
      ] as const;
    });
    fc.assert(
      fc.property(
        pairs,
        fc.nat({ max: together.length * registries.length }),
        fc.constantFrom('', '', '', 'ephemeralcontainers'),
        ([object, oldObject], index, subResource) => {
          changes += check(requestOf(object, { operation: 'UPDATE', oldObject, subResource }), index);
        },
      ),
      { numRuns: 1000 },
    );
    expect(changes).toBeGreaterThan(20);
  });

  test.each(kindFixtures())('of the fixtures: $id', ({ object }) => {
    const request = requestOf(object);
    const read = workloadOf(object, request.type, kinds);
    const whole = (read?.ok ? read.workload.containers : []).filter(
      // What is put together from several fields, or stands within a text, is not changed in a cluster.
      ({ image: { state, text }, imagePointer, composed }) =>
        state === 'parsed' && composed !== true && valueAt(object, imagePointer) === text,
    );
    const unpinned = whole.filter(({ image: { text } }) => !text.includes('@')).length;
    // The first policy pins every image, and writes the annotation.
    expect(check(request, 0)).toBe(unpinned === 0 ? 0 : unpinned + 1);
    for (let index = 1; index < together.length * registries.length; index++) check(request, index);
  });
});

/** As it could be stored: tags pinned, started once. */
function withDigests(object: JsonObject): JsonObject {
  const text = JSON.stringify(object)
    .replaceAll('"nginx:1"', `"nginx:1@${digestOf('0')}"`)
    .replaceAll('"kubectl.kubernetes.io/restartedAt":"2"', '"kubectl.kubernetes.io/restartedAt":"1"');
  return JSON.parse(text) as JsonObject;
}
