/** What a rule of a plugin does wrong is its own failure: it cannot hang, break or change what is around it. */
import { describe, expect, test } from 'vitest';
import type { Workload } from '../../src/pod/workload.ts';
import { ShapeError } from '../../src/pod/pointer.ts';
import { type PullSecret, pullSecret } from '../../src/credential/pull-secret.ts';
import type { Facts, Need } from '../../src/policy/fact.ts';
import type { CheckResult } from '../../src/policy/rule.ts';
import type { Problem, Subject } from '../../src/policy/rule.ts';
import { createGuard } from '../../src/plugin/guard.ts';
import { NO_LABELS, pod } from '../policy/fixtures.ts';
import { NO_FACTS } from '../../src/policy/fact.ts';

const TIMEOUT_MS = 400;

type Run = (subject: Subject<Need>) => unknown;

const FACTS: Facts = { namespaceLabels: NO_LABELS, ...NO_FACTS };

function subjectOf({ workload = TWO(), facts = {}, namespace = 'shop' }: Asking): Subject<Need> {
  const { pods, containers } = workload;
  const request = { name: 'p', subResource: '', user: undefined, oldObject: undefined, dryRun: false };
  return { operation: 'CREATE', namespace, workload, pods, containers, request, facts: { ...FACTS, ...facts } };
}

const TWO = (): Workload => pod('{containers: [{name: b, image: b}, {name: a, image: a}]}');

interface Asking {
  readonly workload?: Workload;
  readonly facts?: Partial<Facts>;
  readonly needs?: readonly Need[];
  readonly namespace?: string;
}

/** A guard over these rules, with a clock that stands still until it is moved. */
function guarding(
  rules: Readonly<Record<string, Run>>,
  timeoutMs = TIMEOUT_MS,
): {
  readonly ask: (names: readonly string[], asking?: Asking) => readonly CheckResult[];
  readonly later: (ms: number) => void;
} {
  let now = 0;
  const files = new Map(Object.keys(rules).map((name) => [name, `${name}.ts`]));
  const guard = createGuard(files, { timeoutMs, now: () => now });
  return {
    later: (ms) => void (now += ms),
    ask: (names, asking = {}) =>
      guard(
        names.map((rule) => ({
          rule,
          check: { needs: asking.needs ?? [], run: (subject) => rules[rule]?.(subject) as readonly Problem[] },
          subject: subjectOf(asking),
        })),
      ),
  };
}

const problem = (message: string): Problem => ({ state: 'violation', container: undefined, pointer: '', message });

const failure = (answer: CheckResult | undefined): string | undefined => answer?.failure?.problem;

function never(): never {
  for (;;);
}

