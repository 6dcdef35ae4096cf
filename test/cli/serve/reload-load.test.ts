/** Policies that change while reviews arrive at a steady rate: none fails, and each has the result of one whole generation. */
import { renameSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { podOf } from '../../admission/decide.ts';
import { type BuiltServer, newFolder, startBuiltServer } from '../../support/built-server.ts';

let server: BuiltServer | undefined;
afterAll(() => server?.stop());

const policy = (name: string, tag: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\nspec:\n  rules: [{rule: image-tag, parameters: {deny: ["${tag}"]}}]\n`;
const PER_SECOND = 200;
const SECONDS = 20;

/** Like a kubelet: a directory of all files, and one link that is renamed. Two policies that change together. */
function swap(folder: string, version: number): void {
  const next = `..${version}`;
  mkdirSync(path.join(folder, next));
  const tag = version % 2 === 0 ? '1' : '2';
  for (const name of ['first', 'second']) writeFileSync(path.join(folder, next, `${name}.yaml`), policy(name, tag));
  symlinkSync(next, path.join(folder, '..data_tmp'));
  renameSync(path.join(folder, '..data_tmp'), path.join(folder, '..data'));
  if (version > 0) rmSync(path.join(folder, `..${version - 1}`), { recursive: true });
}

/** Counts the result of one review by image, generation, and decision. */
async function note(running: BuiltServer, pod: unknown, image: string, results: Map<string, number>): Promise<void> {
  let key: string;
  try {
    const { allowed, generation, message } = await running.review(pod);
    const policies = ['first', 'second'].filter((name) => message.includes(`[${name}/image-tag]`)).length;
    key = `${image} ${generation} ${allowed ? 'allowed' : `denied by ${policies}`}`;
  } catch (error) {
    key = `failed: ${String(error)}`;
  }
  results.set(key, (results.get(key) ?? 0) + 1);
}

test('0 of 4,000 reviews fail while policies change every 2 s', async () => {
  const folder = newFolder();
  const mount = path.join(folder, 'policies');
  mkdirSync(mount);
  swap(mount, 0);
  for (const name of ['first', 'second']) symlinkSync(`..data/${name}.yaml`, path.join(mount, `${name}.yaml`));
  const running = (server = await startBuiltServer(folder, ['-p', 'policies']));
  const pods = ['1', '2'].map((tag) => podOf(`{containers: [{name: web, image: "nginx:${tag}"}]}`));
  let version = 0;
  const changes = setInterval(() => swap(mount, (version += 1)), 2000);
  const results = new Map<string, number>();
  const pending: Promise<void>[] = [];
  const begin = performance.now();
  for (let count = 0; count < PER_SECOND * SECONDS; count += 1) {
    const which = count % 2;
    pending.push(note(running, pods[which], `nginx:${which + 1}`, results));
    const due = begin + ((count + 1) * 1000) / PER_SECOND;
    if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
  }
  clearInterval(changes);
  await Promise.all(pending);
  const generations = [...new Set([...results.keys()].map((key) => key.split(' ')[1]))];
  const expected = generations.flatMap((generation) => {
    const deniesFirst = results.has(`nginx:1 ${generation} denied by 2`);
    return [
      `nginx:1 ${generation} ${deniesFirst ? 'denied by 2' : 'allowed'}`,
      `nginx:2 ${generation} ${deniesFirst ? 'allowed' : 'denied by 2'}`,
    ];
  });
  expect(generations).toHaveLength(2);
  expect([...results.keys()].sort()).toEqual(expected.sort());
  expect(running.log.filter(({ msg }) => msg === 'files reloaded').length).toBeGreaterThanOrEqual(8);
  expect(await running.metric('tidewaiter_reload_failures_total')).toBe('0');
}, 60_000);
