import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { expect, test } from 'vitest';

const TICK = pathToFileURL(path.resolve(import.meta.dirname, '../../../src/server/fast/tick.ts')).href;

/**
 * Nothing here holds on to `keep`. Whether a tick that is made after full collections, with none waiting meanwhile, has the
 * hidden class of it.
 */
const script = (keep: string): string => `
  import { createHook } from 'node:async_hooks';
  import { keepTickClass } from '${TICK}';
  const kept = new WeakRef(${keep});
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (let round = 0; round < 5; round++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  let later;
  const hook = createHook({ init: (_id, type, _trigger, resource) => { if (type === 'TickObject') later = resource; } });
  hook.enable();
  process.nextTick(() => undefined);
  hook.disable();
  const still = kept.deref();
  console.log(typeof later, still !== undefined && %HaveSameMap(still, later));
`;

function run(keep: string): string {
  const flags = ['--expose-gc', '--allow-natives-syntax', '--input-type=module', '--eval', script(keep)];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  return stdout.trim() || stderr;
}

test('the hidden class of the objects behind process.nextTick outlives full collections', () => {
  expect(run('keepTickClass()')).toBe('object true');
});

test('another object has another class, so the comparison can fail', () => {
  expect(run('(globalThis.other = { other: true })')).toBe('object false');
});