describe('a rule that does not return', () => {
  const NEVER: Readonly<Record<string, Run>> = {
    'a loop': never,
    'a loop that catches everything': () => {
      for (;;) {
        try {
          never();
        } catch {
          never();
        }
      }
    },
    'a regular expression that backtracks': () => /^(a+)+$/.test(`${'a'.repeat(60)}b`),
    'a getter in its answer': () => [
      {
        get state() {
          return never();
        },
      },
    ],
    'the text of what it throws': () => {
      throw Object.assign(new Error('x'), { name: { toString: never } });
    },
    'a loop in what sorts': () => [1, 2].sort(never),
  };

  test.each(Object.entries(NEVER))('because of %s is stopped, and the others are asked', (_what, run) => {
    const { ask } = guarding({ before: () => [problem('before')], hangs: run, after: () => [problem('after')] });
    const results = ask(['before', 'hangs', 'after']);
    expect(results).toEqual([
      { problems: [problem('before')], failure: undefined },
      {
        problems: [],
        failure: { reason: 'timeout', problem: `the rule did not return within ${TIMEOUT_MS} ms`, file: 'hangs.ts' },
      },
      { problems: [problem('after')], failure: undefined },
    ]);
  });

  test('is suspended for a minute after three times in a row, then runs once', () => {
    let runs = 0;
    const { ask, later } = guarding({
      hangs: () => {
        runs += 1;
        return never();
      },
      fine: () => [problem('fine')],
    });
    const once = (): string | undefined => failure(ask(['hangs'])[0]);
    const stopped = `the rule did not return within ${TIMEOUT_MS} ms`;
    const suspends = `${stopped}, 3 times in a row, so it is suspended for 60 s`;
    const suspended = `the rule is suspended: ${stopped.replace('the rule', 'it')}, 3 times in a row`;
    expect([once(), once(), once(), once()]).toEqual([stopped, stopped, suspends, suspended]);
    expect(runs).toBe(3);
    const results = ask(['hangs', 'fine', 'hangs']);
    expect(results.map(({ failure: one }) => one?.reason)).toEqual(['suspended', undefined, 'suspended']);
    expect(results[1]?.problems).toEqual([problem('fine')]);
    later(59_999);
    expect(once()).toBe(suspended);
    later(1);
    expect([once(), once()]).toEqual([suspends, suspended]);
    expect(runs).toBe(4);
  });

  test('is asked on about objects of other namespaces: what one tenant does decides nothing for the others', () => {
    const hangsFor = new Set(['mallory', 'eve']);
    const { ask } = guarding({
      picky: ({ namespace }) => (hangsFor.has(namespace ?? '') ? never() : [problem('seen')]),
      other: () => [problem('other')],
    });
    const askIn = (namespace: string): string | undefined => {
      const [answer] = ask(['picky'], { namespace });
      return answer?.failure?.reason ?? answer?.problems[0]?.message;
    };
    const rows: readonly (readonly [string, string])[] = [
      ['mallory', 'timeout'],
      // Who returns in between forgives only himself.
      ['alice', 'seen'],
      ['mallory', 'timeout'],
      ['eve', 'timeout'],
      ['mallory', 'timeout'],
      ['mallory', 'suspended'],
      ['alice', 'seen'],
      ['mallory-2', 'seen'],
      // A cluster-scoped object.
      ['', 'seen'],
      ['eve', 'timeout'],
      ['eve', 'timeout'],
      ['eve', 'suspended'],
      ['bob', 'seen'],
    ];
    expect(rows.map(([namespace]) => [namespace, askIn(namespace)])).toEqual(rows);
    const [, other] = ask(['picky', 'other'], { namespace: 'mallory' });
    expect(other?.problems).toEqual([problem('other')]);
  });

  test('is forgiven when it returns in between', () => {
    let slow = true;
    const { ask } = guarding({ sometimes: () => (slow ? never() : []) });
    const once = (): string | undefined => failure(ask(['sometimes'])[0]);
    once();
    once();
    slow = false;
    expect(once()).toBeUndefined();
    slow = true;
    expect([once(), once()]).toEqual([
      `the rule did not return within ${TIMEOUT_MS} ms`,
      `the rule did not return within ${TIMEOUT_MS} ms`,
    ]);
  });

  test('takes nothing from the time of another: each has all of it', () => {
    // Three times 0.4 is more than one limit, and a busy machine has 0.6 of a limit for each.
    const limitMs = 1000;
    const part = (name: string): Run => {
      return () => {
        const end = performance.now() + 0.4 * limitMs;
        while (performance.now() < end);
        return [problem(name)];
      };
    };
    const { ask } = guarding({ one: part('one'), two: part('two'), three: part('three') }, limitMs);
    expect(ask(['one', 'two', 'three']).map(({ problems }) => problems[0]?.message)).toEqual(['one', 'two', 'three']);
  });
});

