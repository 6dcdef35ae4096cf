/** `npm run bench`: the built program against its goals, each beside a reference in the same run. Exit 1 when one is missed. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureAlive } from './alive.ts';
import { measureCluster } from './cluster.ts';
import { measureCheck, measureHelp, measureStart } from './commands.ts';
import { measureFacts } from './facts.ts';
import { measureImageCache } from './image-cache.ts';
import { measureMutate } from './mutate.ts';
import { isMissed, type Outcome, outcomeTable } from './outcome.ts';
import { measurePeers } from './peers.ts';
import { measurePin } from './pinning.ts';
import { measureRecord } from './record.ts';
import { measureReplay } from './replay.ts';
import { measureReport } from './report.ts';
import { measureRules } from './rules.ts';
import { measureServe } from './serve.ts';

/** The others only when they are asked for: they take minutes, attack, or need Chromium, the programs of test/cluster, or other tools. */
const USUAL = [
  'serve',
  'mutate',
  'rules',
  'start',
  'help',
  'check',
  'pin',
  'cache',
  'facts',
  'record',
  'replay',
] as const;
const PARTS = [...USUAL, 'alive', 'cluster', 'report', 'peers'] as const;
type Part = (typeof PARTS)[number];

const note = (text: string): void => void process.stderr.write(`${text}\n`);

interface Options {
  readonly parts: readonly Part[];
  readonly seconds: number;
  readonly rounds: number;
  readonly minutes: number;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      seconds: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '20' },
      minutes: { type: 'string', default: '1' },
    },
  });
  const unknown = values.only.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: expected one of ${PARTS.join(', ')}`);
  const parts = values.only.length === 0 ? USUAL : PARTS.filter((part) => values.only.includes(part));
  return {
    parts,
    seconds: count('--seconds', values.seconds),
    rounds: count('--rounds', values.rounds),
    minutes: count('--minutes', values.minutes),
  };
}

function count(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 60)
    throw new Error(`${flag} ${text}: expected a number from 1 to 60`);
  return value;
}

/** Else it would be yesterday's program that is measured. */
function build(): void {
  note('npm run build');
  const { status } = spawnSync('npm', ['run', 'build'], {
    cwd: path.resolve(import.meta.dirname, '../..'),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('npm run build failed');
}

type Measure = (options: Options) => readonly Outcome[] | Promise<readonly Outcome[]>;

const MEASURES: Readonly<Record<Part, Measure>> = {
  serve: async (options) => printed(await measureServe({ ...options, note })),
  mutate: (options) => measureMutate({ ...options, note }),
  rules: (options) => measureRules({ ...options, note }),
  start: measureStart,
  help: measureHelp,
  check: measureCheck,
  pin: measurePin,
  cache: measureImageCache,
  facts: measureFacts,
  record: (options) => measureRecord({ ...options, note }),
  alive: async (options) => printed(await measureAlive({ ...options, note })),
  replay: measureReplay,
  report: measureReport,
  cluster: (options) => measureCluster({ ...options, note }),
  peers: measurePeers,
};

/** Prints the table behind the outcomes. */
function printed({
  outcomes,
  text,
}: {
  readonly outcomes: readonly Outcome[];
  readonly text: string;
}): readonly Outcome[] {
  process.stdout.write(`${text}\n`);
  return outcomes;
}

async function main(): Promise<number> {
  if (process.platform !== 'linux') throw new Error(`this reads /proc, so it needs Linux, not ${process.platform}`);
  const options = readOptions();
  build();
  const outcomes: Outcome[] = [];
  for (const part of options.parts) {
    note(`${part} ...`);
    outcomes.push(...(await MEASURES[part](options)));
  }
  process.stdout.write(outcomeTable(outcomes));
  return outcomes.some(isMissed) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
