/** The memory of Secrets counts while a review waits: those that it has, and those that come later. */
import { expect, test } from 'vitest';
import type { World } from '../../src/admission/context.ts';
import { memoryOf } from '../../src/credential/pull-secret.ts';
import { holdSecrets } from '../../src/server/held-secrets.ts';
import { secretFor } from '../credential/pull-secrets.ts';

const SECRET = secretFor('pull', 'registry.example.com');
const BYTES = memoryOf(SECRET);
const { signal } = new AbortController();
const WORLD: World = { secrets: { secret: () => ({ state: 'yes', value: SECRET }) } };

interface Scene {
  readonly read: () => void;
  readonly entered: readonly number[];
  readonly left: () => number;
  readonly wait: () => (() => void) | undefined;
  readonly turnedOut: () => number;
}

/** `room`: how often the review gets room. */
function scene(room: number): Scene {
  const held = holdSecrets(WORLD);
  const entered: number[] = [];
  let [left, turnedOut] = [0, 0];
  const enter = (bytes: number): (() => void) | undefined =>
    entered.push(bytes) > room ? undefined : () => void (left += 1);
  return {
    read: () => void held.world.secrets?.secret('shop', 'pull', signal),
    entered,
    left: () => left,
    wait: () => held.wait(enter, () => void (turnedOut += 1)),
    turnedOut: () => turnedOut,
  };
}

test('a Secret takes memory for its text and for each entry', () => {
  const many = secretFor('many', ...Array.from({ length: 100 }, (_, index) => `r${index}.example.com`));
  expect(BYTES).toBeGreaterThan(1300);
  expect(memoryOf(many)).toBeGreaterThan(100 * 1300 + many.bytes);
});

test('Secrets count when the review begins to wait, and one by one after that', () => {
  const { read, wait, entered, left, turnedOut } = scene(9);
  read();
  read();
  const leave = wait();
  read();
  expect(entered).toEqual([2 * BYTES, BYTES]);
  leave?.();
  read();
  expect([entered.length, left(), turnedOut()]).toEqual([2, 2, 0]);
});

test('a review that finds no room does not wait, and one whose later Secret finds none is turned out', () => {
  expect(scene(0).wait()).toBeUndefined();
  const { read, wait, left, turnedOut } = scene(1);
  const leave = wait();
  read();
  leave?.();
  expect([left(), turnedOut()]).toEqual([1, 1]);
});
