/** Replays of generated recordings, against parsing the same lines as JSON. */
import path from 'node:path';
import { atLeast, atMost, median, type Outcome, spread } from './outcome.ts';
import { type Command, cpuMs, peakMiB, standardOutput, wallAndCpuMs } from './processes.ts';
import { command, fileIn } from './program.ts';
import { writeRecording } from './recordings.ts';

const REVIEWS = 50_000;
/** What the first reviews take is the start of the program. */
const FIRST_REVIEWS = 10_000;
const MANY_REVIEWS = 100_000;
/** So many that the start of a thread does not matter. */
const LARGE_REVIEWS = 200_000;
const ROUNDS = 5;
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
    speedUp(plain, sizeText(REVIEWS, bytes)),
    speedUp(large, sizeText(LARGE_REVIEWS, largeBytes)),
    await memory(),
  ];
}

const sizeText = (reviews: number, bytes: number): string => `${reviews} reviews, ${(bytes / 1e6).toFixed(0)} MB`;

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

function speedUp(file: string, size: string): Outcome {
  const pairs = rounds(() => [wallAndCpuMs(replay(1, file)), wallAndCpuMs(replay(2, file))] as const);
  const cpuRatio = median(pairs.map(([alone, both]) => both.cpu / alone.cpu));
  const times = [1, 0].map((index) => spread(pairs.map((pair) => pair[index]?.wall ?? 0)));
  return {
    measure: `replay: ${size}, two threads against one`,
    value: median(pairs.map(([alone, both]) => alone.wall / both.wall)),
    unit: 'x',
    goal: atLeast(1.7),
    detail: `${times[0]} ms; one: ${times[1]} ms; CPU time of two: ${cpuRatio.toFixed(2)} x that of one`,
  };
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

function rounds<T>(measure: () => T): readonly T[] {
  return Array.from({ length: WARM_UPS + ROUNDS }, measure).slice(WARM_UPS);
}
