/** What the server is like under attack, and after it: memory, a victim beside the attack, overload, and a long even load. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Agent } from 'node:https';
import { createServer as createTcpServer, type Server } from 'node:net';
import path from 'node:path';
import { atMost, median, type Outcome, table } from './outcome.ts';
import { CLIENT_CORE, output, pinned, SERVER_CORE, start } from './processes.ts';
import { type Answering, ENV, fileIn, folderIn, freePort, listening, MAIN, NODE } from './program.ts';
import { confine, type Confinement, LIMIT_MIB, startNameServer, statusMiB } from './confined.ts';
import { type CountingRegistry, startRegistry } from './registry.ts';
import { kubeconfigOf, secretsApi } from './secrets-api.ts';
import { ask, reviewOf, suffer, type Suffering } from './victim.ts';

const ALONE = [
  'values',
  'bodies',
  'waiting',
  'connections',
  'headers',
  'readers',
  'handshakes',
  'endless',
  'updates',
  'findings',
  'secrets',
] as const;
/** These need name servers of our own. */
const BY_NAME = ['names', 'hosts'] as const;
const ATTACK_SECONDS = 6;
const SOON_MS = 1000;

export interface AliveOptions {
  readonly minutes: number;
  readonly note: (text: string) => void;
}

export interface Alive {
  readonly outcomes: readonly Outcome[];
  readonly text: string;
}

interface World {
  readonly confinement: Confinement;
  readonly good: CountingRegistry;
  readonly hanging: number;
  readonly endless: number;
  readonly config: string;
}

interface Row extends Suffering {
  readonly attack: string;
  readonly peakMiB: number;
  readonly results: string;
}

export async function measureAlive({ minutes, note }: AliveOptions): Promise<Alive> {
  const good = await startRegistry();
  const hanging = await listenOn(createTcpServer((socket) => void socket.on('error', () => undefined)));
  const endless = await listenOn(endlessRegistry());
  const secrets = await listenOn(secretsApi());
  const confinement = confine();
  const stopNames = confinement.hasNames ? await startNameServer() : () => undefined;
  try {
    const config = configFile(good.host, hanging.port, endless.port, secrets.port);
    const world = { confinement, good, hanging: hanging.port, endless: endless.port, config };
    note(
      `alive: ${confinement.what}${confinement.hasNames ? '' : '; no name servers of its own, so no attack by names'}`,
    );
    const attacks = [...ALONE, ...(confinement.hasNames ? BY_NAME : [])];
    const rows: Row[] = [];
    for (const names of [[], ...attacks.map((one) => [one]), attacks]) {
      rows.push(await underAttack(world, names));
      note(`alive: ${rowText(rows.at(-1)).join(', ')}`);
    }
    const outcomes = [...rows.flatMap(outcomesOf), ...(await loaded(world, minutes, note))];
    const head = ['attack', 'peak MiB', 'reviews of the victim', 'wrong', 'slowest ms', 'what the attacker saw'];
    return { outcomes, text: `${confinement.what}\n\n${table(head, rows.map(rowText))}` };
  } finally {
    stopNames();
    await good.stop();
    hanging.server.close();
    endless.server.close();
    secrets.server.close();
    confinement.end();
  }
}

function listenOn<S extends Server>(server: S): Promise<{ readonly server: S; readonly port: number }> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      // Connections that hang are no reason to go on.
      server.unref();
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 });
    });
  });
}

/** A manifest that never ends; each connection is cut after 4 MiB more than anybody reads. */
function endlessRegistry(): Server {
  const piece = Buffer.alloc(64 * 1024, 0x20);
  return createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.oci.image.index.v1+json' });
    let sent = 0;
    const more = (): void => {
      while (!response.destroyed && sent < 256) {
        sent += 1;
        if (!response.write(piece)) return void response.once('drain', more);
      }
      response.destroy();
    };
    more();
  });
}