describe('a rule that throws or answers nonsense', () => {
  test.each<[string, Run, string]>([
    [
      'throws an error',
      () => {
        throw new RangeError('no "such"\nthing');
      },
      'the rule threw "RangeError: no \\"such\\"\\u000athing"',
    ],
    [
      'throws what cannot be shown',
      () => {
        throw Object.create(null);
      },
      'the rule threw a value that cannot be printed',
    ],
    [
      'calls itself without end',
      function again(subject): unknown {
        return [again(subject)];
      },
      'the rule threw "RangeError: Maximum call stack size exceeded"',
    ],
    [
      'answers with a promise',
      () => Promise.resolve([]),
      'the rule returned a promise; rules must return a list synchronously',
    ],
    [
      'answers with a list of promises that are rejected',
      () => [Promise.reject(new Error('unheard'))],
      'the rule returned an invalid problem (number 1): state: expected "violation" or "unknown", found nothing',
    ],
    [
      'answers with a promise that is rejected',
      () => Promise.reject(new Error('late')),
      'the rule returned a promise; rules must return a list synchronously',
    ],
    ['answers with nothing', () => undefined, 'the rule returned nothing instead of a list of problems'],
    ['answers with an object', () => ({ length: 1 }), 'the rule returned an object instead of a list of problems'],
    [
      'has a text in its list',
      () => ['no'],
      'the rule returned an invalid problem (number 1): expected an object, found a string',
    ],
    [
      'knows another state',
      () => [{ ...problem('m'), state: 'warning' }],
      'the rule returned an invalid problem (number 1): state: expected "violation" or "unknown", found "warning"',
    ],
    [
      'gives no pointer',
      () => [{ state: 'violation', message: 'm' }],
      'the rule returned an invalid problem (number 1): pointer: expected a JSON Pointer from the root of the object, found nothing',
    ],
    [
      'gives a path for a pointer',
      () => [{ ...problem('m'), pointer: 'spec.containers' }],
      'the rule returned an invalid problem (number 1): pointer: expected a JSON Pointer from the root of the object, found "spec.containers"',
    ],
    [
      'says nothing',
      () => [problem(' ')],
      'the rule returned an invalid problem (number 1): message: expected a sentence, found " "',
    ],
    [
      'has a list for a remedy',
      () => [{ ...problem('m'), remedy: ['a'] }],
      'the rule returned an invalid problem (number 1): remedy: expected a sentence, or nothing, found a list',
    ],
    [
      'has an odd mark',
      () => [{ ...problem('m'), unreadable: 'yes' }],
      'the rule returned an invalid problem (number 1): unreadable: expected true, or nothing, found "yes"',
    ],
    [
      'names a cause that is none',
      () => [{ ...problem('m'), causedBy: 'me' }],
      'the rule returned an invalid problem (number 1): causedBy: expected one of author, later, world, or nothing, found "me"',
    ],
    [
      'names a container that is not of the subject',
      () => [{ ...problem('m'), container: pod('{containers: [{name: a, image: a}]}').containers[0] }],
      'the rule returned an invalid problem (number 1): container: not in subject.containers (use undefined for the whole object)',
    ],
    [
      'names a container by its name',
      () => [{ ...problem('m'), container: 'a' }],
      'the rule returned an invalid problem (number 1): container: not in subject.containers (use undefined for the whole object)',
    ],
  ])('because it %s, says so', async (_what, run, expected) => {
    const results = guarding({ odd: run, fine: () => [problem('fine')] }).ask(['odd', 'fine']);
    expect(results.map(failure)).toEqual([expected, undefined]);
    expect(results[1]?.problems).toEqual([problem('fine')]);
    // An unhandled rejection would fail the whole run here.
    await new Promise((resolve) => void setImmediate(resolve));
  });

  test('still counts with what it has found beside', () => {
    const [answer] = guarding({ half: () => [problem('one'), 3, problem('two'), 4] }).ask(['half']);
    expect(answer).toEqual({
      problems: [problem('one'), problem('two')],
      failure: {
        reason: 'bad-answer',
        problem: 'the rule returned an invalid problem (number 2): expected an object, found a number',
        file: 'half.ts',
      },
    });
  });

  test('is cut to a size that can be handled, and still says no', () => {
    const long = 'x'.repeat(1e6);
    const much = (): readonly unknown[] => [
      { ...problem(long), remedy: long, extra: long },
      ...Array.from({ length: 19_999 }, () => problem('m')),
    ];
    const [answer] = guarding({ much }, 10_000).ask(['much']);
    expect(answer?.problems).toHaveLength(10_000);
    expect(answer?.problems[0]).toEqual({
      ...problem(`${'x'.repeat(2000)}…`),
      remedy: `${'x'.repeat(2000)}…`,
      unreadable: undefined,
    });
    expect(failure(answer)).toBe('the rule returned 20000 problems; only the first 10000 count');
  });

  test('is read in time, however long the list claims to be', () => {
    const sparse: unknown[] = [];
    sparse.length = 2 ** 32 - 1;
    const [answer] = guarding({ sparse: () => sparse }).ask(['sparse']);
    expect(failure(answer)).toBe('the rule returned an invalid problem (number 1): expected an object, found nothing');
  });
});

