/** What the commands share that write a recording: they open it with its facts, count what becomes of it, and report that. */
import type { ClusterApi } from '../../cluster/api.ts';
import type { Config } from '../../config/config.ts';
import type { ErrorRow } from '../../report/check.ts';
import type { RecordingReport } from '../../report/recording.ts';
import { compose } from '../../wiring.ts';
import { closeAfter } from '../close-after.ts';
import { commandFacts } from '../command-facts.ts';
import { interruptible } from '../interrupt.ts';
import { type Progress, progressOn } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { errorIn } from './error-in.ts';
import { openFacts, type OpenFacts } from './gathered-facts.ts';
import { countRecording, type RecordingCounts } from './recording-counts.ts';
import { openRecording, type OutputFlags, redactedFields, type RecordingOutput } from './recording-output.ts';
import { rememberedFacts } from './remembered-facts.ts';
import { readSaid, type SaidFlags, type SaidSources } from './said-sources.ts';
import { createUnknownFacts, type UnknownFacts } from './unknown-facts.ts';

export interface RecordingFlags extends OutputFlags, SaidFlags {
  readonly registry?: boolean | undefined;
  readonly policy?: readonly string[] | undefined;
}

export interface RecordingRun {
  readonly config: Config;
  readonly flags: RecordingFlags;
  readonly terminal: Terminal;
  /** undefined: no cluster is connected. */
  readonly api: ClusterApi | undefined;
  /** What is read, as progress says it: `objects read`. */
  readonly what: string;
  /** Reasons why something is not recorded, in the order of the report. */
  readonly refusals: Readonly<Record<string, string>>;
}

export interface RecordingParts {
  readonly output: RecordingOutput;
  readonly facts: OpenFacts;
  readonly said: SaidSources;
  readonly counts: RecordingCounts;
  readonly unknown: UnknownFacts;
  readonly errors: ErrorRow[];
  readonly progress: Progress;
}

/** `record` resolves with whether it was interrupted. */
export async function runRecording(
  { config, flags, terminal, api, what, refusals }: RecordingRun,
  record: (parts: RecordingParts, signal: AbortSignal) => Promise<boolean>,
): Promise<RecordingReport> {
  const cluster = api && rememberedFacts(await commandFacts(api));
  const hasRegistry = flags.registry === true;
  const hasPolicies = config.policies.length > 0 && (hasRegistry || api !== undefined);
  const policies = hasPolicies ? (await compose(config)).context : undefined;
  const output = openRecording({ directory: flags.out, each: flags.each, redact: redactedFields(config, flags) });
  const { hashUser } = output;
  const facts = await openFacts({ config, cluster, hasRegistry, policies, hashUser, terminal });
  const counts = countRecording();
  const unknown = createUnknownFacts();
  const errors: ErrorRow[] = [];
  const progress = progressOn(terminal, what);
  const work = interruptible(async (signal) => {
    const said = await readSaid(flags, { terminal, api, signal });
    errors.push(...said.errors);
    return record({ output, facts, said, counts, unknown, errors, progress }, signal);
  });
  const isInterrupted = await closeAfter(work, async () => {
    progress.stop();
    await facts.close();
    await output.close();
  });
  return {
    version: 1,
    directory: flags.out,
    summary: counts.summary(output.bytes()),
    refused: counts.refused(refusals),
    errors: [...errors, ...unknown.problems().map((message) => errorIn(api?.server ?? '', message))],
    isInterrupted,
  };
}
