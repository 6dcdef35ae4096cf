/** The Dockerfile, built and run: as a user that is not root, on a file system that cannot be written. */
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureCertificate, type ServingCertificate } from '../../../src/certificate/generated-certificate.ts';
import { describeWith } from '../../support/real-part.ts';
import { createReview } from '../../support/review.ts';
import { imageMissing } from './assets.ts';
import { buildImage, type BuiltImage, type Container } from './built-image.ts';

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { containers: [{ name: 'web', image: 'nginx:latest' }] },
};

/** Ports that are free: the test shares the network of the machine. */
const PORTS = { TIDEWAITER_LISTEN: '127.0.0.1:0', TIDEWAITER_OPERATIONS_PORT: '0' };

const certs = mkdtempSync(join(tmpdir(), 'tidewaiter-image-certs-'));
const running = new Set<Container>();
let certificate: ServingCertificate;
let image: BuiltImage;

afterAll(async () => {
  for (const container of running) container.kill('SIGKILL');
  await Promise.all([...running].map((container) => once(container, 'close')));
  image?.remove();
  rmSync(certs, { recursive: true, force: true });
  // The file system of the image is large.
}, 60_000);

function start(args?: readonly string[], env: Readonly<Record<string, string>> = {}): Container {
  const container = image.start({ certs, env: { ...PORTS, ...env }, ...(args === undefined ? {} : { args }) });
  running.add(container);
  container.once('close', () => running.delete(container));
  return container;
}

async function finish(container: Container, input = ''): Promise<{ code: number; out: string; err: string }> {
  const closed = once(container, 'close') as Promise<[number]>;
  container.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(container.stdout), text(container.stderr), closed]);
  return { code, out, err };
}

/** Reads the log up to the first line with the message; each line must be JSON. */
async function untilLogged(container: Container, message: string): Promise<Readonly<Record<string, unknown>>> {
  let rest = '';
  for await (const chunk of container.stdout.iterator({ destroyOnReturn: false })) {
    const lines = `${rest}${chunk as string}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
      if (entry['msg'] === message) return entry;
    }
  }
  throw new Error(`the image ended before it logged "${message}"`);
}

/** The answer to POST /validate, from a client that trusts only the authority of the certificate. */
async function validate(address: string, object: unknown): Promise<unknown> {
  const sent = request(`https://${address}/validate`, {
    method: 'POST',
    ca: certificate.ca,
    agent: false,
    headers: { 'content-type': 'application/json' },
  });
  sent.end(JSON.stringify(createReview(object)));
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  return { status: response.statusCode, body: JSON.parse(await text(response)) as unknown };
}

describeWith(imageMissing, 'the image', () => {
  beforeAll(async () => {
    certificate = await ensureCertificate(certs, []);
    for (const name of ['.', ...readdirSync(certs)]) chmodSync(join(certs, name), name === '.' ? 0o755 : 0o444);
    image = await buildImage();
  }, 600_000);

  test('answers an AdmissionReview, and ends with SIGTERM', async () => {
    const server = start();
    const { address } = await untilLogged(server, 'listening');
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    expect(status).toContain('\nUid:\t65532\t65532\t65532\t65532\n');
    expect(status).toContain('\nGid:\t65532\t65532\t65532\t65532\n');
    expect(status).toMatch(/\nGroups:\t\s*\n/);
    expect(status).toContain('\nCapEff:\t0000000000000000\n');
    expect(status).toContain('\nNoNewPrivs:\t1\n');
    expect(readFileSync(`/proc/${server.pid}/mountinfo`, 'utf8')).toMatch(/ \/ \/ ro,/);

    expect(await validate(String(address), POD)).toMatchObject({
      status: 200,
      body: {
        kind: 'AdmissionReview',
        response: { allowed: false, status: { code: 403, message: expect.stringContaining('image "nginx:latest"') } },
      },
    });
    const pinned = { ...POD, spec: { containers: [{ name: 'web', image: `nginx:1.27@sha256:${'a'.repeat(64)}` }] } };
    expect(await validate(String(address), pinned)).toMatchObject({ body: { response: { allowed: true } } });

    server.kill('SIGTERM');
    expect((await finish(server)).code).toBe(0);
  });

  test('evaluates manifests', async () => {
    const { code, out } = await finish(start(['check', '-']), JSON.stringify(POD));
    expect(out).toContain('1 denied');
    expect(code).toBe(1);
  });

  test.each([
    ['help', ['--help']],
    ['check', ['check', '-']],
  ])('has compiled code for %s, which Node accepts', async (_name, args) => {
    const { err } = await finish(start(args, { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }), JSON.stringify(POD));
    const chunks = [...err.matchAll(/ for ESM file:\/\/\/app\/dist\/(\S+) was (\w+)/g)];
    expect(chunks.length).toBeGreaterThan(5);
    expect(chunks.filter(([, , answer]) => answer !== 'accepted')).toEqual([]);
  });

  test('lets its user write nothing that it runs', () => {
    const files = ['.', ...readdirSync(join(image.tree, 'app'), { recursive: true, encoding: 'utf8' })];
    const writable = files.filter((file) => {
      const { uid, gid, mode } = statSync(join(image.tree, 'app', file));
      return uid !== 0 || gid !== 0 || (mode & 0o022) !== 0;
    });
    expect(files).toContain('dist/main.js');
    expect(writable).toEqual([]);
  });

  test('has nothing that installs packages', () => {
    expect(readdirSync(join(image.tree, 'usr/local/bin'))).toEqual(['node']);
    expect(readdirSync(join(image.tree, 'usr/local/lib'))).not.toContain('node_modules');
  });
});
