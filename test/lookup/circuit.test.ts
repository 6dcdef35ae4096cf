/** When the circuit opens, for how long, and what closes it: as a table, and for any order of events. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RegistryCause } from '../../src/policy/registry-fact.ts';
import { type Circuit, createCircuit } from '../../src/lookup/circuit.ts';
import { clockAt, failed } from './fake-client.ts';

const LIMITS = { failures: 3, tenants: 3, pauseMs: 1000, maxPauseMs: 4000 };
const requester = { registry: 'reg.io', identity: 'a', repository: 'web', tenant: 'shop' };
const other = { ...requester, identity: 'b' };

function sceneOf() {
  const clock = clockAt(0);
  const circuit = createCircuit(clock.now, LIMITS);
  const request = (how: RegistryCause | 'answer' | 'nothing', who = requester): void => {
    circuit.begin(who);
    circuit.end(who, how === 'answer' || how === 'nothing' ? how : failed(how));
  };
  const isOpen = (who = requester): boolean => circuit.closedTo(who) === undefined;
  return { clock, circuit, request, isOpen };
}

describe('a registry that fails', () => {
  test.each<RegistryCause>(['serverError', 'timeout', 'tls', 'unreachable'])(
    'is skipped after %s three times in a row, and other registries are not',
    (cause) => {
      const { request, isOpen } = sceneOf();
      request(cause);
      request(cause);
      expect(isOpen()).toBe(true);
      request(cause);
      expect([isOpen(), isOpen({ ...requester, registry: 'other.io' })]).toEqual([false, true]);
    },
  );

  test.each<RegistryCause | 'answer'>(['answer', 'notFound', 'forbidden', 'unauthenticated', 'rateLimited'])(
    'is available again after %s, because it responded',
    (how) => {
      const { request, isOpen } = sceneOf();
      request('timeout');
      request('timeout');
      request(how, other);
      request('timeout');
      request('timeout');
      expect(isOpen()).toBe(true);
    },
  );

  test.each<RegistryCause | 'nothing'>(['blocked', 'protocol', 'dns', 'tooMany', 'nothing'])(
    '%s is neither an outage nor a response',
    (how) => {
      const { request, isOpen } = sceneOf();
      request('timeout');
      request('timeout');
      for (let at = 0; at < 5; at += 1) request(how);
      expect(isOpen()).toBe(true);
      request('timeout');
      expect(isOpen()).toBe(false);
    },
  );

  test('is probed by one request after the pause, and the pause doubles up to the limit', () => {
    const { clock, circuit, request, isOpen } = sceneOf();
    for (let at = 0; at < 3; at += 1) request('timeout');
    for (const pauseMs of [1000, 2000, 4000, 4000]) {
      clock.ms += pauseMs - 1;
      expect(isOpen()).toBe(false);
      clock.ms += 1;
      expect(isOpen()).toBe(true);
      circuit.begin(requester);
      expect(circuit.closedTo(requester)?.message).toMatch(
        /skipped until one request succeeds; last error: reg\.io said timeout/,
      );
      circuit.end(requester, failed('timeout'));
    }
    clock.ms += 4000;
    request('answer');
    request('timeout');
    expect(isOpen()).toBe(true);
  });

  test('is probed again if the probe sent no request', () => {
    const { clock, request, isOpen } = sceneOf();
    for (let at = 0; at < 3; at += 1) request('timeout');
    clock.ms += 1000;
    request('nothing');
    expect(isOpen()).toBe(true);
  });

  test('is skipped no longer because of requests that were in progress', () => {
    const { clock, circuit, request, isOpen } = sceneOf();
    circuit.begin(requester);
    for (let at = 0; at < 3; at += 1) request('timeout');
    clock.ms += 900;
    circuit.end(requester, failed('timeout'));
    clock.ms += 100;
    expect(isOpen()).toBe(true);
  });
});

/** `repository identity tenant`, and whether a request is allowed after these requests have failed. */
const by = (text: string): typeof requester => {
  const [repository = '', identity = '', tenant = ''] = text.split(' ');
  return { registry: 'reg.io', repository, identity, tenant };
};

