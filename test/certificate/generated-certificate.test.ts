import { execFile, execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkServerIdentity } from 'node:tls';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ensureCertificate,
  loadCertificate,
  type ServingCertificate,
} from '../../src/certificate/generated-certificate.ts';
import { describeWith } from '../support/real-part.ts';
import { UserError } from '../../src/error/user-error.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = new Date();
const later = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);
const dayOf = (date: Date): string => date.toISOString().slice(0, 10);

// Other processes are started, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tidewaiter-tls-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (name: string): string => path.join(dir, name);
const read = (name: string): string => readFileSync(file(name), 'utf8');
const all = (): readonly string[] => ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'].map(read);

/** One real TLS handshake on loopback and a GET, as a client that trusts `ca` and believes to talk to `name`. */
async function get(
  { cert, key }: Pick<ServingCertificate, 'cert' | 'key'>,
  name: string,
  ca: string | undefined,
): Promise<string> {
  const server = createServer({ cert, key }, (_request, response) => response.end('welcome'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        ca,
        agent: false,
        checkServerIdentity: (_: string, peer: Parameters<typeof checkServerIdentity>[1]) =>
          checkServerIdentity(name, peer),
      };
      const sent = request(options, (response) => {
        response.setEncoding('utf8').on('data', resolve).on('error', reject);
      });
      sent.on('error', reject).end();
    });
  } finally {
    server.close();
  }
}

/** Returns the message; fails if it is not from a UserError, or contains a part of a key. */
async function rejection(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  for (const name of existsSync(dir) && statSync(dir).isDirectory() ? readdirSync(dir) : []) {
    if (!name.includes('key') || !statSync(file(name)).isFile()) continue;
    for (const line of read(name).split('\n'))
      if (line.length >= 16 && !line.startsWith('-----')) expect(message).not.toContain(line.slice(0, 16));
  }
  return message.replaceAll(dir, 'DIR');
}

