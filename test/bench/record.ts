/** What a recording costs: reviews per second beside the same server without one, and the size of a day. */
import { mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { recordedEntries } from '../../src/files/recording-lines.ts';
import { recordingFiles } from '../../src/files/recording-files.ts';
import { addTo, createBlock, sizeOf } from '../../src/server/recording/batch.ts';
import { createWriter } from '../../src/server/recording/writer.ts';
import { answerTo, settingsFor } from '../recording/batches.ts';
import { CLIENT } from './load.ts';
import { atLeast, atMost, median, type Outcome } from './outcome.ts';
import { type Answering, fileIn, folder, folderIn, listening, startGate } from './program.ts';
import { type Body, reviewBodies } from './reviews.ts';
import { expectAllowed, oneRound, type Round, type ServeOptions, WARM_SECONDS } from './serve.ts';
import { NUMBER, SHAPE, SHAPES } from './varied.ts';

const MIB = 1024 * 1024;

export async function measureRecord(options: ServeOptions): Promise<readonly Outcome[]> {
  options.note(`record: ${CLIENT}`);
  const certsDir = folderIn('certs');
  const plain = await startGate(certsDir);
  try {
    await listening(plain);
    const outcomes: Outcome[] = [];
    for (const load of loads()) outcomes.push(...(await measureLoad(load, plain, options)));
    return [...outcomes, await measureDay(options)];
  } finally {
    await plain.stop();
  }
}

/** As real reviews, all have another UID and another name of the token volume. */
function loads(): readonly Body[] {
  const text = tenKilobytes()
    .text.replace('7c8e1d2f3a4b', NUMBER)
    .replaceAll('"namespace":"shop"', `"namespace":"shop-${SHAPE}"`);
  const distinct = text.replaceAll('"app.kubernetes.io/instance":"shop"', `"app.kubernetes.io/instance":"${NUMBER}"`);
  return [
    { name: `10 KB, ${SHAPES} shapes`, text },
    { name: '10 KB, each another shape', text: distinct },
  ];
}

async function measureLoad(load: Body, plain: Answering, options: ServeOptions): Promise<readonly Outcome[]> {
  const recording = mkdtempSync(path.join(folder, 'recording-'));
  const recorder = await startGate(folderIn('certs'), { flags: ['--record', recording] });
  try {
    await listening(recorder);
    const costs = await measureCosts(load, { plain, recorder }, options);
    await recorder.stop();
    return [...costs, await measureLosses(load, recording)];
  } finally {
    await recorder.stop();
  }
}

interface Servers {
  readonly plain: Answering;
  readonly recorder: Answering;
}

async function measureCosts(
  load: Body,
  { plain, recorder }: Servers,
  { seconds, rounds, note }: ServeOptions,
): Promise<readonly Outcome[]> {
  const bodyFile = fileIn('review-record.json');
  writeFileSync(bodyFile, load.text);
  for (const server of [plain, recorder]) {
    await expectAllowed(server, load);
    await oneRound(server, { bodyFile }, WARM_SECONDS);
  }
  const done: { readonly plain: Round; readonly recorder: Round }[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const both = {
      plain: await oneRound(plain, { bodyFile }, seconds),
      recorder: await oneRound(recorder, { bodyFile }, seconds),
    };
    done.push(both);
    const ratio = (both.recorder.rps / both.plain.rps).toFixed(2);
    note(`record: ${load.name}, round ${round} of ${rounds}: ${ratio} x without a recording`);
  }
  const ratios = (of: (round: Round) => number): readonly number[] =>
    done.map((both) => of(both.recorder) / of(both.plain));
  const rps = ratios((round) => round.rps);
  const p99 = ratios(({ p99Ms }) => p99Ms);
  const shown = (values: readonly number[]): string => `rounds ${values.map((one) => one.toFixed(2)).join(' ')}`;
  const cpu = median(ratios(({ cpuUsPerRequest }) => cpuUsPerRequest));
  return [
    {
      measure: `record: ${load.name}, requests per second against the server without a recording`,
      value: median(rps),
      unit: 'x',
      goal: atLeast(0.9),
      detail: `${shown(rps)}; CPU time of both threads ${cpu.toFixed(2)} x`,
    },
    { measure: `record: ${load.name}, p99`, value: median(p99), unit: 'x', goal: atMost(1.2), detail: shown(p99) },
  ];
}

function tenKilobytes(): Body {
  const body = reviewBodies().find(({ name }) => name === '10 KB');
  if (body === undefined) throw new Error('there is no review of 10 KB');
  return body;
}

/** On one core without a pause, the recording thread gets little time. */
async function measureLosses({ name }: Body, directory: string): Promise<Outcome> {
  let recorded = 0;
  let dropped = 0;
  for (const file of recordingFiles(directory)) {
    for await (const entry of recordedEntries(file)) {
      if ('problem' in entry) throw new Error(entry.problem);
      const { recorded: line } = entry;
      recorded += line.type === 'review' ? 1 : line.count;
      dropped += line.dropped;
    }
  }
  const measure = `record: ${name}, reviews that were dropped, also before the first round`;
  const detail = `${dropped} of ${recorded + dropped}; for information`;
  return { measure, value: (100 * dropped) / (recorded + dropped), unit: '%', goal: undefined, detail };
}

const SECONDS = 3600;
/** Of each shape in a minute, instead of 200 for 1,000 a second: more have the same lines, with a larger count. */
const TIMES = 2;

/** An hour with a clock that is put forward, in the files of a true recording. */
async function measureDay({ note }: Pick<ServeOptions, 'note'>): Promise<Outcome> {
  const directory = folderIn('day');
  let now = Date.parse('2027-03-01T12:00:00Z');
  const writer = createWriter(
    settingsFor(directory),
    {
      onFailure: (reason) => {
        throw new Error(`cannot record: ${reason}`);
      },
      onRecovery: () => undefined,
    },
    () => now,
  );
  const { text } = tenKilobytes();
  const batches = Array.from({ length: SHAPES }, (_, shape) => text.replaceAll('"shop"', `"team-${shape}"`));
  for (let second = 0; second < SECONDS; second += 1) {
    // Each shape has its seconds in a minute.
    for (let at = second % 60; at < SHAPES * TIMES; at += 60) {
      const time = now + ((at * 7919) % 1000);
      await writer.add(batchOf(batches[at % SHAPES] ?? '', time));
    }
    now += 1000;
    await writer.tick();
    if (second % 600 === 0) note(`record: minute ${second / 60} of 60`);
  }
  await writer.close();
  const files = readdirSync(directory);
  const bytes = files.reduce((sum, file) => sum + statSync(path.join(directory, file)).size, 0);
  const { recorded, repeated, dropped } = writer.take();
  if (recorded < SHAPES || dropped > 0) throw new Error(`${recorded} shapes were recorded, and ${dropped} dropped`);
  return {
    measure: 'record: a day of 300 shapes of 10 KB',
    value: (24 * bytes) / MIB,
    unit: 'MiB',
    goal: atMost(100),
    detail: `24 x an hour of ${(bytes / MIB).toFixed(2)} MiB (${files.length} files, ${recorded} lines with a review, ${repeated} reviews counted)`,
  };
}

function batchOf(text: string, time: number): Buffer {
  const body = Buffer.from(text);
  const facts = { sources: [] };
  const note = JSON.stringify({
    time,
    endpoint: 'validate',
    durationMs: 0.4,
    answer: answerTo('u'),
    facts,
    dropped: 0,
  });
  const block = createBlock(sizeOf(note, body));
  addTo(block, note, body);
  return block.bytes.subarray(0, block.used);
}
