/** Measure 1: reviews per second of the whole server beside the floor. */
import { writeFileSync } from 'node:fs';
import { CLIENT, CONNECTIONS, load, type Load, type LoadOptions } from './load.ts';
import { atLeast, median, type Outcome, table } from './outcome.ts';
import { cpuUs, rssMiB } from './processes.ts';
import { type Answering, fileIn, folderIn, listening, post, startFloor, startGate } from './program.ts';
import { type Body, reviewBodies } from './reviews.ts';

const GOAL = atLeast(0.8);
/** V8 still optimizes after a hundred thousand requests: ten seconds of them. */
export const WARM_SECONDS = 12;

export interface ServeOptions {
  readonly seconds: number;
  readonly rounds: number;
  readonly note: (text: string) => void;
}

/** `text`: the Markdown table behind the outcomes. */
export interface Served {
  readonly outcomes: readonly Outcome[];
  readonly text: string;
}

export interface Round {
  readonly rps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUsPerRequest: number;
}

interface Cell {
  readonly name: string;
  readonly bytes: number;
  readonly floor: readonly Round[];
  readonly gate: readonly Round[];
}

export async function measureServe(options: ServeOptions): Promise<Served> {
  const { note } = options;
  note(`serve: ${CLIENT}`);
  const certsDir = folderIn('certs');
  const server = await startGate(certsDir);
  try {
    await listening(server);
    const floor = await startFloor(certsDir);
    try {
      await listening(floor);
      const cells = await measureCells({ gate: server, floor }, options);
      const rss = rssMiB(server.pid);
      const requests = 'after the load above; for information';
      const outcomes = [
        ...cells.map(outcomeOf),
        { measure: 'serve: RSS under load', value: rss, unit: 'MiB', goal: undefined, detail: requests },
      ];
      return { outcomes, text: cellTable(cells) };
    } finally {
      await floor.stop();
    }
  } finally {
    await server.stop();
  }
}

interface Servers {
  readonly gate: Answering;
  readonly floor: Answering;
}

async function measureCells(servers: Servers, { seconds, rounds, note }: ServeOptions): Promise<readonly Cell[]> {
  const bodies = reviewBodies().map((body, n) => ({ ...body, bodyFile: fileIn(`review-${n}.json`) }));
  for (const { bodyFile, text } of bodies) writeFileSync(bodyFile, text);
  for (const body of bodies) {
    for (const server of [servers.floor, servers.gate]) {
      await expectAllowed(server, body);
      await oneRound(server, { bodyFile: body.bodyFile }, WARM_SECONDS);
    }
  }
  const cells: Cell[] = [];
  for (const { name, text, bodyFile } of bodies) {
    const floor: Round[] = [];
    const server: Round[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      floor.push(await oneRound(servers.floor, { bodyFile }, seconds));
      server.push(await oneRound(servers.gate, { bodyFile }, seconds));
      const ratio = (server.at(-1)?.rps ?? 0) / (floor.at(-1)?.rps ?? 0);
      note(`serve: ${name}, round ${round} of ${rounds}: ${ratio.toFixed(2)} x the floor`);
    }
    cells.push({ name, bytes: Buffer.byteLength(text), floor, gate: server });
  }
  return cells;
}

/** A server that refuses, or that answers something else, would be measured at other work. */
export async function expectAllowed({ port }: Answering, { name, text }: Body): Promise<void> {
  const answer = await post(port, text);
  const { response } = JSON.parse(answer);
  const { request } = JSON.parse(text);
  if (response?.allowed !== true || response.uid !== request.uid)
    throw new Error(`the ${name} review was not allowed: ${answer}`);
}

export async function oneRound(
  server: Answering,
  requested: Pick<LoadOptions, 'bodyFile' | 'path'>,
  seconds: number,
): Promise<Round> {
  const { pid, port } = server;
  const before = cpuUs(pid);
  const done: Load = await load({ ...requested, port, seconds });
  const why =
    server.ended() ??
    (done.failed > 0 ? `${done.failed} of ${done.requests} requests failed on port ${port}` : undefined);
  if (why !== undefined) throw new Error(why);
  return {
    rps: (done.requests * 1e6) / done.us,
    p50Ms: done.p50Us / 1000,
    p99Ms: done.p99Us / 1000,
    cpuUsPerRequest: (cpuUs(pid) - before) / done.requests,
  };
}

/** Each round against the floor's round just before it: the machine is not as fast at noon as at night. */
function ratios({ gate, floor }: Cell, of: (round: Round) => number): readonly number[] {
  return gate.flatMap((round, n) => (floor[n] === undefined ? [] : [of(round) / of(floor[n])]));
}

function outcomeOf(cell: Cell): Outcome {
  const all = ratios(cell, ({ rps }) => rps);
  const cpu = median(ratios(cell, ({ cpuUsPerRequest }) => 1 / cpuUsPerRequest));
  const byTag = cell.name.includes('tags');
  return {
    measure: `serve: ${cell.name}, requests per second against the floor`,
    value: median(all),
    unit: 'x',
    goal: byTag ? undefined : GOAL,
    detail: `rounds ${all.map((one) => one.toFixed(2)).join(' ')}; by CPU time ${cpu.toFixed(2)} x${byTag ? '; with findings, for information' : ''}`,
  };
}

function cellTable(cells: readonly Cell[]): string {
  const rows = cells.flatMap((cell) =>
    (['floor', 'gate'] as const).map((server) => {
      const of = (value: (round: Round) => number): number => median(cell[server].map(value));
      return [
        `${cell.name} (${cell.bytes} B)`,
        server === 'gate' ? 'tidewaiter serve' : 'floor',
        of(({ rps }) => rps).toFixed(0),
        of(({ p50Ms }) => p50Ms).toFixed(2),
        of(({ p99Ms }) => p99Ms).toFixed(2),
        of(({ cpuUsPerRequest }) => cpuUsPerRequest).toFixed(0),
      ];
    }),
  );
  return `${CLIENT}, ${CONNECTIONS} connections\n\n${table(['body', 'server', 'requests/s', 'p50 ms', 'p99 ms', 'CPU us/request'], rows)}`;
}
