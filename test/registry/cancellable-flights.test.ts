import { describe, expect, test } from 'vitest';
import { createCancellableFlights } from '../../src/registry/cancellable-flights.ts';

describe('work with several callers', () => {
  /** Work that ends on demand, or when its signal aborts. */
  const setUp = () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const started: AbortSignal[] = [];
    const joinFlight = createCancellableFlights<string>();
    const start = (signal: AbortSignal, key = 'same'): Promise<string> =>
      joinFlight(
        key,
        (ended) => {
          started.push(ended);
          ended.addEventListener('abort', () => reject(new Error('ended')));
          return promise;
        },
        signal,
      );
    return { start, started, resolve, reject };
  };
  const patient = new AbortController().signal;

  test('runs once for all callers', async () => {
    const { start, started, resolve } = setUp();
    const all = [start(patient), start(patient), start(patient, 'other')];
    expect(started).toHaveLength(2);
    resolve('done');
    expect(await Promise.all(all)).toEqual(['done', 'done', 'done']);
  });

  test('goes on if one caller gives up', async () => {
    const { start, started, resolve } = setUp();
    const impatient = new AbortController();
    const [first, second] = [start(impatient.signal), start(patient)];
    impatient.abort(new Error('gave up'));
    await expect(first).rejects.toThrow('gave up');
    expect(started[0]?.aborted).toBe(false);
    resolve('done');
    expect(await second).toBe('done');
  });

  test('is cancelled if the last caller gives up, and starts again for the next', async () => {
    const { start, started } = setUp();
    const impatient = new AbortController();
    const both = Promise.allSettled([start(impatient.signal), start(impatient.signal)]);
    impatient.abort();
    await both;
    expect(started.map(({ aborted }) => aborted)).toEqual([true]);
    void start(patient).catch(() => undefined);
    expect(started).toHaveLength(2);
  });

  test('is not cached after it has ended or failed', async () => {
    const { start, started, reject } = setUp();
    const first = start(patient);
    reject(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    await expect(start(patient)).rejects.toThrow('broken');
    expect(started).toHaveLength(2);
  });
});
