/** Measures 2 to 5: the first answer, the help, and the check of many manifests. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { mixedManifests, smallPods } from './manifests.ts';
import { atMost, type Goal, median, type Outcome, spread } from './outcome.ts';
import { type Command, peakMiB, rssMiB, standardOutput, wallMs } from './processes.ts';
import { command, fileIn, folderIn, listening, post, startGate } from './program.ts';
import { reviewBodies } from './reviews.ts';

const WARM_UPS = 2;
const STARTS = 9;
const HELPS = 11;
const CHECKS = 5;
const MIXED_DOCUMENTS = 8000;
const SMALL_PODS = 1000;

/** From spawn to the first answer; with a certificate that is there, and with one that is made first. */
export async function measureStart(): Promise<readonly Outcome[]> {
  const kept: FirstAnswer[] = [];
  const made: FirstAnswer[] = [];
  for (let round = 0; round < WARM_UPS + STARTS; round += 1) {
    kept.push(await firstAnswer(folderIn('certs-kept')));
    made.push(await firstAnswer(folderIn(`certs-${round}`)));
  }
  return [
    ...startOutcomes('start', kept.slice(WARM_UPS), { ms: atMost(350), mib: atMost(90) }),
    ...startOutcomes('start that makes a certificate', made.slice(WARM_UPS), { ms: undefined, mib: undefined }),
  ];
}

interface FirstAnswer {
  readonly ms: number;
  readonly mib: number;
}

async function firstAnswer(certsDir: string): Promise<FirstAnswer> {
  const body = reviewBodies().find(({ name }) => name === '10 KB')?.text ?? '';
  const begin = performance.now();
  const server = await startGate(certsDir);
  try {
    await listening(server);
    await post(server.port, body);
    return { ms: performance.now() - begin, mib: rssMiB(server.pid) };
  } finally {
    await server.stop();
  }
}

interface StartGoals {
  readonly ms: Goal | undefined;
  readonly mib: Goal | undefined;
}

function startOutcomes(what: string, answers: readonly FirstAnswer[], goals: StartGoals): readonly Outcome[] {
  const ms = answers.map((answer) => answer.ms);
  const mib = answers.map((answer) => answer.mib);
  return [
    {
      measure: `${what}: to the first HTTPS answer`,
      value: median(ms),
      unit: 'ms',
      goal: goals.ms,
      detail: spread(ms),
    },
    { measure: `${what}: RSS after it`, value: median(mib), unit: 'MiB', goal: goals.mib, detail: spread(mib) },
  ];
}

export function measureHelp(): readonly Outcome[] {
  const help = command(['--help']);
  const { reference, measured, ratios } = sideBySide({ ...help, argv: ['-e', '0'] }, help, HELPS);
  const detail = `${spread(measured)} ms; node -e 0: ${spread(reference)} ms`;
  return [{ measure: '--help against node -e 0', value: median(ratios), unit: 'x', goal: atMost(1.5), detail }];
}

export function measureCheck(): readonly Outcome[] {
  return [...measureMixed(), ...measureSmall()];
}

function measureMixed(): readonly Outcome[] {
  const file = fileIn('mixed.yaml');
  const text = mixedManifests(MIXED_DOCUMENTS);
  writeFileSync(file, text);
  const check = command(['check', file]);
  expectSummary(command(['check', '--output', 'json', file]), { documents: MIXED_DOCUMENTS, denied: 0, errors: 0 });
  const reference = { ...check, argv: [path.join(import.meta.dirname, 'load-all.ts'), file] };
  const { reference: alone, measured, ratios } = sideBySide(reference, check, CHECKS);
  const detail = `${spread(measured)} ms; js-yaml alone: ${spread(alone)} ms`;
  const size = `${(text.length / 1e6).toFixed(1)} MB, ${MIXED_DOCUMENTS} documents`;
  return [
    {
      measure: `check: ${size}, against js-yaml's loadAll alone`,
      value: median(ratios),
      unit: 'x',
      goal: atMost(2),
      detail,
    },
    {
      measure: `check: ${size}, peak RSS`,
      value: peakMiB(check),
      unit: 'MiB',
      goal: atMost(95),
      detail: '',
    },
  ];
}

function measureSmall(): readonly Outcome[] {
  const file = fileIn('small.yaml');
  const { text, bad } = smallPods(SMALL_PODS);
  writeFileSync(file, text);
  const check = command(['check', file], 1);
  expectSummary(command(['check', '--output', 'json', file], 1), { documents: SMALL_PODS, denied: bad, errors: 0 });
  for (let round = 0; round < WARM_UPS; round += 1) wallMs(check);
  const times = Array.from({ length: CHECKS }, () => wallMs(check));
  const peaks = Array.from({ length: 3 }, () => peakMiB(check));
  const size = `${SMALL_PODS} small Pods, ${bad} bad`;
  return [
    { measure: `check: ${size}`, value: median(times), unit: 'ms', goal: atMost(500), detail: spread(times) },
    {
      measure: `check: ${size}, peak RSS`,
      value: median(peaks),
      unit: 'MiB',
      goal: atMost(80),
      detail: spread(peaks),
    },
  ];
}

/** A check that skips documents would be fast. */
function expectSummary(check: Command, expected: Readonly<Record<string, number>>): void {
  const { summary } = JSON.parse(standardOutput(check));
  for (const [key, count] of Object.entries(expected)) {
    if (summary[key] !== count) throw new Error(`check: ${key} is ${summary[key]}, expected ${count}`);
  }
}

interface SideBySide {
  readonly reference: readonly number[];
  readonly measured: readonly number[];
  /** Each run against the reference's run just before it. */
  readonly ratios: readonly number[];
}

function sideBySide(reference: Command, measured: Command, rounds: number): SideBySide {
  for (let round = 0; round < WARM_UPS; round += 1) {
    wallMs(reference);
    wallMs(measured);
  }
  const pairs = Array.from({ length: rounds }, () => [wallMs(reference), wallMs(measured)] as const);
  return {
    reference: pairs.map(([ms]) => ms),
    measured: pairs.map(([, ms]) => ms),
    ratios: pairs.map(([ms, ours]) => ours / ms),
  };
}
