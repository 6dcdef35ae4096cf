/** Completion of names in a cluster, with a scripted API server. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { type ApiServer, sendStatus, startApiServer } from '../support/api-server.ts';
import { kubeconfigFor } from '../support/api-client.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-complete-'));
const KUBECONFIG = path.join(folder, 'kubeconfig');
let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
  writeFileSync(KUBECONFIG, kubeconfigFor(server.url));
  for (const name of ['default', 'shop', 'staging']) server.put('/api/v1/namespaces', name);
  for (const name of ['web-1', 'web-2', 'db-0']) server.put('/api/v1/namespaces/shop/pods', name);
  server.put('/api/v1/namespaces/default/pods', 'other');
  server.put('/api/v1/namespaces/shop/serviceaccounts', 'builder');
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  server.scripts.length = 0;
  server.requests.length = 0;
  vi.stubEnv('KUBECONFIG', KUBECONFIG);
  return () => vi.unstubAllEnvs();
});

/** The candidates, then the directive for files. */
async function answerTo(words: readonly string[], name = NAME): Promise<readonly string[]> {
  let out = '';
  const note = vi.fn();
  const terminal = {
    out: (one: string) => void (out += one),
    note,
    isTerminal: false,
    colors: false,
    async *input() {},
  };
  expect(await run(['complete', '--', ...words], terminal, name)).toBe(0);
  expect(note).not.toHaveBeenCalled();
  return out.trimEnd().replaceAll('\t', '').split('\n');
}

const NAME = 'tidewaiter';
const KUBECTL = 'kubectl tidewaiter';
const PODS = ['web-1', 'web-2', 'db-0', ':0'];

describe('names in the cluster', () => {
  test.each<readonly [name: string, words: readonly string[], expected: readonly string[]]>([
    [NAME, ['explain', 'pod', '-n', 'shop', '--cluster', ''], PODS],
    [NAME, ['explain', 'pod', '--namespace=shop', '--cluster', 'w'], ['web-1', 'web-2', ':0']],
    [NAME, ['explain', 'pod', '-nshop', '--cluster', 'web-1', 'w'], ['web-2', ':0']],
    [NAME, ['explain', 'pod', '--kubeconfig', KUBECONFIG, '-n', 'shop', ''], PODS],
    [NAME, ['explain', 'pod', '--cluster', ''], ['other', ':0']],
    [KUBECTL, ['explain', 'pod', '-n', 'shop', ''], PODS],
    [KUBECTL, ['explain', 'pod', '-n', 'absent', ''], [':0']],
    [KUBECTL, ['explain', 'pod', '-n', 's'], ['shop', 'staging', ':4']],
    [KUBECTL, ['check', '-n', 's'], ['shop', 'staging', ':4']],
    [NAME, ['check', '--cluster', '--namespace=de'], ['default', ':4']],
    [NAME, ['uninstall', '-n', 'd'], ['default', ':4']],
    [NAME, ['explain', 'credentials', '--cluster', '-n', 'shop', '--service-account', ''], ['builder', ':4']],
  ])('of %s %j are %j', async (name, words, expected) => {
    expect(await answerTo(words, name)).toEqual(expected);
  });

  test.each([
    ['without a cluster on the command line', ['explain', 'pod', '-n', 'shop', ''], NAME],
    ['for a path', ['explain', 'pod', './'], KUBECTL],
    ['for options', ['explain', 'pod', '--cluster', '-'], KUBECTL],
    ['for the files of check', ['check', '--cluster', ''], KUBECTL],
  ])('are not requested %s', async (_when, words, name) => {
    await answerTo(words, name);
    expect(server.requests).toEqual([]);
  });

  test('are read in pages, at most ten', async () => {
    server.scripts.push(({ path: at, query }, response) => {
      if (!at.endsWith('/pods')) return false;
      const page = Number(query.get('continue') ?? 0);
      const items = [{ metadata: { name: `web-${page}` } }];
      response.end(JSON.stringify({ metadata: { continue: `${page + 1}` }, items }));
      return true;
    });
    const answer = await answerTo(['explain', 'pod', '--cluster', '']);
    expect(answer).toEqual([...Array.from({ length: 10 }, (_, index) => `web-${index}`), ':0']);
    expect(server.requests[0]?.query.get('limit')).toBe('500');
  });

  test.each(['HTTP 403', 'a page of HTML'])('are none after %s', async (what) => {
    server.scripts.push((_request, response) => {
      if (what === 'HTTP 403') sendStatus(response, 403, 'Forbidden', 'pods is forbidden');
      else response.end('<html>');
      return true;
    });
    expect(await answerTo(['explain', 'pod', ''], KUBECTL)).toEqual([':0']);
  });

  test.each([
    ['a kubeconfig that does not exist', ['--kubeconfig', '/absent']],
    ['a context that does not exist', ['--context', 'absent']],
    ['a configuration that does not exist', ['--cluster', '-c', '/absent']],
  ])('are none with %s', async (_what, options) => {
    expect(await answerTo(['explain', 'pod', ...options, ''])).toEqual([':0']);
  });
});

describe('the process', () => {
  const MAIN = path.resolve(import.meta.dirname, '../../dist/main.js');

  async function outputOf(kubeconfig: string): Promise<string> {
    const words = ['complete', '--', 'explain', 'pod', '--kubeconfig', kubeconfig, ''];
    const child = spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, note] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return out + note;
  }

  test('ends although the API server does not respond', async () => {
    server.scripts.push(() => true);
    expect(await outputOf(KUBECONFIG)).toBe(':0\n');
    expect(server.requests.length).toBe(1);
  });

  test('ends the credential plugin, too', async () => {
    const [plugin, pid] = [path.join(folder, 'plugin'), path.join(folder, 'pid')];
    writeFileSync(plugin, `#!/bin/sh\necho $$ > ${pid}\nsleep 600\n`);
    chmodSync(plugin, 0o755);
    const exec = { command: plugin, apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' };
    const config = JSON.parse(kubeconfigFor(server.url.replace('http:', 'https:'))) as {
      users: object[];
      contexts: { context: object }[];
    };
    const user = { name: 'plugin', user: { exec } };
    const contexts = config.contexts.map((each) => ({ ...each, context: { ...each.context, user: 'plugin' } }));
    const file = path.join(folder, 'with-plugin');
    writeFileSync(file, JSON.stringify({ ...config, users: [user], contexts }));
    expect(await outputOf(file)).toBe(':0\n');
    const processId = readFileSync(pid, 'utf8').trim();
    // Nothing may collect its exit code here, so it can remain as a zombie.
    const ps = ['-o', 'stat=', '-p', processId];
    await vi.waitFor(() => expect(spawnSync('ps', ps, { encoding: 'utf8' }).stdout).toMatch(/^(?:Z.*\n)?$/));
  });
});
