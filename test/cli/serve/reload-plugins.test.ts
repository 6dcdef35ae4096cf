/** Plugins and client CAs that change under a running server. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { podOf } from '../../admission/decide.ts';
import { createAuthority, type KeyPair } from '../../cluster/certificates.ts';
import { type BuiltServer, newFolder, startBuiltServer } from '../../support/built-server.ts';
import { createReview } from '../../support/review.ts';

let server: BuiltServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const POD = podOf('{containers: [{name: web, image: "nginx:1.27"}]}');
const POLICY =
  'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ours}\nspec:\n  rules: [{rule: saying}]\n';

/** A rule that denies each object with this message, an expression. */
const rule = (message: string, top = ''): string => `import { defineRule } from 'tidewaiter';
${top}
const parameters = { type: 'object', additionalProperties: false, properties: {} };
const check = (): object[] => [{ state: 'violation', container: undefined, pointer: '/spec', message: ${message} }];
export default [defineRule({ name: 'saying', description: 'For tests', parameters, needs: [], check })];
`;

async function started(plugin: string): Promise<BuiltServer> {
  const folder = newFolder();
  mkdirSync(path.join(folder, 'policies'));
  writeFileSync(path.join(folder, 'policies/a.yaml'), POLICY);
  writeFileSync(path.join(folder, 'rule.ts'), plugin);
  server = await startBuiltServer(folder, ['-p', 'policies', '--plugin', 'rule.ts']);
  return server;
}

const messageOf = async (running: BuiltServer): Promise<string> => (await running.review(POD)).message;
const says = (running: BuiltServer, text: string): Promise<void> =>
  vi.waitFor(async () => expect(await messageOf(running)).toContain(`${text} [ours/saying]`), {
    timeout: 10_000,
    interval: 50,
  });

describe('a plugin', () => {
  test.each<[string, string, RegExp]>([
    ['is not TypeScript', 'export default [', /rule\.ts:1: Expression expected$/],
    [
      'throws',
      rule('"two"', 'throw new RangeError("at the top");'),
      /rule\.ts:2:\d+: the module threw "RangeError: at the top" while loading$/,
    ],
    ['never returns', rule('"two"', 'for (;;);'), /rule\.ts: the module did not load within 5 s$/],
    [
      'ends the process',
      rule('"two"', 'process.exit(7);'),
      /rule\.ts: the module ended the process while loading, or needs more than 64 MiB$/,
    ],
    [
      'waits at the top',
      rule('"two"', 'await 1;'),
      /rule\.ts: top-level await is not supported; plugins load synchronously$/,
    ],
    [
      'fills the memory',
      rule('"two"', 'const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(0.5));'),
      /rule\.ts: the module ended the process while loading, or needs more than 64 MiB$/,
    ],
    ['exports no rule', 'export default [];', /rule\.ts: default: the list of rules is empty$/],
    ['lacks the rule of a policy', rule('"two"').replace("'saying'", "'other'"), /policies\/a\.yaml:5:18: .*"saying"/],
  ])(
    'that %s leaves the last good one in use, while reviews go on, until it is mended',
    async (_what, text, problem) => {
      const running = await started(rule('"one"'));
      const { generation } = await running.review(POD);
      writeFileSync(path.join(running.folder, 'rule.ts'), text);
      const isOver = (): boolean => running.log.some(({ msg }) => String(msg).startsWith('reload failed'));
      while (!isOver() && running.process.exitCode === null) {
        const begin = performance.now();
        expect(await messageOf(running)).toContain('one [ours/saying]');
        expect(performance.now() - begin).toBeLessThan(2000);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(String((await running.logged(/^reload failed/))['msg'])).toMatch(problem);
      expect((await running.review(POD)).generation).toBe(generation);
      writeFileSync(path.join(running.folder, 'rule.ts'), rule('"three"'));
      await says(running, 'three');
      expect(await running.ready()).toBe('200 ok\n');
    },
    40_000,
  );

  test('is loaded again when a module changes that it imports, and when an earlier version comes back', async () => {
    const folder = newFolder();
    writeFileSync(path.join(folder, 'a.yaml'), POLICY);
    writeFileSync(path.join(folder, 'text.ts'), 'export const text: string = "one";');
    writeFileSync(path.join(folder, 'rule.ts'), rule('text', "import { text } from './text.ts';"));
    const running = (server = await startBuiltServer(folder, ['-p', 'a.yaml', '--plugin', 'rule.ts']));
    await says(running, 'one');
    const { generation } = await running.review(POD);
    for (const text of ['two', 'three', 'one']) {
      writeFileSync(path.join(folder, 'text.ts'), `export const text: string = "${text}";`);
      await says(running, text);
    }
    expect((await running.review(POD)).generation).toBe(generation);
    rmSync(path.join(folder, 'text.ts'));
    expect(await running.logged(/^reload failed/)).toMatchObject({ msg: expect.stringMatching(/text\.ts/) });
    await says(running, 'one');
  }, 40_000);
});

test('a client CA that is replaced rejects certificates of the old one, and open connections end with a response', async () => {
  const folder = newFolder();
  const [old, next] = [await createAuthority(), await createAuthority()];
  const ca = path.join(folder, 'ca.crt');
  writeFileSync(ca, old.cert);
  writeFileSync(path.join(folder, 'a.yaml'), POLICY.replace('saying', 'image-digest'));
  const flags = ['-p', 'a.yaml', '--client-ca', 'ca.crt', '--client-name', 'kube-apiserver'];
  const running = (server = await startBuiltServer(folder, flags));
  const status = (pair: KeyPair): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: running.port,
        path: '/validate',
        method: 'POST',
        agent: false as const,
      };
      const headers = { 'content-type': 'application/json' };
      const sent = request({ ...options, headers, ...pair, rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
      sent.end(JSON.stringify(createReview(POD)));
    });
  const [oldClient, nextClient] = [
    await old.clientCertificate('kube-apiserver', 'system:masters'),
    await next.clientCertificate('kube-apiserver', 'system:masters'),
  ];
  expect([await status(oldClient), await status(nextClient)]).toEqual([200, 403]);
  writeFileSync(ca, 'no certificate');
  expect(await running.logged(/^reload failed/)).toMatchObject({
    msg: expect.stringMatching(/clientCa "ca\.crt": it contains no certificate/),
  });
  expect([await status(oldClient), await status(nextClient)]).toEqual([200, 403]);
  writeFileSync(ca, next.cert);
  await vi.waitFor(async () => expect(await status(oldClient)).toBe(403), { timeout: 8000 });
  expect(await status(nextClient)).toBe(200);
}, 40_000);
