/** What explain pod says about the kubelet's events: pulls, and pull secrets that it did not get. */
import { describe, expect, test } from 'vitest';
import type { SecretSummary } from '../../src/admission/pod-summary.ts';
import type { PullEvent } from '../../src/pod/pull-events.ts';
import { pullProgressOf, pullText } from '../../src/report/pull-progress.ts';
import { secretFailureOf } from '../../src/report/secret-failure.ts';

const NOW = Date.parse('2026-01-02T03:10:00Z');
const event = (kind: PullEvent['kind'], message: string, minute: number): PullEvent => ({
  kind,
  message,
  reason: '',
  count: 1,
  last: `2026-01-02T03:0${minute}:00Z`,
  container: undefined,
});

const PULLING = 'Pulling image "r/a:1"';
const SUCCESS = 'Successfully pulled image "r/a:1" in 1.234s (1m2.5s including waiting). Image size: 28978822 bytes.';

describe('the last pull', () => {
  test.each<readonly [name: string, events: readonly PullEvent[], text: string | null]>([
    ['no events', [], null],
    ['only errors', [event('error', 'x', 1)], null],
    ['a pull that runs', [event('pulling', PULLING, 2)], 'not finished, started 8 minutes ago'],
    [
      'a retry that runs',
      [event('pulling', PULLING, 3), event('error', 'x', 2)],
      'not finished, started 7 minutes ago',
    ],
    ['a pull that failed', [event('error', 'x', 3), event('pulling', PULLING, 2)], null],
    ['a pull that failed in the same second', [event('pulling', PULLING, 2), event('error', 'x', 2)], null],
    ['a pull', [event('pulled', SUCCESS, 5)], 'took 1.234s (1m2.5s with waiting), 29.0 MB, 5 minutes ago'],
    [
      'a pull without waiting',
      [event('pulled', 'Successfully pulled image "a" in 2s (2s including waiting). Image size: 5 bytes.', 5)],
      'took 2s, 0.0 MB, 5 minutes ago',
    ],
    [
      'a pull of an older kubelet',
      [event('pulled', 'Successfully pulled image "a" in 2s', 5)],
      'took 2s, 5 minutes ago',
    ],
    [
      'an image that was there',
      [event('pulled', 'Container image "a" already present on machine and can be accessed by the pod', 5)],
      'not needed, because the node had the image, 5 minutes ago',
    ],
    [
      'another text',
      [event('pulled', `Successfully pulled image "a" in ${'x'.repeat(4000)}`, 5)],
      'not needed, because the node had the image, 5 minutes ago',
    ],
  ])('after %s', (_name, events, text) => {
    const progress = pullProgressOf(events);
    expect(progress && pullText(progress, NOW)).toBe(text);
  });
});

describe('pull secrets that the kubelet did not get', () => {
  const messageOf = (names: string): PullEvent =>
    event(
      'secrets',
      `Unable to retrieve some image pull secrets (${names}); attempting to pull the image may not succeed.`,
      1,
    );
  const secretsOf = (...secrets: readonly SecretSummary[]): Parameters<typeof secretFailureOf>[1] => ({
    from: 'pod',
    serviceAccount: 'default',
    state: 'known',
    reason: null,
    secrets,
  });
  const ABSENT = { name: 'a', state: 'absent', reason: null } as const;
  const USABLE = { name: 'b', state: 'usable', reason: null } as const;
  const OPAQUE = { name: 'c', state: 'ignored', reason: 'has type "Opaque"' } as const;
  const CREATE = 'with kubectl create secret docker-registry, or remove it from imagePullSecrets';

  test.each<readonly [names: string, secrets: readonly SecretSummary[], message: string, remedy: string]>([
    [
      'a',
      [ABSENT],
      'pull secret "a" does not exist in namespace "shop"; the kubelet used only the node\'s own credentials',
      `create Secret "a" in namespace "shop" ${CREATE}`,
    ],
    [
      'a',
      [ABSENT, USABLE],
      'pull secret "a" does not exist in namespace "shop"; the kubelet used only pull secret "b", then the node\'s own credentials',
      `create Secret "a" in namespace "shop" ${CREATE}`,
    ],
    [
      'b',
      [USABLE],
      'pull secret "b" exists now, but the kubelet did not get it; the kubelet used only the node\'s own credentials',
      'wait for the next attempt; the kubelet then gets the Secret again',
    ],
    [
      'a, c',
      [ABSENT, OPAQUE],
      'pull secret "a" does not exist in namespace "shop"; pull secret "c" exists now, but it has type "Opaque"; the kubelet used only the node\'s own credentials',
      `create Secret "a" in namespace "shop" ${CREATE}`,
    ],
    [
      'c',
      [OPAQUE],
      'pull secret "c" exists now, but it has type "Opaque"; the kubelet used only the node\'s own credentials',
      `replace Secret "c" in namespace "shop" ${CREATE}`,
    ],
  ])('(%s) of %j', (names, secrets, message, remedy) => {
    expect(secretFailureOf([messageOf(names)], secretsOf(...secrets), 'shop')).toMatchObject({ message, remedy });
  });

  test.each([
    ['no event', []],
    ['another Secret', [messageOf('x')]],
    ['another text', [event('secrets', 'a', 1)]],
    ['an event about one container', [{ ...messageOf('a'), container: 'web' }]],
  ])('are none with %s', (_name, events) => {
    expect(secretFailureOf(events, secretsOf(ABSENT), 'shop')).toBeNull();
  });
});
