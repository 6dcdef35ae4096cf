/** When a registry is left alone, for how long, and what opens the way again: as a table, and against any order of events. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RegistryCause } from '../../src/policy/registry-fact.ts';
import { type Circuit, createCircuit } from '../../src/registry/circuit.ts';
import { clockAt, failed } from './asking.ts';

const LIMITS = { failures: 3, pauseMs: 1000, maxPauseMs: 4000 };
const asker = { registry: 'reg.io', identity: 'a' };
const other = { registry: 'reg.io', identity: 'b' };

function sceneOf() {
  const clock = clockAt(0);
  const circuit = createCircuit(clock.now, LIMITS);
  const request = (how: RegistryCause | 'answer' | 'nothing', who = asker): void => {
    circuit.begin(who);
    circuit.end(who, how === 'answer' || how === 'nothing' ? how : failed(how));
  };
  const isOpen = (who = asker): boolean => circuit.closedTo(who) === undefined;
  return { clock, circuit, request, isOpen };
}

describe('a registry that fails', () => {
  test.each<RegistryCause>(['serverError', 'timeout', 'dns', 'tls', 'unreachable'])(
    'is left alone after three times %s, for everybody',
    (cause) => {
      const { request, isOpen } = sceneOf();
      request(cause);
      request(cause);
      expect(isOpen()).toBe(true);
      request(cause);
      expect([isOpen(), isOpen(other), isOpen({ registry: 'other.io', identity: 'a' })]).toEqual([false, false, true]);
    },
  );

  test.each<RegistryCause | 'answer'>(['answer', 'notFound', 'denied', 'unauthenticated', 'rateLimited'])(
    'is well again with %s: it has answered',
    (how) => {
      const { request, isOpen } = sceneOf();
      request('dns');
      request('dns');
      request(how, other);
      request('dns');
      request('dns');
      expect(isOpen()).toBe(true);
    },
  );

  test.each<RegistryCause | 'nothing'>(['refused', 'protocol', 'nothing'])('%s counts neither way', (how) => {
    const { request, isOpen } = sceneOf();
    request('dns');
    request('dns');
    for (let at = 0; at < 5; at += 1) request(how);
    expect(isOpen()).toBe(true);
    request('dns');
    expect(isOpen()).toBe(false);
  });

  test('is tried by one request after the pause, and the pause doubles up to its end', () => {
    const { clock, circuit, request, isOpen } = sceneOf();
    for (let at = 0; at < 3; at += 1) request('dns');
    for (const pauseMs of [1000, 2000, 4000, 4000]) {
      clock.ms += pauseMs - 1;
      expect(isOpen()).toBe(false);
      clock.ms += 1;
      expect(isOpen()).toBe(true);
      circuit.begin(asker);
      expect(circuit.closedTo(other)?.message).toMatch(
        /left alone until a request has tried it; at last: reg\.io said dns/,
      );
      circuit.end(asker, failed('dns'));
    }
    clock.ms += 4000;
    request('answer');
    request('dns');
    expect(isOpen()).toBe(true);
  });

  test('is tried again when the one that tried could not ask', () => {
    const { clock, request, isOpen } = sceneOf();
    for (let at = 0; at < 3; at += 1) request('dns');
    clock.ms += 1000;
    request('nothing');
    expect(isOpen()).toBe(true);
  });

  test('stays for as long as it said with requests that were under way', () => {
    const { clock, circuit, request, isOpen } = sceneOf();
    circuit.begin(other);
    for (let at = 0; at < 3; at += 1) request('dns');
    clock.ms += 900;
    circuit.end(other, failed('dns'));
    clock.ms += 100;
    expect(isOpen()).toBe(true);
  });
});

describe('a rate limit', () => {
  test.each<[string, number | undefined, number]>([
    ['the time that the registry says', 30_000, 30_000],
    ['ten seconds, when it does not say', undefined, 10_000],
    ['an hour at most', 9e12, 3_600_000],
  ])('is kept for %s', (_, retryAfterMs, waitMs) => {
    const { clock, circuit, isOpen } = sceneOf();
    circuit.begin(asker);
    circuit.end(asker, failed('rateLimited', 'reg.io', retryAfterMs));
    expect([isOpen(), isOpen(other)]).toEqual([false, true]);
    clock.ms += waitMs - 1;
    expect(circuit.closedTo(asker)).toMatchObject({
      cause: 'rateLimited',
      message: 'reg.io has limited the rate, and is asked again in 1 s',
    });
    clock.ms += 1;
    expect(isOpen()).toBe(true);
  });
});

type Event = { readonly how: RegistryCause | 'answer'; readonly waitMs: number };

const event: fc.Arbitrary<Event> = fc.record({
  how: fc.constantFrom('answer', 'notFound', 'dns', 'timeout', 'serverError', 'protocol'),
  waitMs: fc.constantFrom(0, 500, 1000, 5000),
});

function play(circuit: Circuit, { how }: Event): 'asked' | 'left alone' {
  if (circuit.closedTo(asker) !== undefined) return 'left alone';
  circuit.begin(asker);
  circuit.end(asker, how === 'answer' ? how : failed(how));
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
          else if (['dns', 'timeout', 'serverError'].includes(one.how)) outages += 1;
          else if (one.how !== 'protocol') outages = 0;
        }
        clock.ms += LIMITS.maxPauseMs;
        expect(circuit.closedTo(asker)).toBeUndefined();
      }),
    );
  });
});