describe('a rule that finds the object not of its shape', () => {
  test('ends the questions, as a built-in rule does', () => {
    const misshapen = new ShapeError('/spec/x', 'a string', 'a list');
    const { ask } = guarding({
      fine: () => [],
      reads: () => {
        throw misshapen;
      },
    });
    expect(() => ask(['fine', 'reads', 'fine'])).toThrow(misshapen);
  });
});

describe('what a rule is given', () => {
  const writes: Readonly<Record<string, (subject: Subject<Need>) => unknown>> = {
    'sorts the containers': ({ containers }) => Array.prototype.sort.call(containers, () => -1),
    'takes a container out': ({ pods }) => Array.prototype.pop.call(pods[0]?.containers ?? []),
    'renames a container': ({ containers }) => Object.assign(containers[0] ?? {}, { name: 'x' }),
    'writes into a reference that is remembered for other objects': ({ containers }) => {
      const image = containers[0]?.image;
      return image?.state === 'parsed' ? Object.assign(image.reference, { domain: 'evil.io' }) : undefined;
    },
    'deletes from the object': ({ workload }) => Reflect.deleteProperty(workload.object, 'spec') || fail(),
    'adds to the fields of a container': ({ containers }) => Object.assign(containers[0]?.fields ?? {}, { extra: 1 }),
    'changes the operation': (subject) => Object.assign(subject, { operation: 'UPDATE' }),
  };

  function fail(): never {
    throw new TypeError('refused');
  }

  test.each(Object.entries(writes))(
    'cannot be changed: one that %s fails, and the next sees it as it was',
    (_what, write) => {
      const seen = JSON.stringify(subjectOf({}));
      const { ask } = guarding({
        writes: write,
        looks: (subject) => [problem(JSON.stringify({ ...subject, facts: FACTS }) === seen ? 'as it was' : 'changed')],
      });
      const [wrote, looked] = ask(['writes', 'looks']);
      expect(failure(wrote)).toMatch(/^the rule threw "TypeError: /);
      expect(looked?.problems).toEqual([problem('as it was')]);
    },
  );

  const FAILURE = { cause: 'notFound', message: 'there is none', remedy: undefined } as const;

  test('are copies of the facts that it has named, and no others', () => {
    const data = new Map([['k', new Uint8Array([1, 2])]]);
    const secret: PullSecret = pullSecret({ name: 's', type: 't', data });
    const secrets = { state: 'yes', value: [{ name: 's', secret: { state: 'yes', value: secret } }] } as const;
    const factsNow = (): Facts => ({
      ...NO_FACTS,
      namespaceLabels: { state: 'yes', value: { team: 'shop' } },
      pullSecrets: new Map([['/spec', { from: 'pod', serviceAccount: 'default', secrets }]]),
      registryImages: new Map([['/spec/containers/0/image', { state: 'no', failure: FAILURE }]]),
    });
    const facts = factsNow();
    let seen: Subject<Need>['facts'] | undefined;
    const { ask } = guarding({
      takes({ facts: given }) {
        seen = { ...given, registryImages: new Map(given.registryImages), pullSecrets: new Map(given.pullSecrets) };
        (given.registryImages as Map<string, unknown>).clear();
        (given.pullSecrets as Map<string, unknown>).clear();
        return [];
      },
      writes({ facts: given }) {
        const found = given.pullSecrets.get('/spec')?.secrets;
        if (found?.state === 'yes') (found.value as unknown[]).pop();
        return [];
      },
    });
    const [took, wrote] = ask(['takes', 'writes'], { facts, needs: ['registryImages', 'pullSecrets'] });
    expect(took).toEqual({ problems: [], failure: undefined });
    expect(failure(wrote)).toMatch(/^the rule threw "TypeError: /);
    const { registryImages, pullSecrets } = factsNow();
    expect(seen).toEqual({ registryImages, pullSecrets });
    expect(facts).toEqual(factsNow());
  });

  test('is any number of containers, and problems about each, in time', () => {
    const many = pod(
      `{containers: [${Array.from({ length: 5000 }, (_, index) => `{name: c${index}, image: a}`).join()}]}`,
    );
    const { ask } = guarding({
      each: ({ containers }) => containers.map((container) => ({ ...problem('m'), container })),
    });
    const [answer] = ask(['each'], { workload: many });
    expect(answer).toMatchObject({ failure: undefined });
    expect(answer?.problems).toHaveLength(5000);
  });
});
