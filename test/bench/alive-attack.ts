/**
 * One attack on a server on loopback, for a bounded time, in a process of its own: `node alive-attack.ts NAME PORT SECONDS HANGING
 * ENDLESS`, the last two being the ports of registries that hang and that send without end. Prints what came of it.
 */
import { request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { constants, setPriority } from 'node:os';
import { connect, type TLSSocket } from 'node:tls';

const [name = '', ...numbers] = process.argv.slice(2);
const [port = 0, seconds = 0, hanging = 0, endless = 0] = numbers.map(Number);
const end = performance.now() + seconds * 1000;
/** A neighbor, and what tenants send: that comes from the API server's address, as the victim does. */
const NEIGHBOR = '127.0.0.2';
const API_SERVER = '127.0.0.9';

// The victim has the same core, and is to wait for the server alone.
setPriority(constants.priority.PRIORITY_LOW);

const counts = new Map<string, number>();
const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
const running = (): boolean => performance.now() < end;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function post(body: string, localAddress: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const to = { host: '127.0.0.1', port, localAddress, path: '/validate?timeout=5s', method: 'POST', headers };
  return new Promise((resolve) => {
    const done = (what: string): void => {
      count(what);
      resolve();
    };
    const sent = request({ ...to, agent: false, rejectUnauthorized: false }, (response) => {
      response.resume();
      response.on('end', () => done(String(response.statusCode)));
      response.on('error', () => done('cut'));
    });
    sent.on('error', () => done('no answer'));
    sent.end(body);
  });
}

/** Sends again until the time is over. */
async function repeatedly(parallel: number, send: (index: number) => Promise<void>): Promise<void> {
  const indexes = Array.from({ length: parallel }, (_, index) => index);
  await Promise.all(
    indexes.map(async (index) => {
      for (; running(); await pause(20)) await send(index);
    }),
  );
}

function open(localAddress = NEIGHBOR): TLSSocket {
  const below = connectPlain({ host: '127.0.0.1', port, localAddress });
  const socket = connect({ socket: below, rejectUnauthorized: false });
  below.on('error', () => socket.destroy());
  socket.on('error', () => count('ended by the server'));
  socket.on('secureConnect', () => count('connections'));
  return socket;
}

/** Keeps connections, and opens as many more as have ended. */
async function keepOpen(many: number, use: (socket: TLSSocket) => void): Promise<void> {
  const open_ = new Set<TLSSocket>();
  for (; running(); await pause(10)) {
    for (let added = 0; added < 20 && open_.size < many; added += 1) {
      const socket = open();
      open_.add(socket);
      socket.once('secureConnect', () => use(socket));
      socket.once('close', () => open_.delete(socket));
    }
  }
  for (const socket of open_) socket.destroy();
}

const HEAD = 'POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
const LARGE = 8 * 1024 * 1024;

function pod(namespace: string, images: readonly string[], more = ''): string {
  const containers = images.map((image, index) => ({ name: `c${index}`, image }));
  return `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"a","kind":{"group":"","version":"v1","kind":"Pod"},"namespace":"${namespace}","operation":"CREATE","userInfo":{},"object":{"metadata":{"name":"p"},"spec":{"containers":${JSON.stringify(containers)}${more}}},"dryRun":true}}`;
}

let last = 0;
const images = (host: (index: number) => string, many: number): readonly string[] =>
  Array.from({ length: many }, (_, index) => `${host(index)}/a/b${index}:v${(last += 1)}`);

const VALUES = `{"x":[${'{},'.repeat(2_600_000)}{}]}`;
const FIELDS = `,"x":[${'{"name":"value","b":"ccccccccccccccccccccc"},'.repeat(55_000)}{}]`;

/** An object of 700 KB that is changed in a thousand places, and one of 20,000 findings. */
function updateOf(spec: string, before: string): string {
  const object = (text: string): string => `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":${text}}`;
  return `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"a","kind":{"group":"","version":"v1","kind":"Pod"},"namespace":"updates","operation":"UPDATE","userInfo":{},"object":${object(spec)},"oldObject":${object(before)},"dryRun":true}}`;
}

function specOf(many: number, length: number, tag: string): string {
  const image = (index: number): string => `evil.test/${'a'.repeat(length)}/${index}:${tag}`;
  const containers = Array.from({ length: many }, (_, index) => ({ name: `c${index}`, image: image(index) }));
  const volumes = Array.from({ length: many }, (_, index) => ({
    name: `v${index}`,
    image: { reference: image(index) },
  }));
  return JSON.stringify({ containers, volumes });
}

const CHANGED = updateOf(specOf(1000, 100, 'new'), specOf(1000, 100, 'old'));
const FINDINGS = updateOf(specOf(20_000, 1, 'new'), '{"containers":[]}');

const ATTACKS: Readonly<Record<string, () => Promise<void>>> = {
  values: () => repeatedly(3, () => post(VALUES, NEIGHBOR)),
  bodies: () =>
    keepOpen(27, (socket) => {
      socket.write(`${HEAD}content-length: ${LARGE}\r\n\r\n`);
      socket.write(Buffer.alloc(LARGE - 8, 0x20));
    }),
  waiting: () =>
    repeatedly(40, () =>
      post(
        pod(
          'mine',
          images(() => `127.0.0.1:${hanging}`, 1),
          FIELDS,
        ),
        API_SERVER,
      ),
    ),
  connections: () => keepOpen(3000, () => undefined),
  headers: () =>
    keepOpen(300, (socket) => {
      socket.write(`GET / HTTP/1.1\r\nhost: a\r\n${`x-a: ${'y'.repeat(900)}\r\n`.repeat(15)}`);
    }),
  updates: () => repeatedly(2, () => post(CHANGED, API_SERVER)),
  findings: () => repeatedly(2, () => post(FINDINGS, API_SERVER)),
  secrets: () =>
    repeatedly(60, (n) => {
      const pullSecrets = images((index) => `s${index}`, 3).map((image) => ({ name: image.replace(/[/:]/g, '-') }));
      const where = images(() => `127.0.0.1:${hanging}`, 1);
      return post(pod(`mine-${n % 20}`, where, `,"imagePullSecrets":${JSON.stringify(pullSecrets)}`), API_SERVER);
    }),
  readers: () =>
    keepOpen(100, (socket) => {
      const body = pod(
        'mine',
        Array.from({ length: 50 }, () => 'A:'),
      );
      socket.pause();
      for (let sent = 0; sent < 200; sent += 1) socket.write(`${HEAD}content-length: ${body.length}\r\n\r\n${body}`);
    }),
  handshakes: () => repeatedly(100, () => handshake()),
  endless: () =>
    repeatedly(1, () =>
      post(
        pod(
          'mine',
          images(() => `127.0.0.1:${endless}`, 100),
        ),
        API_SERVER,
      ),
    ),
  names: () =>
    repeatedly(1, () =>
      post(
        pod(
          'mine',
          images((index) => `n${index}-${last}.dead.test`, 20),
        ),
        API_SERVER,
      ),
    ),
  hosts: () =>
    repeatedly(6, (n) =>
      post(
        pod(
          `mine-${n}`,
          images((i) => `n${i}-${last}.hang.test:${hanging}`, 100),
        ),
        API_SERVER,
      ),
    ),
};

function handshake(): Promise<void> {
  const socket = open();
  socket.once('secureConnect', () => socket.destroy());
  const cut = setTimeout(() => socket.destroy(), 5000);
  return new Promise((resolve) => {
    socket.once('close', () => {
      clearTimeout(cut);
      resolve();
    });
  });
}

const attack = ATTACKS[name];
if (attack === undefined) throw new Error(`${name}: expected one of ${Object.keys(ATTACKS).join(', ')}`);
// An answer that never comes must not keep this process.
setTimeout(() => process.exit(0), (seconds + 8) * 1000).unref();
process.on('exit', () => process.stdout.write([...counts].map(([what, many]) => `${many} ${what}`).join(', ')));
await attack();
process.exit(0);
