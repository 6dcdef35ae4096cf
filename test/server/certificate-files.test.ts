import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ServingCertificate } from '../../src/certificate/certificate.ts';
import { ensureCertificate, loadCertificate } from '../../src/certificate/generated-certificate.ts';
import { followCertificateFiles } from '../../src/server/certificate-files.ts';
import { createCurrentTls } from '../../src/server/current-tls.ts';
import { createAdmissionServer } from '../../src/server/http.ts';
import { listenOn } from '../../src/server/listening.ts';
import { createAuthority } from '../cluster/certificates.ts';

const HOUR_MS = 60 * 60 * 1000;

let dir: string;
let generated = 0;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tidewaiter-files-'));
  mkdirSync(path.join(dir, 'mount'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Pair {
  readonly cert: string;
  readonly key: string;
}

async function newPair(now = new Date()): Promise<Pair> {
  generated += 1;
  return ensureCertificate(path.join(dir, `pair-${generated}`), [], now);
}

/** Writes a pair as a kubelet does: `tls.crt` is a link to `..data/tls.crt`, and `..data` is a link that is replaced. */
function mount({ cert, key }: Pair): void {
  generated += 1;
  const at = path.join(dir, 'mount');
  const version = `..2026_11_29_${generated}`;
  mkdirSync(path.join(at, version));
  writeFileSync(path.join(at, version, 'tls.crt'), cert);
  writeFileSync(path.join(at, version, 'tls.key'), key);
  symlinkSync(version, path.join(at, '..data_tmp'));
  renameSync(path.join(at, '..data_tmp'), path.join(at, '..data'));
  for (const name of ['tls.crt', 'tls.key']) {
    rmSync(path.join(at, name), { force: true });
    symlinkSync(path.join('..data', name), path.join(at, name));
  }
}

const certFile = (): string => path.join(dir, 'mount', 'tls.crt');
const keyFile = (): string => path.join(dir, 'mount', 'tls.key');

function write({ cert, key }: Pair): void {
  writeFileSync(certFile(), cert);
  writeFileSync(keyFile(), key);
}

interface Followed {
  readonly used: readonly ServingCertificate[];
  readonly problems: readonly (string | undefined)[];
}

/** The poll is off, so that only the watch sees a change. */
async function follow(times: Partial<Parameters<typeof followCertificateFiles>[2]['times']> = {}): Promise<Followed> {
  const files = { cert: certFile(), key: keyFile() };
  const used: ServingCertificate[] = [];
  const problems: (string | undefined)[] = [];
  const stop = followCertificateFiles(files, await loadCertificate(files), {
    use: (next) => void used.push(next),
    onProblem: (problem) => void problems.push(problem?.replaceAll(dir, 'DIR')),
    times: { quietMs: 20, pollMs: 3_600_000, settleMs: 200, ...times },
  });
  onTestFinished(stop);
  return { used, problems };
}

const soon = { timeout: 5000, interval: 20 };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('files of a certificate', () => {
  test('are used after a kubelet has swapped ..data', async () => {
    mount(await newPair());
    const { used, problems } = await follow();
    const next = await newPair();
    mount(next);
    await vi.waitFor(() => expect(used.map(({ cert }) => cert)).toEqual([next.cert]), soon);
    const third = await newPair();
    mount(third);
    await vi.waitFor(() => expect(used.at(-1)?.cert).toBe(third.cert), soon);
    expect(problems).toEqual([]);
  });

  test('are used after they were written in place, one after the other', async () => {
    write(await newPair());
    const { used, problems } = await follow({ settleMs: 2000 });
    const next = await newPair();
    writeFileSync(certFile(), next.cert.slice(0, 200));
    await pause(60);
    writeFileSync(certFile(), next.cert);
    await pause(100);
    expect(used).toEqual([]);
    writeFileSync(keyFile(), next.key);
    await vi.waitFor(() => expect(used.map(({ key }) => key)).toEqual([next.key]), soon);
    expect(problems).toEqual([]);
  });

  test('are not used again if their content is the same', async () => {
    const pair = await newPair();
    mount(pair);
    const { used, problems } = await follow();
    mount(pair);
    write(pair);
    await pause(500);
    expect([used, problems]).toEqual([[], []]);
  });

  test.each<[string, (pair: Pair) => Promise<void> | void, RegExp]>([
    ['key does not belong', async () => writeFileSync(keyFile(), (await newPair()).key), /does not match/],
    ['certificate has expired', async () => write(await newPair(new Date(0))), /expired on/],
    ['certificate is cut', ({ cert }) => writeFileSync(certFile(), cert.slice(0, 300)), /contains no certificate/],
    ['key is cut', ({ key }) => writeFileSync(keyFile(), key.slice(0, 60)), /no readable private key/],
    ['certificate is empty', () => writeFileSync(certFile(), ''), /contains no certificate/],
    ['certificate was removed', () => rmSync(certFile()), /cannot read the certificate .*no such file/],
    ['key was removed', () => rmSync(keyFile()), /cannot read the private key .*no such file/],
  ])('stay as they were while the %s, and are used when they fit again', async (_name, spoil, problem) => {
    const pair = await newPair();
    write(pair);
    const { used, problems } = await follow();
    await spoil(pair);
    await vi.waitFor(() => expect(problems).toEqual([expect.stringMatching(problem)]), soon);
    expect(used).toEqual([]);
    for (const line of pair.key.split('\n').slice(1, -2)) expect(problems.join('\n')).not.toContain(line);
    const next = await newPair();
    write(next);
    await vi.waitFor(() => expect(used.map(({ cert }) => cert)).toEqual([next.cert]), soon);
    expect(problems.slice(1)).toEqual([undefined]);
  });

  const SERVICE = ['tidewaiter.gate.svc', 'tidewaiter.gate.svc.cluster.local', 'localhost'];

  test.each<[names: readonly string[], next: readonly string[], lost: string | undefined]>([
    [SERVICE, SERVICE, undefined],
    [SERVICE, ['tidewaiter.gate.svc'], undefined],
    [SERVICE, ['*.gate.svc'], undefined],
    [SERVICE, ['localhost', 'tidewaiter.gate.svc.cluster.local'], 'tidewaiter.gate.svc'],
    [SERVICE, ['tidewaiter.other.svc'], 'tidewaiter.gate.svc'],
    [['a.gate.svc', 'b.gate.svc'], ['b.gate.svc'], undefined],
    [['gate.example.com', '10.0.0.1'], ['10.0.0.1'], undefined],
    [['gate.example.com', '10.0.0.1'], ['GATE.example.com'], undefined],
    [['gate.example.com', '10.0.0.1'], ['10.0.0.2'], 'gate.example.com, 10.0.0.1'],
    [['a.b', 'c.d', 'e.f', 'g.h'], ['i.j'], 'a.b, c.d, e.f, and 1 more'],
  ])('for %j are replaced by those for %j if API servers accept them', async (names, nextNames, lost) => {
    const authority = await createAuthority();
    write(await authority.serverCertificate([...names]));
    const { used, problems } = await follow({ pollMs: 50 });
    const next = await authority.serverCertificate([...nextNames]);
    write(next);
    if (lost === undefined) await vi.waitFor(() => expect(used.map(({ cert }) => cert)).toEqual([next.cert]), soon);
    else {
      const message = `it is not valid for ${lost}, for which the certificate in use is valid until `;
      await vi.waitFor(() => expect(problems).toEqual([expect.stringContaining(message)]), soon);
      expect(used).toEqual([]);
    }
  });

  test('without the names of those in use are used when these have expired', async () => {
    const authority = await createAuthority();
    const first = await authority.serverCertificate(SERVICE, HOUR_MS);
    write(first);
    const files = { cert: certFile(), key: keyFile() };
    const used: string[] = [];
    const problems: (string | undefined)[] = [];
    let now = new Date();
    const stop = followCertificateFiles(files, await loadCertificate(files), {
      use: ({ cert }) => void used.push(cert),
      onProblem: (problem) => void problems.push(problem),
      now: () => now,
      times: { quietMs: 20, pollMs: 50, settleMs: 100 },
    });
    onTestFinished(stop);
    const next = await authority.serverCertificate(['localhost'], 4 * HOUR_MS);
    write(next);
    await vi.waitFor(() => expect(problems).toHaveLength(1), soon);
    expect(used).toEqual([]);
    now = new Date(now.getTime() + 2 * HOUR_MS);
    await vi.waitFor(() => expect(used).toEqual([next.cert]), soon);
    expect(problems.slice(1)).toEqual([undefined]);
  });

  test('are used after their directory was replaced, and without a watch', async () => {
    write(await newPair());
    const { used } = await follow({ pollMs: 100 });
    rmSync(path.join(dir, 'mount'), { recursive: true });
    await pause(250);
    mkdirSync(path.join(dir, 'mount'));
    const next = await newPair();
    write(next);
    await vi.waitFor(() => expect(used.at(-1)?.cert).toBe(next.cert), soon);
  });

  test('are reported once a reason, however often they are read', async () => {
    write(await newPair());
    const { problems } = await follow({ pollMs: 50 });
    rmSync(keyFile());
    await pause(1000);
    expect(problems).toHaveLength(1);
  });

  test('report a certificate that expires while it is in use', async () => {
    write(await newPair());
    const problems: (string | undefined)[] = [];
    const files = { cert: certFile(), key: keyFile() };
    let now = new Date();
    const stop = followCertificateFiles(files, await loadCertificate(files), {
      use: () => undefined,
      onProblem: (problem) => void problems.push(problem),
      now: () => now,
      times: { quietMs: 20, pollMs: 50, settleMs: 100 },
    });
    onTestFinished(stop);
    await pause(200);
    expect(problems).toEqual([]);
    now = new Date(now.getTime() + 91 * 24 * 60 * 60 * 1000);
    await vi.waitFor(() => expect(problems).toEqual([expect.stringContaining('expired on')]), soon);
  });
});

describe('a running server', () => {
  function shaken(port: number): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket: TLSSocket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => resolve(socket));
      socket.on('error', reject);
      onTestFinished(() => void socket.destroy());
    });
  }

  const serialOf = (pem: string): string => new X509Certificate(pem).serialNumber;
  const servedTo = (socket: TLSSocket): string | undefined => socket.getPeerX509Certificate()?.serialNumber;

  test('presents the new certificate to new connections on each of its sockets, and keeps open connections', async () => {
    const [old, next] = [await newPair(), await newPair()];
    const tls = createCurrentTls(old);
    const app = createAdmissionServer(tls, { reviews: () => false, onBadUrl: () => undefined });
    app.get('/', () => 'ok');
    const listening = await listenOn(app, { host: '127.0.0.1', port: 0 }, true);
    onTestFinished(async () => {
      await app.close();
      await listening.close();
    });
    const open = await shaken(listening.port);
    expect(servedTo(open)).toBe(serialOf(old.cert));
    tls.change((settings) => ({ ...settings, cert: next.cert, key: next.key }));
    const sockets = await Promise.all(Array.from({ length: 100 }, () => shaken(listening.port)));
    expect(new Set(sockets.map(servedTo))).toEqual(new Set([serialOf(next.cert)]));
    open.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    const [text] = await new Promise<[Buffer]>((resolve) => open.once('data', (chunk: Buffer) => resolve([chunk])));
    expect(text.toString()).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('keeps its certificate when OpenSSL rejects the next one', async () => {
    const [old, next] = [await newPair(), await newPair()];
    const tls = createCurrentTls(old);
    expect(() => tls.change((settings) => ({ ...settings, cert: next.cert }))).toThrow(/key values mismatch/);
    expect(tls.settings.cert).toBe(old.cert);
  });
});
