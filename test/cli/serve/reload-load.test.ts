/** Policies that change while reviews arrive at a steady rate: none fails, and each has the result of one whole generation. */
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { podOf } from '../../admission/decide.ts';
import { type BuiltServer, newFolder, startBuiltServer } from '../../support/built-server.ts';
import { type Files, mountFiles } from '../../support/mounted-files.ts';

let server: BuiltServer | undefined;
afterAll(() => server?.stop());

const policy = (name: string, tag: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\nspec:\n  rules: [{rule: image-tag, parameters: {deny: ["${tag}"]}}]\n`;
const PER_SECOND = 200;
const SECONDS = 20;

/** Two policies that change together. */
function policiesOf(version: number): Files {
  const tag = version % 2 === 0 ? '1' : '2';
  return { 'first.yaml': policy('first', tag), 'second.yaml': policy('second', tag) };
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
  const mounted = mountFiles(path.join(folder, 'policies'), policiesOf(0));
  const running = (server = await startBuiltServer(folder, ['-p', 'policies']));
  const pods = ['1', '2'].map((tag) => podOf(`{containers: [{name: web, image: "nginx:${tag}"}]}`));
  let version = 0;
  const changes = setInterval(() => mounted.swap(policiesOf((version += 1))), 2000);
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
