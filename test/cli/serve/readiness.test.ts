/** A server registers its webhooks only when API servers can reach it. */
import { expect, test } from 'vitest';
import { createReadiness } from '../../../src/cli/serve/readiness.ts';

type Step = readonly [afterMs: number, probed: 'ready' | 'not ready' | 'no probe', isReachable: boolean];

test.each<readonly [what: string, hasProbes: boolean, steps: readonly Step[]]>([
  ['no probe', true, [[60_000, 'no probe', false]]],
  [
    'a probe that found it ready',
    true,
    [
      [0, 'ready', false],
      [4999, 'no probe', false],
      [1, 'no probe', true],
      [1000, 'ready', true],
    ],
  ],
  [
    'a probe that found it not ready again',
    true,
    [
      [0, 'ready', false],
      [3000, 'not ready', false],
      [3000, 'ready', false],
      [4999, 'ready', false],
      [1, 'ready', true],
    ],
  ],
  [
    'no port for probes: the time counts from the first question',
    false,
    [
      [0, 'no probe', false],
      [4999, 'no probe', false],
      [1, 'no probe', true],
    ],
  ],
])('%s', (_what, hasProbes, steps) => {
  let time = 0;
  const readiness = createReadiness(hasProbes, () => time);
  for (const [afterMs, probed, isReachable] of steps) {
    time += afterMs;
    const reason = probed === 'ready' ? undefined : probed;
    if (probed !== 'no probe') expect(readiness.probed(reason)).toBe(reason);
    expect(readiness.isReachable(), `after ${time} ms`).toBe(isReachable);
  }
});
