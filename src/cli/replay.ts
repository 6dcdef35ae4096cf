/** `tidewaiter replay`: evaluates recorded reviews, and compares the decisions. */
import type { Context } from '../admission/context.ts';
import { nameOf } from '../admission/message.ts';
import { mutate } from '../admission/mutate.ts';
import { answerText, mutationReview, decisionReview } from '../admission/review.ts';
import { validate } from '../admission/validate.ts';
import { compose } from '../wiring.ts';
import { noticesAt } from '../files/policies.ts';
import { loadRecordings, type Recording } from '../files/recordings.ts';
import { compareDecisions, compareToExpected, type Decided, type Difference } from '../recording/compare.ts';
import type { ErrorRow } from '../report/check.ts';
import { type FormatName, formatReport } from '../report/index.ts';
import { paint } from '../report/paint.ts';
import { replayExitCode, replayReport, type ReplayRow } from '../report/replay.ts';
import { inputNoticeRow, noticeRow } from '../report/rows.ts';
import { configured } from './configured.ts';
import { print, type Terminal } from './terminal.ts';

export interface ReplayFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly against?: readonly string[] | undefined;
  readonly output: FormatName<'replay'>;
  /** Milliseconds since 1970: the time of the evaluation, not that of the recording. */
  readonly now?: number | undefined;
}

interface Contexts {
  readonly now: Context;
  readonly against: Context | undefined;
}

export async function replay(paths: readonly string[], flags: ReplayFlags, terminal: Terminal): Promise<number> {
  const { config } = await configured({ config: flags.config, policy: flags.policy, plugin: flags.plugin }, terminal);
  const loaded = await loadRecordings(paths, terminal.input());
  const moment = flags.now ?? Date.now();
  const clock = { now: () => moment };
  const { context: now, policySource, loaded: policies } = await compose(config, clock);
  const other = flags.against?.length
    ? await compose({ ...config, policies: flags.against, originOf: () => ' (set by --against)' }, clock)
    : undefined;
  const rows: ReplayRow[] = [];
  const errors: ErrorRow[] = [...loaded.errors];
  for (const recording of loaded.recordings) {
    const outcome = await replayOne(recording, { now, against: other?.context });
    if ('message' in outcome) errors.push(outcome);
    else rows.push(outcome);
  }
  const notices = [policies, ...(other === undefined ? [] : [other.loaded])].flatMap((each) => [
    ...each.inputNotices.map(inputNoticeRow),
    ...noticesAt(each, moment).map(noticeRow),
  ]);
  const report = replayReport(loaded.files, rows, {
    errors,
    notices: [...notices, ...loaded.notices.map(inputNoticeRow)],
  });
  const compared =
    other === undefined ? `policy: ${policySource}` : `from policy ${policySource} to ${other.policySource}`;
  const result = { report, policies: compared, ink: paint(terminal.colors) };
  print(await formatReport('replay', flags.output, result), terminal);
  return replayExitCode(report);
}

async function replayOne(recording: Recording, { now, against }: Contexts): Promise<ReplayRow | ErrorRow> {
  const { file, line, document, review, expected } = recording;
  const decided = await decide(recording, now);
  const other = against === undefined ? undefined : await decide(recording, against);
  let differences: readonly Difference[] = [];
  if (other !== undefined) differences = compareDecisions(decided, other);
  else if (expected !== undefined) differences = compareToExpected(expected, decided);
  const { request } = review;
  return {
    file,
    line,
    document,
    uid: request.uid,
    operation: request.operation,
    kind: request.type.kind,
    namespace: request.namespace ?? null,
    name: nameOf(request),
    allowed: decided.decision.allowed,
    answers: {
      validate: answerText(decisionReview(review, decided.decision)),
      mutate: answerText(mutationReview(review, decided.mutation)),
    },
    comparedWith: other !== undefined ? 'against' : expected === undefined ? null : 'expected',
    differences,
  };
}

async function decide({ review: { request } }: Recording, context: Context): Promise<Decided> {
  const { signal } = new AbortController();
  const decision = await validate(request, context, signal);
  return { decision, mutation: await mutate(request, context, signal) };
}
