/** Replays of generated recordings, against parsing the same lines as JSON. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { atLeast, atMost, median, type Outcome, spread } from './outcome.ts';
import {
  CLIENT_CORE,
  type Command,
  cpuMs,
  peakMiB,
  SERVER_CORE,
  standardOutput,
  wallAndCpuMs,
  wallMsTogether,
} from './processes.ts';
import { command, fileIn } from './program.ts';
import { DISTINCT_IMAGES, DISTINCT_OWNERS, writeRecording } from './recordings.ts';

const REVIEWS = 50_000;
/** What the first reviews take is the start of the program. */
const FIRST_REVIEWS = 10_000;
const MANY_REVIEWS = 100_000;
/** So many that the start of a thread does not matter. */
const LARGE_REVIEWS = 200_000;
const ROUNDS = 5;
/** Each takes a minute. */
const LARGE_ROUNDS = 3;
const WARM_UPS = 1;
const DIFFERENT = 1;

export async function measureReplay(): Promise<readonly Outcome[]> {
  const [few, plain] = [fileIn('replay-first.ndjson'), fileIn('replay.ndjson')];
  await writeRecording(few, FIRST_REVIEWS, false);
  const { bytes, different } = await writeRecording(plain, REVIEWS, false);
  expectSummary(plain, different);
  const large = fileIn('replay-large.ndjson');
  const { bytes: largeBytes } = await writeRecording(large, LARGE_REVIEWS, false);
  return [
    rate(few, plain),
    ...(await speedUp(plain, sizeText(REVIEWS, bytes), ROUNDS)),
    ...(await speedUp(large, sizeText(LARGE_REVIEWS, largeBytes), LARGE_ROUNDS)),
    await memory(),
    await memoryOfMany(),
  ];
}

const sizeText = (reviews: number, bytes: number): string => `${reviews} reviews, ${(bytes / 1e6).toFixed(0)} MB`;

type Times = ReturnType<typeof wallAndCpuMs>;

const replay = (jobs: number, file: string): Command => command(['replay', file, '--jobs', String(jobs)], DIFFERENT);

/** A replay that skips reviews would be fast. */
function expectSummary(file: string, different: number): void {
  const { summary } = JSON.parse(standardOutput(command(['replay', file, '-o', 'json'], DIFFERENT)));
  if (summary.reviews !== REVIEWS || summary.different !== different || summary.changes['newly-allowed'] !== different)
    throw new Error(`replay: ${JSON.stringify(summary)}, expected ${REVIEWS} reviews and ${different} newly allowed`);
}

function rate(few: string, all: string): Outcome {
  const parse = (file: string): Command => ({
    ...replay(1, file),
    argv: [path.join(import.meta.dirname, 'parse-lines.ts'), file],
    exitCode: 0,
  });
  const eachUs = (of: (file: string) => Command): number =>
    ((cpuMs(of(all)) - cpuMs(of(few))) / (REVIEWS - FIRST_REVIEWS)) * 1000;
  const pairs = rounds(() => [eachUs(parse), eachUs((file) => replay(1, file))] as const);
  return {
    measure: 'replay: each review of 6 KB after the first 10,000, against JSON.parse of its line, in CPU time',
    value: median(pairs.map(([reference, ours]) => reference / ours)),
    unit: 'x',
    goal: atLeast(0.5),
    detail: `${spread(pairs.map(([, ours]) => ours))} us; JSON.parse: ${spread(pairs.map(([reference]) => reference))} us`,
  };
}

/**
 * Two cores with two threads, against one core with one. On both cores, V8 of one thread compiles and collects garbage beside it, which is
 * a part of what the second core gives.
 */
async function speedUp(file: string, size: string, count: number): Promise<readonly Outcome[]> {
  const alone = { ...replay(1, file), core: SERVER_CORE };
  const apart = [alone, { ...alone, core: CLIENT_CORE }];
  const times: { readonly one: Times; readonly two: Times; readonly apartMs: number }[] = [];
  for (let round = 0; round < WARM_UPS + count; round += 1)
    times.push({ one: wallAndCpuMs(alone), two: wallAndCpuMs(replay(2, file)), apartMs: await wallMsTogether(apart) });
  const measured = times.slice(WARM_UPS);
  const wall = (of: 'one' | 'two'): string => spread(measured.map((round) => round[of].wall));
  const cpuRatio = median(measured.map(({ one, two }) => two.cpu / one.cpu));
  return [
    {
      measure: `replay: ${size}, two threads on two cores against one on one core`,
      value: median(measured.map(({ one, two }) => one.wall / two.wall)),
      unit: 'x',
      goal: atLeast(1.7),
      detail: `${wall('two')} ms; one: ${wall('one')} ms; CPU time of two: ${cpuRatio.toFixed(2)} x that of one`,
    },
    {
      measure: `replay: ${size}, two processes with one thread each at the same time, reviews per second against one`,
      value: median(measured.map(({ one, apartMs }) => (2 * one.wall) / apartMs)),
      unit: 'x',
      goal: undefined,
      detail: 'what this machine gives to work that shares nothing; for information',
    },
  ];
}

async function memory(): Promise<Outcome> {
  const file = fileIn('replay.ndjson.zst');
  await writeRecording(file, MANY_REVIEWS, true);
  const peaks = Array.from({ length: 3 }, () => peakMiB(replay(2, file)));
  return {
    measure: `replay: ${MANY_REVIEWS} reviews, two threads, peak RSS`,
    value: median(peaks),
    unit: 'MiB',
    goal: atMost(250),
    detail: spread(peaks),
  };
}

const DENIES_ALL = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: none}
spec: {rules: [{rule: image-registry, parameters: {allow: [other.example.com/**]}}]}
`;

/** Nothing that a report lists is equal. */
async function memoryOfMany(): Promise<Outcome> {
  const [file, policy] = [fileIn('replay-many.ndjson.zst'), fileIn('denies-all.yaml')];
  writeFileSync(policy, DENIES_ALL);
  await writeRecording(file, MANY_REVIEWS, true, { ...DISTINCT_OWNERS, ...DISTINCT_IMAGES });
  const peak = peakMiB(command(['replay', file, '--jobs', '2', '--policy', policy, '--verbose'], DIFFERENT));
  return {
    measure: `replay: ${MANY_REVIEWS} reviews, each with an owner and messages of its own, all different, two threads, peak RSS`,
    value: peak,
    unit: 'MiB',
    goal: atMost(250),
    detail: 'text with --verbose',
  };
}

function rounds<T>(measure: () => T): readonly T[] {
  return Array.from({ length: WARM_UPS + ROUNDS }, measure).slice(WARM_UPS);
}
