/** `tidewaiter shrink`: the smallest recorded review of each distinct decision, with a test suite. */
import path from 'node:path';
import { decideAsRun } from '../../admission/as-run.ts';
import type { Context } from '../../admission/context.ts';
import { UserError } from '../../error/user-error.ts';
import { fileText } from '../../files/location-text.ts';
import type { Recording } from '../../files/recorded-documents.ts';
import { recordingEvents } from '../../files/recording-events.ts';
import { shellWord } from '../../image/quote.ts';
import { recordedWorld } from '../../recording/recorded-world.ts';
import { withName } from '../../report/command-lines.ts';
import { count, errorNotes, noticeLine, paint } from '../../report/paint.ts';
import { numberText } from '../../report/number-text.ts';
import { inputNoticeRow } from '../../report/rows.ts';
import { reviewsText } from '../../report/suggest-steps.ts';
import { compose } from '../../wiring.ts';
import { configured } from '../configured.ts';
import { interruptible } from '../interrupt.ts';
import { progressOn } from '../progress.ts';
import { type AddOccurrences, type Visited, visitReviews } from '../recorded/occurrences.ts';
import type { Terminal } from '../terminal.ts';
import { withLittleMemory } from '../little-memory.ts';
import { type SmallestReviews, smallestReviews } from './smallest.ts';
import { reviewFiles, SUITE, suiteText } from './suite-files.ts';
import { writeSuite } from './written-suite.ts';

export interface ShrinkFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly out: string;
  readonly force?: boolean | undefined;
}

export async function shrink(paths: readonly string[], flags: ShrinkFlags, terminal: Terminal): Promise<number> {
  const { config } = await configured({ config: flags.config, policy: flags.policy, plugin: flags.plugin }, terminal);
  const clock = { now: Date.now() };
  const { context, isBuiltIn } = await compose(config, { now: () => clock.now });
  const run: Run = { paths, terminal, context, setTime: (ms) => void (clock.now = ms) };
  const { smallest, leftOut, visited } = await withLittleMemory(async () =>
    interruptible(async (stop) => read(run, stop)),
  );
  for (const notice of visited.notices) terminal.note(`${noticeLine(inputNoticeRow(notice), paint(false))}\n`);
  terminal.note(errorNotes(visited.errors, paint(false)));
  const all = smallest.all();
  if (all.length === 0) throw new UserError(`no recorded review with images found${leftOutText(leftOut)}`);
  const policies = isBuiltIn ? [] : config.policies.map((file) => relativeTo(flags.out, file));
  writeSuite(flags.out, { suite: suiteText(all, policies), reviews: reviewFiles(all) }, flags.force ?? false);
  const reviews = all.reduce((sum, one) => sum + one.reviews, 0);
  const kept = `the smallest of ${reviewsText(reviews)} for each of ${count(all.length, 'distinct decision')}${leftOutText(leftOut)}`;
  const next = `next: tidewaiter test ${testArguments(flags)}\n`;
  terminal.out(`wrote ${fileText(path.join(flags.out, SUITE))}: ${kept}\n\n${withName(next, terminal.name)}`);
  return visited.errors.length === 0 ? 0 : 2;
}

function testArguments({ out, plugin = [], config }: ShrinkFlags): string {
  const flags = [...(config === undefined ? [] : ['-c', config]), ...plugin.flatMap((file) => ['--plugin', file])];
  return [out, ...flags].map(shellWord).join(' ');
}

/** As a path in a suite, which is relative to its directory. */
function relativeTo(directory: string, file: string): string {
  return path.isAbsolute(file) ? file : path.relative(directory, file) || '.';
}

interface Run {
  readonly paths: readonly string[];
  readonly terminal: Terminal;
  readonly context: Context;
  readonly setTime: (ms: number) => void;
}

/** Reviews that a suite cannot test. */
const LEFT_OUT_TEXTS = {
  mutate: 'of the mutating webhook',
  unrecorded: 'not from a recording',
  notEvaluated: 'without images',
  malformed: 'with malformed objects',
  tooDeep: 'that are nested too deep',
} as const;

type LeftOut = Record<keyof typeof LEFT_OUT_TEXTS, number>;

function leftOutText(leftOut: LeftOut): string {
  const parts = Object.entries(LEFT_OUT_TEXTS).flatMap(([why, text]) => {
    const reviews = leftOut[why as keyof LeftOut];
    return reviews === 0 ? [] : [`${numberText(reviews)} ${text}`];
  });
  return parts.length === 0 ? '' : `; left out: ${parts.join(', ')}`;
}

interface Shrunk {
  readonly smallest: SmallestReviews;
  readonly leftOut: LeftOut;
  readonly visited: Visited;
}

async function read({ paths, terminal, context, setTime }: Run, stop: AbortSignal): Promise<Shrunk> {
  const smallest = smallestReviews();
  const leftOut: LeftOut = { mutate: 0, unrecorded: 0, notEvaluated: 0, malformed: 0, tooDeep: 0 };
  const skip =
    (why: keyof LeftOut): NonNullable<AddOccurrences> =>
    (more) =>
      void (leftOut[why] += more.count);
  const skips = {
    mutate: skip('mutate'),
    unrecorded: skip('unrecorded'),
    notEvaluated: skip('notEvaluated'),
    malformed: skip('malformed'),
    tooDeep: skip('tooDeep'),
  };
  const progress = progressOn(terminal, 'reviews read');
  let done = 0;
  const visit = async ({ recorded, review: { request } }: Recording): Promise<AddOccurrences> => {
    progress.at((done += 1));
    if (recorded === undefined) return skips.unrecorded;
    if (recorded.endpoint === 'mutate') return skips.mutate;
    setTime(Date.parse(recorded.time));
    const decision = await decideAsRun(request, { ...context, world: recordedWorld(recorded.facts) }, AS_RUN);
    if (decision.outcome === 'not-evaluated') return skips.notEvaluated;
    if (decision.outcome === 'malformed') return skips.malformed;
    return smallest.add(recorded, request, decision) ?? skips.tooDeep;
  };
  const events = recordingEvents(paths, terminal.input(), { kinds: context.kinds, namespace: 'default' });
  const visited = await visitReviews(events, { visit, stop }).finally(progress.stop);
  if (stop.aborted) throw new UserError('interrupted; nothing was written');
  return { smallest, leftOut, visited };
}

const AS_RUN = { signal: new AbortController().signal, hasCluster: false };