describe('an outage', () => {
  test.each<[string, readonly string[], string, boolean]>([
    ['does not affect another namespace', ['a k evil', 'b k evil', 'c k evil', 'd k evil'], 'web k shop', true],
    [
      'in two namespaces does not affect a third one',
      ['a k evil', 'a k evil', 'b k bad', 'b k bad'],
      'web k shop',
      true,
    ],
    [
      'of endless namespaces is nothing to one that saw no failure',
      ['a k e1', 'a k e2', 'a k e3', 'a k e4'],
      'web k shop',
      true,
    ],
    ['in one repository does not affect another one', ['a k shop', 'a k shop', 'a k shop'], 'web k shop', true],
    ['in one repository affects that repository', ['a k shop', 'a k shop', 'a k shop'], 'a k shop', false],
    ['in two repositories affects all repositories', ['a k shop', 'a k shop', 'b k shop'], 'web k shop', false],
    ['with one credential does not affect another one', ['a k shop', 'b k shop', 'a k shop'], 'a other shop', true],
    ['with two credentials affects all credentials', ['a k shop', 'b k shop', 'a l shop'], 'a other shop', false],
    ['is enough once if other namespaces had it', ['a k s1', 'b k s2', 'web k shop'], 'web k shop', false],
    ['in other namespaces does not affect another repository', ['a k s1', 'b k s2', 'web k shop'], 'api k shop', true],
  ])('%s', (_what, failures, who, expected) => {
    const { request, isOpen } = sceneOf();
    for (const one of failures) request('serverError', by(one));
    expect(isOpen(by(who))).toBe(expected);
  });

  test('ends for all namespaces that relied on others if one of them gets a response', () => {
    const { request, isOpen } = sceneOf();
    for (const one of ['a k s1', 'b k s2', 'web k shop']) request('timeout', by(one));
    expect(isOpen(by('web k shop'))).toBe(false);
    request('answer', by('a k s1'));
    expect(isOpen(by('web k shop'))).toBe(true);
  });

  test('is probed by each namespace on its own', () => {
    const { clock, circuit, request, isOpen } = sceneOf();
    for (const tenant of ['evil', 'shop']) for (let at = 0; at < 3; at += 1) request('timeout', by(`a k ${tenant}`));
    clock.ms += 1000;
    circuit.begin(by('a k evil'));
    expect([isOpen(by('a k evil')), isOpen(by('a k shop'))]).toEqual([false, true]);
  });

  test('stays in memory whatever number of registries another namespace names', () => {
    const { request, isOpen } = sceneOf();
    for (let at = 0; at < 3; at += 1) request('timeout', by('a k shop'));
    for (let at = 0; at < 6000; at += 1) request('timeout', { ...by('a k evil'), registry: `r${at}.io` });
    expect(isOpen(by('a k shop'))).toBe(false);
  });
});

describe('a rate limit', () => {
  test.each<[string, number | undefined, number]>([
    ['the time that the registry states', 30_000, 30_000],
    ['ten seconds by default', undefined, 10_000],
    ['an hour at most', 9e12, 3_600_000],
  ])('lasts for %s', (_, retryAfterMs, waitMs) => {
    const { clock, circuit, isOpen } = sceneOf();
    circuit.begin(requester);
    circuit.end(requester, failed('rateLimited', 'reg.io', retryAfterMs));
    expect([isOpen(), isOpen(other)]).toEqual([false, true]);
    clock.ms += waitMs - 1;
    expect(circuit.closedTo(requester)).toMatchObject({
      cause: 'rateLimited',
      message: 'reg.io limits the request rate; next attempt in 1 s',
    });
    clock.ms += 1;
    expect(isOpen()).toBe(true);
  });
});

type Event = { readonly how: RegistryCause | 'answer'; readonly waitMs: number };

const event: fc.Arbitrary<Event> = fc.record({
  how: fc.constantFrom('answer', 'notFound', 'unreachable', 'timeout', 'serverError', 'protocol', 'dns'),
  waitMs: fc.constantFrom(0, 500, 1000, 5000),
});

function play(circuit: Circuit, { how }: Event): 'queried' | 'skipped' {
  if (circuit.closedTo(requester) !== undefined) return 'skipped';
  circuit.begin(requester);
  circuit.end(requester, how === 'answer' ? how : failed(how));
  return 'queried';
}

describe('in any order of events', () => {
  test('a registry is queried again within the longest pause, and skipped only after three outages in a row', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const clock = clockAt(0);
        const circuit = createCircuit(clock.now, LIMITS);
        let outages = 0;
        for (const one of events) {
          clock.ms += one.waitMs;
          const played = play(circuit, one);
          if (played === 'skipped') expect(outages).toBeGreaterThanOrEqual(3);
          else if (['unreachable', 'timeout', 'serverError'].includes(one.how)) outages += 1;
          else if (one.how !== 'protocol' && one.how !== 'dns') outages = 0;
        }
        clock.ms += LIMITS.maxPauseMs;
        expect(circuit.closedTo(requester)).toBeUndefined();
      }),
    );
  });
});
