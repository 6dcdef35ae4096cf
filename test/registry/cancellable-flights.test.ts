import { describe, expect, test } from 'vitest';
import { createCancellableFlights } from '../../src/registry/cancellable-flights.ts';

describe('work that several wait for', () => {
  /** Work that ends when it is told to, or when its signal says so. */
  const setUp = () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const started: AbortSignal[] = [];
    const join = createCancellableFlights<string>();
    const ask = (signal: AbortSignal, key = 'same'): Promise<string> =>
      join(
        key,
        (ended) => {
          started.push(ended);
          ended.addEventListener('abort', () => reject(new Error('ended')));
          return promise;
        },
        signal,
      );
    return { ask, started, resolve, reject };
  };
  const patient = new AbortController().signal;

  test('is done once for all', async () => {
    const { ask, started, resolve } = setUp();
    const all = [ask(patient), ask(patient), ask(patient, 'other')];
    expect(started).toHaveLength(2);
    resolve('done');
    expect(await Promise.all(all)).toEqual(['done', 'done', 'done']);
  });

  test('goes on when one of them gives up', async () => {
    const { ask, started, resolve } = setUp();
    const impatient = new AbortController();
    const [first, second] = [ask(impatient.signal), ask(patient)];
    impatient.abort(new Error('gave up'));
    await expect(first).rejects.toThrow('gave up');
    expect(started[0]?.aborted).toBe(false);
    resolve('done');
    expect(await second).toBe('done');
  });

  test('is ended when the last one gives up, and begins anew for the next', async () => {
    const { ask, started } = setUp();
    const impatient = new AbortController();
    const both = Promise.allSettled([ask(impatient.signal), ask(impatient.signal)]);
    impatient.abort();
    await both;
    expect(started.map(({ aborted }) => aborted)).toEqual([true]);
    void ask(patient).catch(() => undefined);
    expect(started).toHaveLength(2);
  });

  test('is not kept when it is done, or when it failed', async () => {
    const { ask, started, reject } = setUp();
    const first = ask(patient);
    reject(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    await expect(ask(patient)).rejects.toThrow('broken');
    expect(started).toHaveLength(2);
  });
});
