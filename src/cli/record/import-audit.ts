/** `tidewaiter import-audit`: converts audit logs of API servers to a recording. */
import type { ClusterApi } from '../../cluster/api.ts';
import type { Config } from '../../config/config.ts';
import { UserError } from '../../error/user-error.ts';
import { type AuditEntry, auditEntries, type AuditLog, auditLogs } from '../../files/audit/logs.ts';
import { REFUSALS } from '../../files/audit/refusals.ts';
import { type AuditedReview, createConverter } from '../../files/audit/review-of-event.ts';
import type { ORIGIN_OBJECTS } from '../../recording/origin.ts';
import { readRecordedReview } from '../../recording/read-line.ts';
import { type FormatName, formatReport } from '../../report/index.ts';
import { paint } from '../../report/paint.ts';
import { recordingExitCode, type RecordingReport } from '../../report/recording.ts';
import type { UnredactedLine } from '../../server/recording/recorded-lines.ts';
import { configured } from '../configured.ts';
import { type ClusterFlags, clusterFlags, selectsCluster, withCluster } from '../open-cluster.ts';
import { print, type Terminal } from '../terminal.ts';
import { withLittleMemory } from '../little-memory.ts';
import { errorIn } from './error-in.ts';
import { NO_FACTS } from './gathered-facts.ts';
import { type RecordingFlags, type RecordingParts, runRecording } from './run-recording.ts';
import { joinedSaid } from './said-sources.ts';

export interface ImportFlags extends RecordingFlags, ClusterFlags {
  readonly config?: string | undefined;
  readonly object: (typeof ORIGIN_OBJECTS)[number];
  readonly output: FormatName<'import-audit'>;
}

export async function importAudit(paths: readonly string[], flags: ImportFlags, terminal: Terminal): Promise<number> {
  const isInCluster = selectsCluster(flags);
  if (flags.clusterReports === true && !isInCluster) throw new UserError('--cluster-reports requires --cluster');
  const { config: file, policy } = flags;
  if (policy !== undefined && flags.registry !== true && !isInCluster)
    throw new UserError('--policy requires --registry or --cluster, because policies decide which facts are looked up');
  const { config } = await configured({ config: file, policy, ...clusterFlags(flags) }, terminal);
  const input = { paths, flags, config, terminal };
  const report = isInCluster
    ? await withCluster(config, (api) => importLogs(input, api))
    : await importLogs(input, undefined);
  const { name } = terminal;
  print(await formatReport('import-audit', flags.output, { report, ink: paint(terminal.colors), name }), terminal);
  return recordingExitCode(report);
}

interface Input {
  readonly paths: readonly string[];
  readonly flags: ImportFlags;
  readonly config: Config;
  readonly terminal: Terminal;
}

async function importLogs(
  { paths, flags, config, terminal }: Input,
  api: ClusterApi | undefined,
): Promise<RecordingReport> {
  const logs = await auditLogs(paths, () => terminal.input());
  const convert = createConverter({ kinds: config.kinds, object: flags.object });
  const about = { config, flags, terminal, api, what: 'MiB of audit logs read', refusals: REFUSALS };
  return runRecording(about, (parts, signal) => withLittleMemory(() => importAll(logs, { ...parts, convert }, signal)));
}

interface Run extends RecordingParts {
  readonly convert: ReturnType<typeof createConverter>;
}

const MIB = 1024 * 1024;

function totalMib(logs: readonly AuditLog[]): number | undefined {
  const sizes = logs.map(({ size }) => size);
  return sizes.includes(undefined)
    ? undefined
    : Math.ceil(sizes.reduce<number>((sum, size = 0) => sum + size, 0) / MIB);
}

/** Resolves with whether it was interrupted. */
async function importAll(logs: readonly AuditLog[], run: Run, signal: AbortSignal): Promise<boolean> {
  const total = totalMib(logs);
  let bytes = 0;
  const onBytes = (more: number): void => {
    bytes += more;
    run.progress.at(Math.floor(bytes / MIB), total);
  };
  for (const log of logs) {
    for await (const entry of auditEntries(log, onBytes)) {
      if (signal.aborted) return true;
      await importOne(entry, run, signal);
    }
  }
  return signal.aborted;
}

async function importOne(entry: AuditEntry, run: Run, signal: AbortSignal): Promise<void> {
  const { output, counts, convert, errors } = run;
  const { file, line } = entry;
  if ('problem' in entry) {
    errors.push(errorIn(file, entry.problem, line === 1 ? null : line));
    return;
  }
  counts.read();
  const converted = 'refusal' in entry ? entry.refusal : convert(entry.event);
  if (typeof converted === 'string') return counts.refuse(converted, { file, line });
  const unredacted = await unredactedLine(converted, run, signal);
  // Facts that Ctrl-C ended would look like facts that are unknown.
  if (!signal.aborted) counts.add(unredacted, await output.add(unredacted), { file, line });
}

async function unredactedLine(
  { time, review, origin, said }: AuditedReview,
  { facts, unknown, said: others }: Run,
  signal: AbortSignal,
): Promise<UnredactedLine> {
  const read = readRecordedReview({ review, origin });
  const known = read.ok ? await facts.of(read.review.request, signal) : NO_FACTS;
  unknown.add(known);
  return {
    endpoint: 'validate',
    time,
    review,
    origin,
    facts: known,
    said: joinedSaid(said, others.about(review)),
  };
}
