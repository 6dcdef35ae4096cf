import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type CommandResult, runCommand } from '../../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-credentials-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const full = path.join(folder, name);
  writeFileSync(full, text);
  return full;
}

const TYPE = 'kubernetes.io/dockerconfigjson';

function secret(name: string, auths: unknown, type = TYPE): string {
  const stringData = { '.dockerconfigjson': JSON.stringify({ auths }) };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, type, stringData });
}

const user = (username: string): object => ({ username, password: 'hush' });
const hub = file('hub.json', secret('hub', { 'https://index.docker.io/v1/': user('anna') }));
const two = file(
  'two.yaml',
  `${secret('first', { 'reg.io': user('ci'), '*.io': user('star') })}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n---\n${secret('second', { 'reg.io': user('other') })}`,
);
const opaque = file('opaque.json', secret('plain', { 'reg.io': user('nobody') }, 'Opaque'));
const broken = file('broken.json', secret('broken', { 'b.io': { auth: 'hush' }, 'c.io': { auth: '!' } }));

const explain = (...argv: readonly string[]): Promise<CommandResult> => runCommand(['explain', 'credentials', ...argv]);
const json = async (...argv: readonly string[]): Promise<{ code: number; answer: unknown }> => {
  const { code, out } = await explain(...argv, '-o', 'json');
  expect(out).not.toContain('hush');
  return { code, answer: JSON.parse(out) };
};

describe('explain credentials', () => {
  test('lists what the kubelet tries, in its order', async () => {
    expect(await json('reg.io/shop/web:7', '--pull-secret', two, hub)).toEqual({
      code: 0,
      answer: {
        image: 'reg.io/shop/web:7',
        found: true,
        candidates: [
          { secret: 'first', key: 'reg.io', username: 'ci' },
          { secret: 'second', key: 'reg.io', username: 'other' },
          { secret: 'first', key: '*.io', username: 'star' },
        ],
        errors: [],
      },
    });
  });

  test('shows no user name that is also the password, as with a token for both', async () => {
    const auth = Buffer.from('hush:hush').toString('base64');
    const token = file('token.json', secret('token', { 'reg.io': { auth } }));
    expect(await json('reg.io/shop/web:7', '--pull-secret', token)).toMatchObject({
      answer: { candidates: [{ secret: 'token', key: 'reg.io', username: '<same as password>' }] },
    });
    const { out } = await explain('reg.io/shop/web:7', '--pull-secret', token);
    expect(out).toContain('user "<same as password>", from entry "reg.io" of pull secret "token"');
    expect(out).not.toContain('hush');
  });

  test('takes the image before or behind the files, the option once or several times, and standard input', async () => {
    const answer = {
      image: 'nginx',
      found: true,
      candidates: [{ secret: 'first', key: '*.io', username: 'star' }],
      errors: [],
    };
    for (const argv of [
      ['nginx', '--pull-secret', hub, '--pull-secret', two],
      ['nginx', '--pull-secret', hub, two],
      ['--pull-secret', hub, '--pull-secret', two, 'nginx'],
      ['--pull-secret', hub, two, '-o', 'json', 'nginx'],
    ]) {
      expect(await json(...argv)).toEqual({ code: 0, answer });
    }
    const piped = await runCommand(
      ['explain', 'credentials', 'nginx', '--pull-secret', '-', '-o', 'json'],
      secret('s', { 'docker.io': user('in') }),
    );
    expect(JSON.parse(piped.out)).toMatchObject({ candidates: [{ secret: 's', key: 'docker.io', username: 'in' }] });
  });

  test('exits 1 when nothing matches, also when the kubelet ignores the only secret', async () => {
    for (const argv of [['quay.io/a', '--pull-secret', hub], ['reg.io/a', '--pull-secret', opaque], ['reg.io/a']]) {
      expect(await json(...argv)).toEqual({
        code: 1,
        answer: { image: argv[0], found: false, candidates: [], errors: [] },
      });
    }
  });

  test('exits 1 and names the fault when one malformed secret fails them all', async () => {
    expect(await json('reg.io/a', '--pull-secret', two, broken)).toEqual({
      code: 1,
      answer: {
        image: 'reg.io/a',
        found: false,
        candidates: [],
        errors: [
          {
            secret: 'broken',
            message:
              'key ".dockerconfigjson": entry "b.io": "auth" contains no ":"; it must be base64 of user:password',
          },
          {
            secret: 'broken',
            message: 'key ".dockerconfigjson": entry "c.io": "auth" is not valid base64 (standard alphabet, no spaces)',
          },
        ],
      },
    });
  });

  test.each<[string, readonly string[], string]>([
    [
      'what is tried',
      ['reg.io/shop/web:7', '--pull-secret', two, opaque],
      `"reg.io/shop/web:7"
  looked up as  reg.io/shop/web
  the kubelet tries these credentials in order until a pull succeeds
    1. user "ci", from entry "reg.io" of pull secret "first"
    2. user "other", from entry "reg.io" of pull secret "second"
    3. user "star", from entry "*.io" of pull secret "first"
    then the node's own credentials
  ignored by the kubelet
    pull secret "plain" has type "Opaque", not kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg
`,
    ],
    [
      'that there are no pull secrets',
      ['nginx'],
      `"nginx"
  looked up as  docker.io/library/nginx
  no pull secret is given (--pull-secret); the kubelet pulls anonymously unless the node has its own credentials
`,
    ],
    [
      'that nothing matches',
      ['example.com/x', '--pull-secret', two],
      `"example.com/x"
  looked up as  example.com/x
  no entry of a pull secret matches; the kubelet pulls anonymously unless the node has its own credentials
`,
    ],
    [
      'why nothing is pulled',
      ['nginx', '--pull-secret', broken],
      `"nginx"
  looked up as  docker.io/library/nginx
  the kubelet pulls no images for the Pod: a pull secret is malformed
    pull secret "broken", key ".dockerconfigjson": entry "b.io": "auth" contains no ":"; it must be base64 of user:password
    pull secret "broken", key ".dockerconfigjson": entry "c.io": "auth" is not valid base64 (standard alphabet, no spaces)
`,
    ],
  ])('says in words %s', async (_what, argv, text) => {
    expect((await explain(...argv)).out).toBe(text);
  });

  const badData = file(
    'bad-data.yaml',
    `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: ${TYPE}\ndata:\n  .dockerconfigjson: hush hush\n`,
  );
  const noSecret = file('none.yaml', '{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}');

  test.each<[readonly string[], string]>([
    [['nginx', '--pull-secret', '/nowhere.yaml'], '/nowhere.yaml: no such file or directory (set by --pull-secret)\n'],
    [
      ['nginx', '--pull-secret', badData],
      `${badData}:6:22: /data/.dockerconfigjson: invalid base64; kubectl cannot apply it\n`,
    ],
    [['nginx', '--pull-secret', noSecret], `no Secret in ${noSecret} (set by --pull-secret)\n`],
    [['a b', '--pull-secret', hub], '"a b" is not an image reference: whitespace is not allowed\n'],
    [['--pull-secret', hub], 'no image given; usage: tidewaiter explain credentials IMAGE --pull-secret FILE\n'],
    [[], 'no image given; usage: tidewaiter explain credentials IMAGE --pull-secret FILE\n'],
  ])('exits 2 and answers nothing for %j', async (argv, note) => {
    expect(await explain(...argv)).toEqual({ code: 2, out: '', note });
  });
});
