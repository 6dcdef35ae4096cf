/** Whatever the object, there is an answer that an API server accepts, or a fault with a place. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerText, type Review, readReview, decisionReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { compose } from '../../src/wiring.ts';
import { isObject, type JsonObject } from '../../src/pod/pointer.ts';
import { kindFixtures } from '../pod/fixtures.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { createReview } from '../support/review.ts';
import { answerFaults } from './answer-checks.ts';

const { context: builtIn } = await compose({ kinds, policies: [] });
const strict = policyOf(
  '{match: {namespaceSelector: {matchLabels: {a: b}}}, exclude: {users: [nobody], images: ["quay.io/**"]}, onUpdate: all, rules: [{rule: image-registry, parameters: {allow: ["registry.example.com/**"]}}, {rule: image-digest, action: warn, onUnknown: deny}, {rule: container-ports, parameters: {hostPort: false, namesRequired: true}}, {rule: image-pull-policy, parameters: {when: all}}]}',
);
const context = { ...builtIn, policies: [...builtIn.policies, strict] };

const RECORDINGS = path.resolve(import.meta.dirname, '../recordings');
const recordings: readonly JsonObject[] = readdirSync(RECORDINGS)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(path.join(RECORDINGS, file), 'utf8')) as JsonObject);

/** Everything that is wrong with what comes out for one review; throws when anything throws. */
async function faultsOf(review: Review): Promise<readonly string[]> {
  const decision = await validate(review.request, context, new AbortController().signal);
  if (decision.outcome === 'malformed') {
    return /^(\/|$)/.test(decision.pointer) && decision.problem !== ''
      ? []
      : [`a fault at ${JSON.stringify(decision.pointer)}`];
  }
  const { apiVersion, request } = review;
  const text = answerText(decisionReview(review, decision));
  // What the API server receives is what we meant.
  const again: unknown = JSON.parse(text);
  const denied = decision.findings.some(({ action }) => action === 'deny');
  const allowed = isObject(again) && isObject(again['response']) ? again['response']['allowed'] : undefined;
  return [
    ...answerFaults(text, { apiVersion, uid: request.uid, endpoint: 'validate' }),
    ...(allowed === !denied ? [] : ['decides otherwise']),
  ];
}

function reviewIn(body: unknown): Review | undefined {
  const read = readReview(body);
  return read.ok ? read.review : undefined;
}

describe('a recording', () => {
  test.each(recordings.map((body, index) => [index, body] as const))(
    '%i as it is has an answer without faults',
    async (_index, body) => {
      const review = reviewIn(body);
      expect(review && (await faultsOf(review))).toEqual([]);
    },
  );
});

/** Values that have gone wrong somewhere before. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    'auto',
    'a\nb',
    '\u0000',
    '\u202e',
    '\ud800',
    '😀'.repeat(300),
    'x'.repeat(5000),
    '$(a)',
    '{{a}}',
    'UPPER:',
    0,
    -1,
    1e308,
    true,
    [],
    {},
    [null],
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 300 }),
);

/** The index of an element, which is all that a counterexample should show. */
const indexOf = (list: readonly unknown[]): fc.Arbitrary<number> => fc.nat(list.length - 1);

type Change = {
  readonly at: number;
  readonly value: unknown;
  readonly how: 'replace' | 'remove' | 'repeat' | 'rename';
};

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(),
  value: odd,
  how: fc.constantFrom('replace', 'replace', 'remove', 'repeat', 'rename'),
});

/** The pointers of all values in a document, as keys from the root. */
function pathsIn(value: unknown, at: readonly string[] = []): readonly (readonly string[])[] {
  const children = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [...(at.length === 0 ? [] : [at]), ...children.flatMap(([key, child]) => pathsIn(child, [...at, key]))];
}

function applied(document: JsonObject, { at, value, how }: Change): JsonObject {
  const copy = structuredClone(document);
  const paths = pathsIn(copy);
  const keys = paths[at % Math.max(1, paths.length)] ?? [];
  let holder: unknown = copy;
  for (const key of keys.slice(0, -1)) holder = (holder as Record<string, unknown>)[key];
  changeIn(holder, keys.at(-1) ?? '', { value, how });
  return copy;
}

function changeIn(holder: unknown, key: string, { value, how }: Omit<Change, 'at'>): void {
  if (Array.isArray(holder)) {
    if (how === 'remove') holder.splice(Number(key), 1);
    else
      holder.splice(
        Number(key),
        how === 'replace' ? 1 : 0,
        how === 'repeat' ? structuredClone(holder[Number(key)]) : value,
      );
    return;
  }
  const object = holder as Record<string, unknown>;
  const before = object[key];
  if (how !== 'repeat') delete object[key];
  if (how === 'replace') object[key] = value;
  else if (how !== 'remove')
    Object.defineProperty(object, typeof value === 'string' ? value : '__proto__', {
      value: before,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

describe('an answer, or a fault with a place,', () => {
  test('comes out for every change to a recording', async () => {
    await fc.assert(
      fc.asyncProperty(
        indexOf(recordings),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        async (index, changes) => {
          const review = reviewIn(changes.reduce(applied, recordings[index] ?? {}));
          expect(review === undefined ? [] : await faultsOf(review)).toEqual([]);
        },
      ),
      { numRuns: 3000 },
    );
  }, 120_000);

  test('comes out for every change to an object of every kind', async () => {
    const objects = kindFixtures().map(({ object }) => object);
    await fc.assert(
      fc.asyncProperty(
        indexOf(objects),
        indexOf(objects),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        async (index, otherIndex, changes) => {
          const [object = {}, other = {}] = [objects[index], objects[otherIndex]];
          const now = changes.reduce(applied, object);
          // Another kind's object under this one's type, as the old object.
          const body = createReview(object, {
            object: now,
            oldObject: changes.length % 2 === 0 ? object : other,
            operation: changes.length % 3 === 0 ? 'CREATE' : 'UPDATE',
          });
          const review = reviewIn(body);
          expect(review === undefined ? ['not a review'] : await faultsOf(review)).toEqual([]);
        },
      ),
      { numRuns: 3000 },
    );
  }, 120_000);

  test('comes out for any JSON as the object of any kind', async () => {
    const objects = kindFixtures().map(({ object }) => object);
    await fc.assert(
      fc.asyncProperty(
        indexOf(objects),
        fc.dictionary(fc.constantFrom('metadata', 'spec', 'template', 'ephemeralContainers'), podLike(), {
          minKeys: 1,
        }),
        async (index, now) => {
          const review = reviewIn(createReview(objects[index], { object: now }));
          expect(review === undefined ? ['not a review'] : await faultsOf(review)).toEqual([]);
        },
      ),
      { numRuns: 2000 },
    );
  }, 120_000);
});

/** Values with the keys that are read, in places where they may not belong. */
function podLike(): fc.Arbitrary<unknown> {
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ maxDepth: 6 }, odd, tie('list'), tie('map')),
    list: fc.array(tie('tree'), { maxLength: 3 }),
    map: fc.dictionary(
      fc.constantFrom(
        'spec',
        'template',
        'containers',
        'initContainers',
        'volumes',
        'image',
        'reference',
        'name',
        'ports',
        'containerPort',
        'hostPort',
        'protocol',
        'imagePullPolicy',
        'annotations',
        'tasks',
        'steps',
        'templates',
        'hooks.kubevirt.io/hookSidecars',
        'images',
        'tags',
        'baseImage',
        'restartPolicy',
        'hostNetwork',
      ),
      tie('tree'),
      { maxKeys: 5 },
    ),
  }));
  return tree;
}
