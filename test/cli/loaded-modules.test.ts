/** Which modules of the built program are loaded: the client of an API server only for commands that use a cluster. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { kubeconfigFor } from '../support/api-client.ts';

const MAIN = path.resolve(import.meta.dirname, '../../dist/main.js');
const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-modules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Reports each loaded module on descriptor 3. */
const REPORT = path.join(folder, 'report.mjs');
writeFileSync(
  REPORT,
  `import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({ load: (url, context, next) => (writeSync(3, url + '\\n'), next(url, context)) });`,
);
const MANIFEST = path.join(folder, 'pod.yaml');
writeFileSync(
  MANIFEST,
  'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx}]}\n',
);
const KUBECONFIG = path.join(folder, 'kubeconfig');
writeFileSync(KUBECONFIG, kubeconfigFor('https://127.0.0.1:9'));

/** The package of the client, by a name that only their code has. */
const CLIENT = { undici: 'EnvHttpProxyAgent' };

/** Runs the program to its end; `serve` is stopped when it listens. */
async function loadedBy(argv: readonly string[]): Promise<readonly string[]> {
  const env = { ...process.env, KUBECONFIG, NO_COLOR: '1' };
  const child = spawn(process.execPath, ['--import', REPORT, MAIN, ...argv], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    if (chunk.includes('"msg":"listening"')) child.kill('SIGTERM');
  });
  const [urls] = await Promise.all([text(child.stdio[3] as NodeJS.ReadableStream), once(child, 'close')]);
  const modules = urls.split('\n').filter((url) => url.startsWith('file:') && !url.endsWith('report.mjs'));
  expect(modules.length).toBeGreaterThan(2);
  const code = modules.map((url) => readFileSync(fileURLToPath(url), 'utf8')).join('\n');
  return Object.entries(CLIENT).flatMap(([name, word]) => (code.includes(word) ? [name] : []));
}

const SERVE = ['serve', '--listen', '127.0.0.1:0', '--operations-port', '0'];

test.each([
  ['--help', ['--help']],
  ['check', ['check', MANIFEST]],
  ['serve', SERVE],
  ['serve with --cluster off', [...SERVE, '--cluster', 'off', '--kubeconfig', KUBECONFIG]],
])('%s does not load the client of an API server', async (_name, argv) => {
  expect(await loadedBy(argv)).toEqual([]);
});

test('explain pod --cluster loads it', async () => {
  expect(await loadedBy(['explain', 'pod', 'web', '--cluster', '--offline'])).toEqual(Object.keys(CLIENT));
});