function configFile(good: string, hanging: number, endless: number, secrets: number): string {
  const policy = fileIn('alive-policy.yaml');
  const document = (name: string, spec: string): string =>
    `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
  const exists = document('exists', '{rules: [{rule: image-exists, onUnknown: warn}]}');
  // Manifests are read for the attackers alone, since the good registry has none that says how old an image is.
  const age = '{rule: image-age, onUnknown: warn, parameters: {createdAfter: "2026-01-01"}}';
  const allowed = '{rule: image-registry, parameters: {allow: ["registry.example.com/**"]}}';
  const registry = document('registry', `{match: {namespaces: [updates]}, rules: [${allowed}]}`);
  writeFileSync(
    policy,
    `${exists}---\n${registry}---\n${document('age', `{match: {namespaces: [mine]}, rules: [${age}]}`)}`,
  );
  const hosts = [good, `127.0.0.1:${hanging}`, `127.0.0.1:${endless}`, `*.hang.test:${hanging}`];
  const entries = hosts.map((host) => `  - {host: "${host}", insecure: true, allowPrivate: true}\n`);
  const file = fileIn('alive.yaml');
  writeFileSync(file, `policies: [${policy}]\nkubeconfig: ${kubeconfigOf(secrets)}\nregistries:\n${entries.join('')}`);
  return file;
}

async function startConfined({ confinement, config }: World): Promise<Answering> {
  const port = await freePort();
  const flags = ['--listen', `127.0.0.1:${port}`, '--operations-port', '0', '--certs-dir', folderIn('certs')];
  const node = [...NODE, MAIN, 'serve', '--config', config, ...flags];
  const server = start(confinement.wrap(pinned(SERVER_CORE, node)), { env: ENV, cwd: folderIn('empty') });
  await listening({ ...server, port });
  return { ...server, port };
}

async function underAttack(world: World, names: readonly string[]): Promise<Row> {
  const server = await startConfined(world);
  try {
    await ask(server.port, reviewOf(world.good.host));
    const script = path.join(import.meta.dirname, 'alive-attack.ts');
    const numbers = [server.port, ATTACK_SECONDS, world.hanging, world.endless].map(String);
    const attackers = names.map(async (name) => {
      const argv = pinned(CLIENT_CORE, [process.execPath, script, name, ...numbers]);
      return output(argv, process.env, (ATTACK_SECONDS + 20) * 1000);
    });
    const quiet = new Promise((resolve) => setTimeout(resolve, names.length === 0 ? 1000 : 0));
    const over = Promise.all([quiet, ...attackers]);
    const suffering = await suffer(server.port, world.good.host, over);
    const results = (await Promise.all(attackers)).join('; ');
    const died = server.ended();
    if (died !== undefined) return { ...dead(names), results: died };
    return { ...suffering, attack: nameOf(names), peakMiB: statusMiB(server.pid, 'VmHWM'), results };
  } finally {
    await server.stop();
  }
}

const nameOf = (names: readonly string[]): string => (names.length > 1 ? 'together' : (names[0] ?? 'none'));

function dead(names: readonly string[]): Omit<Row, 'results'> {
  const nothing = { sent: Number.NaN, wrong: Number.NaN, slowestMs: Number.NaN, example: 'the server died' };
  return { ...nothing, attack: nameOf(names), peakMiB: Number.NaN };
}

function rowText(row: Row | undefined): readonly string[] {
  if (row === undefined) return [];
  const { attack, peakMiB, sent, wrong, slowestMs, results, example } = row;
  const what = example === '' ? results : `${results} (victim: ${example})`;
  return [attack, peakMiB.toFixed(0), String(sent), String(wrong), slowestMs.toFixed(0), what.slice(0, 300)];
}

function outcomesOf({ attack, peakMiB, wrong, slowestMs, sent, example }: Row): readonly Outcome[] {
  const of = `alive, attack ${attack}`;
  return [
    { measure: `${of}: memory`, value: peakMiB, unit: 'MiB', goal: atMost(LIMIT_MIB), detail: 'VmHWM' },
    { measure: `${of}: wrong answers`, value: wrong, unit: `of ${sent}`, goal: atMost(0), detail: example },
    { measure: `${of}: slowest answer`, value: slowestMs, unit: 'ms', goal: atMost(SOON_MS), detail: '' },
  ];
}

interface Load {
  readonly answered: number;
  readonly wrong: number;
  readonly busy: number;
  readonly slowestMs: number;
}

/** So many at once, each at most every `everyMs`. */
async function drive(
  port: number,
  registry: string,
  pace: { readonly parallel: number; readonly everyMs: number; readonly seconds: number; readonly images?: number },
): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: pace.parallel });
  const end = performance.now() + pace.seconds * 1000;
  let [answered, wrong, busy, slowestMs] = [0, 0, 0, 0];
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      const begin = performance.now();
      const fault = await ask(port, reviewOf(registry, pace.images), agent);
      const took = performance.now() - begin;
      slowestMs = Math.max(slowestMs, took);
      if (fault === undefined) answered += 1;
      else if (fault === 'HTTP 503') busy += 1;
      else wrong += 1;
      if (took < pace.everyMs) await new Promise((resolve) => setTimeout(resolve, pace.everyMs - took));
    }
  };
  await Promise.all(Array.from({ length: pace.parallel }, lane));
  agent.destroy();
  return { answered, wrong, busy, slowestMs };
}

const LANES = 16;
/** What is remembered of images must not pass for a leak. */
const SOAK_IMAGES = 500;

/** Capacity is what this client gets out of 16 connections; three times as much is asked for by three times as many. */
async function loaded(world: World, minutes: number, note: AliveOptions['note']): Promise<readonly Outcome[]> {
  const server = await startConfined(world);
  const { host } = world.good;
  try {
    const { port, pid } = server;
    await drive(port, host, { parallel: LANES, everyMs: 0, seconds: 3 });
    const full = await drive(port, host, { parallel: LANES, everyMs: 0, seconds: 3 });
    const over = await drive(port, host, { parallel: LANES * 12, everyMs: 0, seconds: 4 });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const after = await drive(port, host, { parallel: 1, everyMs: 50, seconds: 1 });
    const perSecond = full.answered / 3;
    note(`alive: ${perSecond.toFixed(0)} reviews per second; ${minutes} minutes at 80 %`);
    const memory: number[] = [];
    const look = setInterval(() => memory.push(statusMiB(pid, 'RssAnon')), Math.max(200, minutes * 600));
    const everyMs = (LANES * 1000) / (perSecond * 0.8);
    const even = await drive(port, host, { parallel: LANES, everyMs, seconds: minutes * 60, images: SOAK_IMAGES });
    clearInterval(look);
    const part = (from: number, to: number): number =>
      median(memory.slice(Math.floor(memory.length * from), Math.ceil(memory.length * to)));
    const growth = (part(0.8, 1) / part(0.4, 0.6) - 1) * 100;
    const detail = `${even.answered} right, slowest ${even.slowestMs.toFixed(0)} ms`;
    return [
      {
        measure: 'alive, 12 x the connections: not answered in 5 s',
        value: over.wrong,
        unit: `of ${over.answered + over.wrong}`,
        goal: atMost(0),
        detail: `${over.busy} times HTTP 503`,
      },
      {
        measure: 'alive, 2 s after it: slowest answer',
        value: after.wrong > 0 ? Number.NaN : after.slowestMs,
        unit: 'ms',
        goal: atMost(SOON_MS),
        detail: '',
      },
      {
        measure: `alive, ${minutes} minutes at 80 %: errors`,
        value: even.wrong + even.busy,
        unit: '',
        goal: atMost(0),
        detail,
      },
      {
        measure: 'alive, the same: memory, second half',
        value: growth,
        unit: '%',
        goal: atMost(5),
        detail: `RssAnon ${part(0.4, 0.6).toFixed(0)} -> ${part(0.8, 1).toFixed(0)} MiB`,
      },
    ];
  } finally {
    await server.stop();
  }
}
