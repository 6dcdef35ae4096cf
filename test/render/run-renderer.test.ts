import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runAll, runRenderer } from '../../src/render/run-renderer.ts';

test('a slow program does not keep the others from running, and results have the order of the units', async () => {
  const slow = Promise.withResolvers<void>();
  const started: number[] = [];
  const results = await runAll([0, 1, 2, 3, 4, 5, 6, 7, 8], async (unit) => {
    started.push(unit);
    if (unit === 0) await slow.promise;
    else await setTimeout(1);
    if (unit === 8) slow.resolve();
    return unit * 10;
  });
  expect(results).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80]);
  expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('at most four programs run at the same time', async () => {
  let running = 0;
  let most = 0;
  await runAll(Array.from({ length: 20 }), async () => {
    most = Math.max(most, (running += 1));
    await setTimeout(1);
    running -= 1;
  });
  expect(most).toBeGreaterThanOrEqual(2);
  expect(most).toBeLessThanOrEqual(4);
});

test.each([
  ['off 200MiB', {}],
  ['150 1GiB', { GOGC: '150', GOMEMLIMIT: '1GiB' }],
])('Go programs collect garbage late, unless the environment says when: %s', async (expected, own) => {
  const { ended } = await runRenderer('sh', ['-c', 'echo "$GOGC $GOMEMLIMIT"'], {
    env: { PATH: process.env['PATH'], ...own },
    stop: undefined,
  });
  expect(ended).toEqual({ state: 'ended', code: 0, output: `${expected}\n` });
});

/** The shell writes its process ID to a file, and waits. */
const RENDERS = `
import { runRenderer } from ${JSON.stringify(new URL('../../src/render/run-renderer.ts', import.meta.url).href)};
await runRenderer('sh', ['-c', 'echo $$ > "$0"; sleep 60; true', process.argv[1]], { env: process.env, stop: undefined });
`;

test.each(['SIGINT', 'SIGTERM'] as const)('%s also ends the programs', async (signal) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-render-'));
  const file = path.join(folder, 'pid');
  const child = spawn(process.execPath, ['--input-type=module', '-e', RENDERS, file], { stdio: 'ignore' });
  while (!existsSync(file) || readFileSync(file, 'utf8') === '') await setTimeout(20);
  const pid = Number(readFileSync(file, 'utf8'));
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([null, signal]);
  while (isRunning(pid)) await setTimeout(20);
  rmSync(folder, { recursive: true });
});

/** A process that has ended can wait for its parent. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
