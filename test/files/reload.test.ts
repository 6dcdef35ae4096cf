/** Files are loaded again although no event is sent for their change, and whatever the clock shows. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { fingerprintOf } from '../../src/files/fingerprint.ts';
import { RELOAD_LIMITS, startReload } from '../../src/files/reload.ts';

const soon = { timeout: 10_000, interval: 20 };
const NEVER_MS = 3_600_000;
const DAY_MS = 24 * 60 * 60 * 1000;

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-files-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(root, { recursive: true });
});

const fileIn = (directory: string): string => path.join(root, directory, 'mount/policies/a.yaml');
function write(text: string, directory = 'volume'): void {
  mkdirSync(path.dirname(fileIn(directory)), { recursive: true });
  writeFileSync(fileIn(directory), text);
}

/** Returns the texts that were loaded, after the first one. */
async function followed(limits: { readonly pollMs: number }): Promise<readonly string[]> {
  write('first');
  const file = fileIn('volume');
  const loaded: string[] = [];
  const paths = (): readonly string[] => [path.dirname(file)];
  const reload = startReload<string>({
    paths,
    first: await fingerprintOf(paths()),
    load: async () => readFileSync(file, 'utf8'),
    apply: async (text) => void loaded.push(text),
    discard: async () => undefined,
    fail: (error) => loaded.push(String(error)),
    limits: { ...RELOAD_LIMITS, quietMs: 20, ...limits },
  });
  onTestFinished(() => reload.close());
  return loaded;
}

test('a poll alone finds files whose directory was replaced far above, which sends no event', async () => {
  const loaded = await followed({ pollMs: 100 });
  write('second', 'next');
  renameSync(path.join(root, 'volume'), path.join(root, 'old'));
  renameSync(path.join(root, 'next'), path.join(root, 'volume'));
  await vi.waitFor(() => expect(loaded).toEqual(['second']), soon);
  // Events of the new directory arrive from now on.
  write('third');
  await vi.waitFor(() => expect(loaded).toEqual(['second', 'third']), soon);
});

test.each([
  ['an event', 'forward', { pollMs: NEVER_MS }, 3650 * DAY_MS],
  ['an event', 'back', { pollMs: NEVER_MS }, -3650 * DAY_MS],
  ['a poll', 'forward', { pollMs: 100 }, 3650 * DAY_MS],
  ['a poll', 'back', { pollMs: 100 }, -3650 * DAY_MS],
])('%s finds a change after the clock has jumped %s', async (_what, _where, limits, jumpMs) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  const loaded = await followed(limits);
  vi.setSystemTime(Date.now() + jumpMs);
  write('second');
  await vi.waitFor(() => expect(loaded).toEqual(['second']), soon);
  vi.setSystemTime(Date.now() - jumpMs);
  write('third');
  await vi.waitFor(() => expect(loaded).toEqual(['second', 'third']), soon);
});