describe('ensureCertificate', () => {
  test.each([
    'localhost',
    '127.0.0.1',
    '::1',
    'tidewaiter.tidewaiter.svc',
    'tidewaiter.tidewaiter.svc.cluster.local',
    '10.1.2.3',
    'gate.example.com',
  ])('makes a certificate that a client with ca.crt accepts for %s', async (name) => {
    const certificate = await ensureCertificate(dir, ['10.1.2.3', 'gate.example.com']);
    expect(await get(certificate, name, read('ca.crt'))).toBe('welcome');
  });

  test('makes a certificate that is rejected for another name, and by a client without ca.crt', async () => {
    const certificate = await ensureCertificate(dir, []);
    await expect(get(certificate, 'evil.example.com', certificate.ca)).rejects.toThrow(
      /does not match certificate's altnames/,
    );
    await expect(get(certificate, 'localhost', undefined)).rejects.toThrow(/unable to verify the first certificate/);
  });

  test('answers what it wrote, and says where', async () => {
    const { cert, key, ca, from, notAfter, notes } = await ensureCertificate(path.join(dir, 'a', 'b'), [], NOW);
    expect([ca, cert, key]).toEqual(['a/b/ca.crt', 'a/b/tls.crt', 'a/b/tls.key'].map(read));
    expect(from).toBe(file('a/b/tls.crt'));
    expect(dayOf(notAfter)).toBe(dayOf(later(90)));
    expect(notes).toEqual([]);
    expect(readdirSync(file('a/b')).sort()).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
  });

  test('makes EC P-256 keys, signatures with SHA-256, an authority of ten years that signs only leaves', async () => {
    const { cert, ca } = await ensureCertificate(dir, [], NOW);
    const [leaf, authority] = [new X509Certificate(cert), new X509Certificate(ca ?? '')];
    for (const each of [leaf, authority]) {
      expect(each.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
      // ecdsa-with-SHA256, 1.2.840.10045.4.3.2, in DER.
      expect(each.raw.includes(Buffer.from('06082a8648ce3d040302', 'hex'))).toBe(true);
      expect(each.validFromDate.getTime()).toBeLessThanOrEqual(NOW.getTime() - 3_599_000);
    }
    expect([leaf.ca, authority.ca]).toEqual([false, true]);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(dayOf(authority.validToDate)).toBe(dayOf(later(3650)));
  });

  test('makes the keys readable for the owner only', async () => {
    await ensureCertificate(dir, []);
    const modes = ['ca.key', 'tls.key'].map((name) => statSync(file(name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
  });

  const HOSTS: readonly (readonly [string, string])[] = [
    ['GATE.Example.com.', 'DNS:gate.example.com'],
    ['bücher.example', 'DNS:xn--bcher-kva.example'],
    ['a_b', 'DNS:a_b'],
    ['10.1.2.3', 'IP Address:10.1.2.3'],
    ['FE80::1%eth0', 'IP Address:FE80:0:0:0:0:0:0:1'],
    ['::ffff:10.1.2.3', 'IP Address:0:0:0:0:0:FFFF:A01:203'],
  ];

  test.each(HOSTS)('names the host %s as %s, once, and reuses it', async (host, name) => {
    const first = await ensureCertificate(dir, [host, host]);
    expect(new X509Certificate(first.cert).subjectAltName?.split(', ').slice(5)).toEqual([name]);
    expect((await ensureCertificate(dir, [host])).cert).toBe(first.cert);
  });

  test.each(['', 'a b', 'a/b', '*', 'x"y', '[::1]', `${'a'.repeat(64)}.example`])(
    'does not take %j for a host',
    async (host) => {
      expect(await rejection(ensureCertificate(dir, [host]))).toBe(
        `cannot generate a certificate for ${JSON.stringify(host)}; expected a DNS name or an IP address`,
      );
      expect(readdirSync(dir)).toEqual([]);
    },
  );

  test('reuses everything while it is good for 30 more days', async () => {
    const { cert } = await ensureCertificate(dir, [], NOW);
    const before = all();
    const again = await ensureCertificate(dir, ['LOCALHOST'], later(59));
    expect(again).toMatchObject({ cert, notes: [] });
    expect(all()).toEqual(before);
  });

  test('serves without the key of the authority until there is something to sign', async () => {
    const { cert, ca } = await ensureCertificate(dir, [], NOW);
    rmSync(file('ca.key'));
    expect(await ensureCertificate(dir, [], NOW)).toMatchObject({ cert, notes: [] });
    const renewed = await ensureCertificate(dir, [], later(70));
    expect(renewed.ca).not.toBe(ca);
    expect(renewed.notes).toEqual(
      ['regenerated DIR/ca.crt: it did not match ca.key', 'regenerated DIR/tls.crt: it was not signed by ca.crt'].map(
        (note) => note.replace('DIR', dir),
      ),
    );
  });

  interface Mend {
    readonly title: string;
    readonly spoil?: (() => void | Promise<void>) | undefined;
    readonly hosts?: readonly string[];
    readonly now?: Date;
    readonly notes: readonly string[];
    /** Files that stay as they are. */
    readonly kept: readonly string[];
  }

  const spoilt = (name: string, text: string) => () => writeFileSync(file(name), text);
  const gone = (name: string) => () => rmSync(file(name));
  const p256 = (): string =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const KEPT_CA = ['ca.crt', 'ca.key'];

  const MENDS: readonly Mend[] = [
    {
      title: 'a leaf that ends within 30 days',
      now: later(61),
      kept: [...KEPT_CA, 'tls.key'],
      notes: [`tls.crt expires on ${dayOf(later(90))}`],
    },
    {
      title: 'a leaf that has ended',
      now: later(91),
      kept: [...KEPT_CA, 'tls.key'],
      notes: [`tls.crt expired on ${dayOf(later(90))}`],
    },
    {
      title: 'a leaf from the future',
      now: later(-2),
      kept: ['ca.key', 'tls.key'],
      notes: [
        `ca.crt is not valid before ${dayOf(later(-1 / 24))}`,
        `tls.crt is not valid before ${dayOf(later(-1 / 24))}`,
      ],
    },
    {
      title: 'an authority that would end before a new leaf',
      now: later(3600),
      kept: ['ca.key', 'tls.key'],
      notes: [`ca.crt expires on ${dayOf(later(3650))}`, `tls.crt expired on ${dayOf(later(90))}`],
    },
    {
      title: 'a leaf that lacks a host',
      hosts: ['10.9.8.7'],
      kept: [...KEPT_CA, 'tls.key'],
      notes: ['tls.crt did not include "10.9.8.7"'],
    },
    { title: 'a leaf that is not there', spoil: gone('tls.crt'), kept: [...KEPT_CA, 'tls.key'], notes: [] },
    {
      title: 'a key that is not there',
      spoil: gone('tls.key'),
      kept: KEPT_CA,
      notes: ['tls.crt did not match tls.key'],
    },
    {
      title: 'an authority that is not there',
      spoil: gone('ca.crt'),
      kept: ['ca.key', 'tls.key', 'tls.crt'],
      notes: [],
    },
    {
      title: 'a leaf cut short',
      spoil: () => writeFileSync(file('tls.crt'), read('tls.crt').slice(0, 200)),
      kept: [...KEPT_CA, 'tls.key'],
      notes: ['tls.crt was damaged (kept as tls.crt.damaged)'],
    },
    {
      title: 'an empty leaf',
      spoil: spoilt('tls.crt', ''),
      kept: [...KEPT_CA, 'tls.key'],
      notes: ['tls.crt was damaged (kept as tls.crt.damaged)'],
    },
    {
      title: 'a key full of zeros',
      spoil: spoilt('tls.key', '\0'.repeat(241)),
      kept: KEPT_CA,
      notes: ['tls.key was damaged (kept as tls.key.damaged)', 'tls.crt did not match tls.key'],
    },
    {
      title: 'the key of another leaf',
      spoil: () => spoilt('tls.key', p256())(),
      kept: [...KEPT_CA, 'tls.key'],
      notes: ['tls.crt did not match tls.key'],
    },
    {
      title: 'the key of another authority',
      spoil: () => spoilt('ca.key', p256())(),
      now: later(61),
      kept: ['ca.key', 'tls.key'],
      notes: ['ca.crt did not match ca.key', 'tls.crt was not signed by ca.crt'],
    },
    {
      title: 'a damaged authority',
      spoil: spoilt('ca.crt', 'nonsense'),
      kept: ['ca.key', 'tls.key', 'tls.crt'],
      notes: ['ca.crt was damaged (kept as ca.crt.damaged)'],
    },
    {
      title: 'a damaged key of the authority that has to sign',
      spoil: spoilt('ca.key', 'nonsense'),
      now: later(61),
      kept: ['tls.key'],
      notes: [
        'ca.key was damaged (kept as ca.key.damaged)',
        'ca.crt did not match ca.key',
        'tls.crt was not signed by ca.crt',
      ],
    },
    {
      title: 'an authority that is a leaf',
      spoil: () => writeFileSync(file('ca.crt'), read('tls.crt')),
      kept: ['ca.key', 'tls.key', 'tls.crt'],
      notes: ['ca.crt did not match ca.key'],
    },
  ];

  test.each(MENDS)('mends $title and says so', async ({ spoil, hosts = [], now = NOW, notes, kept }) => {
    await ensureCertificate(dir, ['kept.example.com'], NOW);
    await spoil?.();
    const before = new Map(kept.map((name) => [name, read(name)]));
    const mended = await ensureCertificate(dir, hosts, now);
    expect(mended.notes).toEqual(notes.map((note) => `regenerated ${path.join(dir, note.replace(' ', ': it '))}`));
    expect(new Map(kept.map((name) => [name, read(name)]))).toEqual(before);
    const leaf = new X509Certificate(read('tls.crt'));
    expect([
      leaf.checkPrivateKey(createPrivateKey(read('tls.key'))),
      leaf.verify(new X509Certificate(read('ca.crt')).publicKey),
    ]).toEqual([true, true]);
    expect(await ensureCertificate(dir, hosts, now)).toMatchObject({ cert: mended.cert, notes: [] });
  });

  test('keeps damaged files next to the new ones, and keeps all earlier hosts', async () => {
    await ensureCertificate(dir, ['one.example.com', '10.0.0.1'], NOW);
    const both = await ensureCertificate(dir, ['two.example.com'], NOW);
    expect(both.notes).toHaveLength(1);
    expect(await ensureCertificate(dir, ['one.example.com', '10.0.0.1'], NOW)).toMatchObject({
      cert: both.cert,
      notes: [],
    });
    writeFileSync(file('tls.key'), 'precious');
    await ensureCertificate(dir, [], NOW);
    expect(read('tls.key.damaged')).toBe('precious');
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const FOREIGN: readonly (readonly [string, string, () => string | Promise<string>])[] = [
    ['an RSA key', 'tls.key', () => rsa.export({ type: 'pkcs8', format: 'pem' }).toString()],
    [
      'an encrypted key',
      'ca.key',
      () => rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
    ],
    ['the certificate of another authority', 'ca.crt', async () => (await given({})).cert],
    ['a certificate of another authority', 'tls.crt', async () => (await given({})).cert],
  ];

  test.each(FOREIGN)('leaves %s in %s alone', async (_, name, make) => {
    await ensureCertificate(dir, []);
    const text = await make();
    writeFileSync(file(name), text);
    expect(await rejection(ensureCertificate(dir, []))).toBe(
      `"DIR/${name}" was not generated by tidewaiter and is left unchanged; move it, choose another directory with --certs-dir, or set --cert and --key`,
    );
    expect(read(name)).toBe(text);
  });

  const ELSEWHERE = 'choose another directory with --certs-dir, or set --cert and --key';

  test('says when the folder is a file, or a file is a folder', async () => {
    writeFileSync(file('certs'), '');
    expect(await rejection(ensureCertificate(file('certs'), []))).toBe(
      `cannot read "DIR/certs/ca.key": part of the path is not a directory; ${ELSEWHERE}`,
    );
    mkdirSync(file('other/tls.crt'), { recursive: true });
    expect(await rejection(ensureCertificate(file('other'), []))).toBe(
      `cannot read "DIR/other/tls.crt": it is a directory; ${ELSEWHERE}`,
    );
  });

  test.runIf(existsSync('/proc/self'))('ends where no folder can be created, and says so', async () => {
    expect(await rejection(ensureCertificate('/proc/tidewaiter/certs', []))).toBe(
      `cannot write "/proc/tidewaiter/certs/ca.key": no such file; ${ELSEWHERE}`,
    );
  });

  test('says when the folder cannot be written, and serves from it once it is filled', async () => {
    chmodSync(dir, 0o755);
    mkdirSync(file('locked'), { mode: 0o555 });
    expect(await asNobody(file('locked'))).toBe(
      `UserError: cannot write "${file('locked/ca.key')}": permission denied; ${ELSEWHERE}`,
    );
    await ensureCertificate(file('locked'), []);
    chmodSync(file('locked'), 0o555);
    for (const name of ['ca.key', 'tls.key']) chmodSync(file(`locked/${name}`), 0o444);
    expect(await asNobody(file('locked'))).toBe('');
  });

  test.each([
    ['an empty folder', undefined],
    ['a damaged key', 'tls.key'],
    ['a damaged authority', 'ca.key'],
  ])('is not confused by other processes that start at once in %s', async (_, damaged) => {
    if (damaged !== undefined) {
      await ensureCertificate(dir, []);
      writeFileSync(file(damaged), '');
      if (damaged === 'ca.key') rmSync(file('tls.crt'));
    }
    const served = await Promise.all(
      Array.from({ length: 4 }, (__, index) => inChild(dir, `host-${index}.example.com`)),
    );
    const [ca, leaf] = [new X509Certificate(read('ca.crt')), new X509Certificate(read('tls.crt'))];
    expect(leaf.checkPrivateKey(createPrivateKey(read('tls.key')))).toBe(true);
    for (const each of [leaf, ...served.map((text) => new X509Certificate(text))])
      expect(each.verify(ca.publicKey)).toBe(true);
    expect(readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

const run = promisify(execFile);
const MODULE = path.resolve(import.meta.dirname, '../../src/certificate/generated-certificate.ts');

/** The certificate that another process gets. */
async function inChild(folder: string, host: string): Promise<string> {
  const script = `import { ensureCertificate } from ${JSON.stringify(MODULE)};
process.stdout.write((await ensureCertificate(${JSON.stringify(folder)}, [${JSON.stringify(host)}])).cert);`;
  return (await run(process.execPath, ['--input-type=module', '-e', script])).stdout;
}

/** Returns the message for a user without permissions; root, who can write everywhere, becomes another user for it. */
async function asNobody(folder: string): Promise<string> {
  const script = `import { ensureCertificate } from ${JSON.stringify(MODULE)};
if (process.getuid() === 0) process.setuid(65534);
try { await ensureCertificate(${JSON.stringify(folder)}, []); } catch (error) { process.stdout.write(String(error)); }`;
  return (await run(process.execPath, ['--input-type=module', '-e', script])).stdout;
}

type Extensions = NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>;
const NAMED: Extensions = [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'gate.example.com' }] }];

interface GivenOptions {
  readonly extensions?: Extensions;
  readonly from?: Date;
  readonly to?: Date;
  readonly keySize?: number;
}

async function given({
  extensions = NAMED,
  from = later(-1),
  to = later(30),
  keySize,
}: GivenOptions): Promise<{ cert: string; key: string }> {
  const kind =
    keySize === undefined ? ({ keyType: 'ec', curve: 'P-256' } as const) : ({ keyType: 'rsa', keySize } as const);
  const made = await generate([{ name: 'commonName', value: 'gate.example.com' }], {
    ...kind,
    algorithm: 'sha256',
    notBeforeDate: from,
    notAfterDate: to,
    extensions,
  });
  return { cert: `${made.cert}\n`, key: made.private };
}

describe('loadCertificate', () => {
  test('takes a chain with the certificate first, and its key', async () => {
    const [leaf, other] = [await given({}), await given({})];
    writeFileSync(file('a.crt'), leaf.cert + other.cert);
    writeFileSync(file('a.key'), leaf.key);
    const loaded = await loadCertificate({ cert: file('a.crt'), key: file('a.key') });
    expect(loaded).toMatchObject({
      cert: leaf.cert + other.cert,
      key: leaf.key,
      ca: undefined,
      from: file('a.crt'),
      notes: [],
    });
    expect(dayOf(loaded.notAfter)).toBe(dayOf(later(30)));
    expect(await get(loaded, 'gate.example.com', leaf.cert)).toBe('welcome');
  });

  const USAGES: readonly (readonly [string, Extensions])[] = [
    ['for servers', [...NAMED, { name: 'extKeyUsage', serverAuth: true, clientAuth: true }]],
    ['for no use in particular', NAMED],
  ];

  test.each(USAGES)('takes a certificate %s', async (_, extensions) => {
    const { cert, key } = await given({ extensions });
    writeFileSync(file('a.crt'), cert);
    writeFileSync(file('a.key'), key);
    expect((await loadCertificate({ cert: file('a.crt'), key: file('a.key') })).cert).toBe(cert);
  });

  interface Bad {
    readonly title: string;
    readonly made?: GivenOptions;
    readonly files?: (pair: {
      cert: string;
      key: string;
    }) => Promise<{ cert?: string; key?: string }> | { cert?: string; key?: string };
    readonly message: string;
  }

  const PEM_CERT = 'expected PEM that begins with "-----BEGIN CERTIFICATE-----"';
  const PEM_KEY = 'expected PEM that begins with "-----BEGIN PRIVATE KEY-----"';
  const encrypted = (pem: string, type: 'pkcs8' | 'sec1'): string =>
    createPrivateKey(pem).export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString();

  const BAD: readonly Bad[] = [
    {
      title: 'has ended',
      made: { from: later(-30), to: later(-1) },
      message: `certificate "DIR/a.crt": it expired on ${dayOf(later(-1))}; use a certificate that is valid now`,
    },
    {
      title: 'has not begun',
      made: { from: later(1), to: later(3) },
      message: `certificate "DIR/a.crt": it is not valid before ${dayOf(later(1))}; use a certificate that is valid now`,
    },
    {
      title: 'has only a common name',
      made: { extensions: [{ name: 'basicConstraints', cA: false }] },
      message:
        'certificate "DIR/a.crt": no subjectAltName; API servers ignore the common name, so add the host there, for example DNS:tidewaiter.tidewaiter.svc',
    },
    {
      title: 'is for clients',
      made: { extensions: [...NAMED, { name: 'extKeyUsage', clientAuth: true }] },
      message: 'certificate "DIR/a.crt": its extended key usage does not include serverAuth',
    },
    {
      title: 'belongs to another key',
      files: async () => ({ key: (await given({})).key }),
      message: 'the private key "DIR/a.key" does not match the certificate "DIR/a.crt"',
    },
    {
      title: 'is second',
      files: async ({ cert }) => ({ cert: (await given({})).cert + cert }),
      message: 'certificate "DIR/a.crt": certificate 2 matches the private key "DIR/a.key"; put it first',
    },
    {
      title: 'is swapped with its key',
      files: ({ cert, key }) => ({ cert: key, key: cert }),
      message: `certificate "DIR/a.crt": it contains no certificate but a private key (are the files swapped?); ${PEM_CERT}`,
    },
    {
      title: 'is given twice',
      files: ({ cert }) => ({ key: cert }),
      message: `private key "DIR/a.key": it contains no readable private key but a certificate (are the files swapped?); ${PEM_KEY}`,
    },
    {
      title: 'is DER',
      files: ({ cert }) => ({ cert: new X509Certificate(cert).raw.toString('latin1') }),
      message: `certificate "DIR/a.crt": it contains no certificate; ${PEM_CERT}`,
    },
    {
      title: 'is an empty file',
      files: () => ({ cert: '' }),
      message: `certificate "DIR/a.crt": it contains no certificate; ${PEM_CERT}`,
    },
    {
      title: 'is damaged inside',
      files: ({ cert }) => ({
        cert: cert.replace('-----BEGIN CERTIFICATE-----\nMII', '-----BEGIN CERTIFICATE-----\nNII'),
      }),
      message: 'certificate "DIR/a.crt": certificate 1 is damaged; use complete PEM certificates',
    },
    {
      title: 'is followed by a damaged one',
      files: ({ cert }) => ({ cert: `${cert}${cert.replace('\nMII', '\n')}` }),
      message: 'certificate "DIR/a.crt": certificate 2 is damaged; use complete PEM certificates',
    },
    {
      title: 'has an invalid key',
      files: () => ({ key: 'a secret that is no key' }),
      message: `private key "DIR/a.key": it contains no readable private key; ${PEM_KEY}`,
    },
    {
      title: 'has a key cut short',
      files: ({ key }) => ({ key: key.slice(0, 120) }),
      message: `private key "DIR/a.key": it contains no readable private key; ${PEM_KEY}`,
    },
    {
      title: 'has an encrypted key',
      files: ({ key }) => ({ key: encrypted(key, 'pkcs8') }),
      message: 'private key "DIR/a.key": the key is encrypted; remove the passphrase, for example with openssl pkey',
    },
    {
      title: 'has an encrypted key of the old form',
      files: ({ key }) => ({ key: encrypted(key, 'sec1') }),
      message: 'private key "DIR/a.key": the key is encrypted; remove the passphrase, for example with openssl pkey',
    },
  ];

  test.each(BAD)('rejects a certificate that $title', async ({ made = {}, files, message }) => {
    const pair = await given(made);
    const { cert, key } = { ...pair, ...(await files?.(pair)) };
    writeFileSync(file('a.crt'), cert, 'latin1');
    writeFileSync(file('a.key'), key);
    expect(await rejection(loadCertificate({ cert: file('a.crt'), key: file('a.key') }))).toBe(message);
  });

  test('rejects a key that OpenSSL finds too small', async () => {
    const { cert, key } = await given({ keySize: 1024 });
    writeFileSync(file('a.crt'), cert);
    writeFileSync(file('a.key'), key);
    expect(await rejection(loadCertificate({ cert: file('a.crt'), key: file('a.key') }))).toMatch(
      /^certificate "DIR\/a\.crt": OpenSSL rejects it: .*ee key too small; use RSA 2048 or EC P-256$/,
    );
  });

  test('says which file cannot be read and why', async () => {
    const { cert } = await given({});
    writeFileSync(file('a.crt'), cert);
    expect(await rejection(loadCertificate({ cert: file('no.crt'), key: file('a.key') }))).toBe(
      'cannot read the certificate "DIR/no.crt": no such file; set "cert" (--cert) to a PEM file, or remove "cert" and "key" to use a generated certificate',
    );
    expect(await rejection(loadCertificate({ cert: file('a.crt'), key: file('a.key') }))).toBe(
      'cannot read the private key "DIR/a.key": no such file; set "key" (--key) to a PEM file, or remove "cert" and "key" to use a generated certificate',
    );
    expect(await rejection(loadCertificate({ cert: file('a.crt'), key: dir }))).toBe(
      'cannot read the private key "DIR": it is a directory; set "key" (--key) to a PEM file, or remove "cert" and "key" to use a generated certificate',
    );
  });
});

function missingOpenssl(): string | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'openssl is not on PATH (apt-get install openssl)';
  }
}

describeWith(missingOpenssl(), 'openssl', () => {
  test.each([
    ['-verify_ip', '127.0.0.1'],
    ['-verify_ip', '::1'],
    ['-verify_hostname', 'tidewaiter.tidewaiter.svc'],
  ])('verifies what was made, for a TLS server, with %s %s', async (flag, name) => {
    await ensureCertificate(dir, []);
    const { stdout } = await run('openssl', [
      'verify',
      '-x509_strict',
      '-CAfile',
      file('ca.crt'),
      '-purpose',
      'sslserver',
      flag,
      name,
      file('tls.crt'),
    ]);
    expect(stdout).toBe(`${file('tls.crt')}: OK\n`);
  });

  test('still verifies the old certificate under a renewed authority, and the new one under the old', async () => {
    await ensureCertificate(dir, [], NOW);
    for (const name of ['ca', 'tls']) writeFileSync(file(`old-${name}.crt`), read(`${name}.crt`));
    rmSync(file('ca.crt'));
    rmSync(file('tls.crt'));
    await ensureCertificate(dir, [], NOW);
    expect(read('ca.crt')).not.toBe(read('old-ca.crt'));
    await run('openssl', ['verify', '-CAfile', file('ca.crt'), file('old-tls.crt')]);
    await run('openssl', ['verify', '-CAfile', file('old-ca.crt'), file('tls.crt')]);
  });
});
