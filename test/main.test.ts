/** The built program as users run it: its own process, its exit codes, its streams. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startFaultServer } from './support/fault-registry.ts';

const MAIN = path.resolve(import.meta.dirname, '../dist/main.js');
const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-main-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

interface Program {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<number | null>;
}

function start(argv: readonly string[], { node = [] as readonly string[], input = '', env = {} } = {}): Program {
  const child = spawn(process.execPath, [...node, MAIN, ...argv], {
    env: { ...process.env, NO_COLOR: undefined, ...env },
  });
  running.add(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.on('error', () => undefined).end(input);
  const ended = once(child, 'close').then(([code]: unknown[]) => {
    running.delete(child);
    return code as number | null;
  });
  return { child, out: () => out, err: () => err, ended };
}

async function finish(program: Program): Promise<{ code: number | null; out: string; err: string }> {
  const code = await program.ended;
  return { code, out: program.out(), err: program.err() };
}

async function until<T>(what: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const value = what();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('waited in vain');
}

const REVIEW = readFileSync('test/recordings/pod-latest.json', 'utf8');

function pretend(version: string): string {
  return `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;
}

describe('the program', () => {
  test.each(['20.20.2', '22.18.0', '23.0.0', '23.7.0'])(
    'says in one line which Node.js it needs instead of %s, and exits with 2',
    async (version) => {
      expect(await finish(start(['--help'], { node: ['--import', pretend(version)] }))).toEqual({
        code: 2,
        out: '',
        err: `tidewaiter requires Node.js 22.19.0 or later, but not 23.0 to 23.7, which cannot read recordings (found ${version})\n`,
      });
    },
  );

  test.each(['22.19.0', '23.8.0', '24.0.0', '26.1.0'])('starts with Node.js %s', async (version) => {
    expect(await finish(start(['--version'], { node: ['--import', pretend(version)] }))).toMatchObject({ code: 0 });
  });

  test.each([
    [['--help'], 0],
    [['--version'], 0],
    [['check', '--help'], 0],
    [['check', 'test/fixtures/rules/image-digest/pass/pinned.yaml'], 0],
    [['check', 'test/fixtures/rules/image-digest/fail/bare.yaml'], 1],
    [['check', '/nowhere'], 2],
    [['check', 'test/fixtures/rules/image-digest/fail/bare.yaml', '-o', 'sarif'], 1],
    [['check', 'test/fixtures/rules/image-digest/fail/bare.yaml', '-o', 'junit'], 1],
    [['check', 'test/fixtures/rules/image-digest/fail/bare.yaml', '-o', 'github'], 1],
    [['rules'], 0],
    [['explain', 'rule', 'image-tag'], 0],
    [['explain', 'rule', 'image-tga'], 2],
    [['schema'], 0],
    [['nonsense'], 2],
    [[], 2],
  ])('%j exits with %i', async (argv, expected) => {
    const { code, out } = await finish(start(argv));
    expect(code).toBe(expected);
    expect(out).not.toContain('\u001B[');
  });

  test('shares its modules with a plugin: what the plugin finds misshapen is malformed, as for a built-in rule', async () => {
    const example = path.resolve('manifests/examples/plugin');
    const plugin = path.join(folder, 'rules.ts');
    writeFileSync(plugin, readFileSync(path.join(example, 'rules.ts')));
    const pod = (privileged: string): string =>
      `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: a, securityContext: {privileged: ${privileged}}}]}}`;
    const check = (input: string): Promise<{ code: number | null; out: string; err: string }> =>
      finish(start(['check', '--plugin', plugin, '-p', path.join(example, 'policy.yaml'), '-'], { input }));
    expect((await check(pod('true'))).code).toBe(1);
    const misshapen = await check(pod('"yes"'));
    expect(misshapen).toMatchObject({ code: 2, err: '' });
    expect(misshapen.out).toContain(
      '/spec/containers/0/securityContext/privileged: expected true or false, found a string',
    );
  });

  test.each([
    [['--help'], false],
    [['check', '--offline', 'test/fixtures/rules/image-digest/pass/pinned.yaml'], false],
    [['explain', 'pod', 'test/fixtures/rules/image-digest/pass/pinned.yaml'], false],
    [['check', '--offline', '--cluster', 'test/fixtures/rules/image-digest/pass/pinned.yaml'], true],
  ])('%j loads the client of a cluster: %j', async (argv, loads) => {
    const print = `import { registerHooks } from 'node:module'; registerHooks({ load(url, context, next) { process._rawDebug('load ' + url); return next(url, context); } })`;
    const node = ['--import', `data:text/javascript,${encodeURIComponent(print)}`];
    const { err } = await finish(start(argv, { node, env: { KUBECONFIG: '/nowhere' } }));
    expect(err).toContain('load file://');
    // The bundle names chunks after their files.
    expect(/\/client-\w+\.js$/m.test(err)).toBe(loads);
  });

  test('finds its own modules without Node.js, and leaves those of plugins to it', async () => {
    const plugin = path.join(folder, 'with-helper.ts');
    writeFileSync(path.join(folder, 'helper.js'), '');
    writeFileSync(plugin, `import './helper.js';\n${readFileSync('manifests/examples/plugin/rules.ts', 'utf8')}`);
    const print = `import { registerHooks } from 'node:module'; registerHooks({ resolve(specifier, context, next) { process._rawDebug('resolve ' + specifier); return next(specifier, context); } })`;
    const node = ['--import', `data:text/javascript,${encodeURIComponent(print)}`];
    const argv = ['check', '--plugin', plugin, 'test/fixtures/rules/image-digest/pass/pinned.yaml'];
    const { code, err } = await finish(start(argv, { node }));
    const lookups = err.match(/^resolve \.\/.*$/gm) ?? [];
    // The static imports of main.js have the flags of V8 and what finds the other modules.
    expect(lookups.length).toBeLessThanOrEqual(4);
    expect(lookups.at(-1)).toBe('resolve ./helper.js');
    expect(code).toBe(0);
  });

  test('runs check without the second optimizing compiler of V8, which takes memory', async () => {
    const { out } = await finish(start(['check', '--offline', 'test/fixtures/rules'], { node: ['--trace-opt'] }));
    expect(out).toContain('MAGLEV');
    expect(out).not.toContain('TURBOFAN');
  });

  test('reads manifests from standard input', async () => {
    const { code, out } = await finish(
      start(['check', '-'], { input: readFileSync('test/fixtures/rules/image-digest/fail/bare.yaml', 'utf8') }),
    );
    expect(code).toBe(1);
    expect(out).toContain('stdin\n  5:');
  });

  test('reads references line by line, where U+2028 ends no line', async () => {
    const { out } = await finish(start(['explain', 'image', '-o', 'json', '-'], { input: '"a\u2028b"\r\nnginx' }));
    const inputs = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { input: string }).input);
    expect(inputs).toEqual(['a\u2028b', 'nginx']);
  });
});

describe('serve', () => {
  const serve = (...argv: readonly string[]): Program =>
    start(['serve', '--listen', '127.0.0.1:0', '--certs-dir', folder, ...argv]);

  async function addressOf(program: Program): Promise<string> {
    return until(() => /"address":"([^"]+)"/.exec(program.out())?.[1]);
  }

  function post(
    address: string,
    body: string,
    endpoint = 'validate',
  ): Promise<{ status: number; connection: string | undefined; text: string }> {
    return new Promise((resolve, reject) => {
      const ca = readFileSync(path.join(folder, 'ca.crt'), 'utf8');
      const sent = request(
        `https://${address}/${endpoint}?timeout=5s`,
        { method: 'POST', ca, headers: { 'content-type': 'application/json' } },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, connection: response.headers.connection, text }),
          );
        },
      );
      sent.on('error', reject).end(body);
    });
  }

  test('prints what to try, answers a review, logs one JSON line for it, and ends with 0 on SIGTERM', async () => {
    const program = serve('--operations-port', '0');
    const address = await addressOf(program);
    const attempt = `curl --cacert ${folder}/ca.crt -H 'content-type: application/json' -d @test/recordings/pod-latest.json https://${address}/validate`;
    // Standard output can arrive before standard error.
    await until(() => (program.err().includes(attempt) ? attempt : undefined));
    const reply = await post(address, REVIEW);
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toMatchObject({ response: { allowed: false, status: { code: 403 } } });
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    const lines = program
      .out()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string });
    expect(lines.map(({ msg }) => msg)).toEqual(['listening', 'review', 'stopped']);
  });

  test('tells the author of an object nothing of nodes, and the log what happened', async () => {
    const registry = await startFaultServer();
    registry.reactWith(({ headers }) =>
      headers.authorization === undefined
        ? { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }
        : { status: 401 },
    );
    const host = `127.0.0.1:${registry.port}`;
    const of = (name: string): string => path.join(folder, name);
    writeFileSync(
      of('c4nary.json'),
      JSON.stringify({ auths: { [host]: { username: 'c4nary-user', password: 'pw' } } }),
    );
    writeFileSync(
      of('p.yaml'),
      `{apiVersion: tidewaiter.dev/v1alpha1, kind: ImagePolicy, metadata: {name: ours}, spec: {pin: {}, rules: [
        {rule: image-exists, onUnknown: deny}, {rule: image-age, parameters: {maxAgeDays: 1}},
        {rule: pull-secret-coverage, parameters: {prove: true}}]}}`,
    );
    writeFileSync(
      of('tidewaiter.yaml'),
      `{registries: [{host: "${host}", insecure: true, allowPrivate: true}], nodeCredentials: {dockerConfig: c4nary.json}, policies: [p.yaml]}`,
    );
    const program = serve('--operations-port', '0', '--config', of('tidewaiter.yaml'));
    const address = await addressOf(program);
    const review = REVIEW.replaceAll(/"image": *"[^"]*"/g, `"image": "${host}/team/app:1"`);
    for (const endpoint of ['validate', 'mutate']) {
      const { status, text } = await post(address, review, endpoint);
      expect([status, text]).toEqual([
        200,
        expect.stringContaining('accepts none of the credentials (401) (see the tidewaiter log'),
      ]);
      expect(text).not.toMatch(/c4nary/);
    }
    program.child.kill('SIGTERM');
    await program.ended;
    await registry.close();
    expect(program.out()).toMatch(/c4nary\.json.*\(user c4nary-user\)/);
    expect(program.out() + program.err()).not.toContain('pw"');
  });

  test('logs notices about policies at startup, and serves anyway', async () => {
    const policies = path.join(folder, 'expired.yaml');
    writeFileSync(
      policies,
      `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: base}
spec: {rules: [{rule: image-tag, parameters: {deny: [latest]}}]}
---
apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicyException
metadata: {name: old}
spec: {policy: base, rules: [image-tag], match: {kinds: ['*']}, owner: team-x, reason: known, expires: 2020-02-29}
`,
    );
    const program = serve('--operations-port', '0', '--policy', policies);
    const { text } = await post(await addressOf(program), REVIEW);
    expect(JSON.parse(text)).toMatchObject({
      response: {
        status: { message: expect.stringContaining('; exception old (owner team-x) expired on 2020-02-29') },
      },
    });
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    const [first, second] = program.out().split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({
      level: 'warn',
      kind: 'ImagePolicyException',
      name: 'old',
      place: `${policies}:9:104`,
      msg: 'exception "old" (owner team-x) expired on 2020-02-29 and has no effect',
    });
    expect(JSON.parse(second ?? '')).toMatchObject({ msg: 'listening' });
  });

  test('is not ready while it answers what is under way, and says that the connection ends', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const bound = free.address();
    const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
    await new Promise((resolve) => free.close(resolve));
    const program = serve('--operations-port', String(port));
    const address = await addressOf(program);
    const ready = (): Promise<number> =>
      new Promise((resolve, reject) => {
        get(`http://127.0.0.1:${port}/readyz`, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        }).on('error', reject);
      });
    expect(await ready()).toBe(200);
    const ca = readFileSync(path.join(folder, 'ca.crt'), 'utf8');
    const slow = request(`https://${address}/validate`, {
      method: 'POST',
      ca,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(REVIEW) },
    });
    slow.write(REVIEW.slice(0, 100));
    await once(slow, 'socket');
    await until(() => (slow.socket?.writableLength === 0 && !slow.socket.connecting ? true : undefined));
    await new Promise((resolve) => setTimeout(resolve, 200));
    program.child.kill('SIGTERM');
    await until(() => (program.err().includes('SIGTERM') ? true : undefined));
    expect(await ready()).toBe(503);
    slow.end(REVIEW.slice(100));
    const [response] = (await once(slow, 'response')) as [import('node:http').IncomingMessage];
    response.resume();
    expect({ status: response.statusCode, connection: response.headers.connection }).toEqual({
      status: 200,
      connection: 'close',
    });
    expect(await program.ended).toBe(0);
  });

  test('says which address is taken and what to do, exit 2', async () => {
    const first = serve('--operations-port', '0');
    const address = await addressOf(first);
    const second = await finish(start(['serve', '--listen', address, '--certs-dir', folder, '--operations-port', '0']));
    expect(second).toMatchObject({
      code: 2,
      err: `cannot listen on ${address}: address already in use; choose another with --listen\n`,
    });
  });

  test('does not stay half open when the operations port is taken', async () => {
    const first = serve('--operations-port', '0');
    const port = (await addressOf(first)).split(':').at(-1) ?? '';
    const argv = ['serve', '--listen', '127.0.0.1:0', '--certs-dir', folder, '--operations-port', port];
    const { code, err } = await finish(start(argv));
    expect(code).toBe(2);
    expect(err).toContain(`cannot listen on 127.0.0.1:${port}: address already in use`);
  });

  test.each([
    [['--listen', 'nonsense'], /^--listen: expected HOST:PORT/],
    [['--cert', 'x.pem'], /^--cert: a certificate requires its private key; also set --key\n$/],
    [['--key', 'x.pem'], /^--key: a private key requires its certificate; also set --cert\n$/],
    [['--client-name', 'x'], /^--client-name: client names require the CA .+; also set --client-ca\n$/],
    [['--client-ca', 'ca.crt'], /^--client-ca: a client CA .+; for example, add --client-name kube-apiserver\n$/],
    [
      ['--listen', '192.0.2.77:1', '--operations-port', '0'],
      /^cannot listen on 192\.0\.2\.77:1: this machine does not have the address; choose/m,
    ],
    [['--policy', 'test/recordings/pod-latest.json'], /pod-latest\.json:\d+:\d+: /],
    [['--plugin', 'nowhere.ts'], /^nowhere\.ts: no such file or directory \(set by --plugin\)\n$/],
    [
      ['--plugin', 'test/recordings/pod-latest.json'],
      /pod-latest\.json: a plugin must be a TypeScript or JavaScript module/,
    ],
    [['--operations-port', '99999'], /^--operations-port: expected a port from 0 to 65535/],
  ])('refuses %j with exit 2', async (argv, message) => {
    const { code, err } = await finish(start(['serve', '--certs-dir', folder, ...argv]));
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});
