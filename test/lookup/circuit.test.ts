/** When a registry is left alone, for how long, and what opens the way again: as a table, and against any order of events. */
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
    'is left alone after three times %s, and no other is',
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
    'is well again with %s: it has answered',
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
    '%s counts neither way',
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

  test('is tried by one request after the pause, and the pause doubles up to its end', () => {
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

  test('is tried again when the one that tried could not ask', () => {
    const { clock, request, isOpen } = sceneOf();
    for (let at = 0; at < 3; at += 1) request('timeout');
    clock.ms += 1000;
    request('nothing');
    expect(isOpen()).toBe(true);
  });

  test('stays for as long as it said with requests that were under way', () => {
    const { clock, circuit, request, isOpen } = sceneOf();
    circuit.begin(requester);
    for (let at = 0; at < 3; at += 1) request('timeout');
    clock.ms += 900;
    circuit.end(requester, failed('timeout'));
    clock.ms += 100;
    expect(isOpen()).toBe(true);
  });
});

/** `repository identity tenant`, and who is let through after those have failed. */
const by = (text: string): typeof requester => {
  const [repository = '', identity = '', tenant = ''] = text.split(' ');
  return { registry: 'reg.io', repository, identity, tenant };
};

describe('that a registry fails for some', () => {
  test.each<[string, readonly string[], string, boolean]>([
    ['is nothing to another namespace', ['a k evil', 'b k evil', 'c k evil', 'd k evil'], 'web k shop', true],
    ['of two namespaces is nothing to a third', ['a k evil', 'a k evil', 'b k bad', 'b k bad'], 'web k shop', true],
    [
      'of endless namespaces is nothing to one that saw no failure',
      ['a k e1', 'a k e2', 'a k e3', 'a k e4'],
      'web k shop',
      true,
    ],
    ['in one repository is nothing to another one', ['a k shop', 'a k shop', 'a k shop'], 'web k shop', true],
    ['in one repository is something to that one', ['a k shop', 'a k shop', 'a k shop'], 'a k shop', false],
    ['in two repositories is something to all', ['a k shop', 'a k shop', 'b k shop'], 'web k shop', false],
    ['with one credential is nothing to another one', ['a k shop', 'b k shop', 'a k shop'], 'a other shop', true],
    ['with two credentials is something to all', ['a k shop', 'b k shop', 'a l shop'], 'a other shop', false],
    ['is believed at once when others saw it, too', ['a k s1', 'b k s2', 'web k shop'], 'web k shop', false],
    ['is believed only about what was asked', ['a k s1', 'b k s2', 'web k shop'], 'api k shop', true],
  ])('%s', (_what, failures, who, expected) => {
    const { request, isOpen } = sceneOf();
    for (const one of failures) request('serverError', by(one));
    expect(isOpen(by(who))).toBe(expected);
  });

  test('is over for all who believed others when it answers one of them', () => {
    const { request, isOpen } = sceneOf();
    for (const one of ['a k s1', 'b k s2', 'web k shop']) request('timeout', by(one));
    expect(isOpen(by('web k shop'))).toBe(false);
    request('answer', by('a k s1'));
    expect(isOpen(by('web k shop'))).toBe(true);
  });

  test('whoever tries it for one namespace holds up no other', () => {
    const { clock, circuit, request, isOpen } = sceneOf();
    for (const tenant of ['evil', 'shop']) for (let at = 0; at < 3; at += 1) request('timeout', by(`a k ${tenant}`));
    clock.ms += 1000;
    circuit.begin(by('a k evil'));
    expect([isOpen(by('a k evil')), isOpen(by('a k shop'))]).toEqual([false, true]);
  });

  test('is not forgotten for endless registries of another namespace', () => {
    const { request, isOpen } = sceneOf();
    for (let at = 0; at < 3; at += 1) request('timeout', by('a k shop'));
    for (let at = 0; at < 6000; at += 1) request('timeout', { ...by('a k evil'), registry: `r${at}.io` });
    expect(isOpen(by('a k shop'))).toBe(false);
  });
});

describe('a rate limit', () => {
  test.each<[string, number | undefined, number]>([
    ['the time that the registry says', 30_000, 30_000],
    ['ten seconds, when it does not say', undefined, 10_000],
    ['an hour at most', 9e12, 3_600_000],
  ])('is kept for %s', (_, retryAfterMs, waitMs) => {
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

function play(circuit: Circuit, { how }: Event): 'asked' | 'left alone' {
  if (circuit.closedTo(requester) !== undefined) return 'left alone';
  circuit.begin(requester);
  circuit.end(requester, how === 'answer' ? how : failed(how));
  return 'asked';
}

describe('in any order of events', () => {
  test('it is asked again within the longest pause, and left alone only after three outages in a row', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const clock = clockAt(0);
        const circuit = createCircuit(clock.now, LIMITS);
        let outages = 0;
        for (const one of events) {
          clock.ms += one.waitMs;
          const played = play(circuit, one);
          if (played === 'left alone') expect(outages).toBeGreaterThanOrEqual(3);
          else if (['unreachable', 'timeout', 'serverError'].includes(one.how)) outages += 1;
          else if (one.how !== 'protocol' && one.how !== 'dns') outages = 0;
        }
        clock.ms += LIMITS.maxPauseMs;
        expect(circuit.closedTo(requester)).toBeUndefined();
      }),
    );
  });
});
