/** `tidewaiter record --from-cluster`: records what runs in a cluster as the reviews that create it. */
import type { ClusterApi } from '../../cluster/api.ts';
import type { Config } from '../../config/config.ts';
import { UserError } from '../../error/user-error.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { RecordedFacts } from '../../recording/facts.ts';
import { readRecordedReview } from '../../recording/read-line.ts';
import type { Said } from '../../recording/said.ts';
import { syntheticReview } from '../../recording/synthetic.ts';
import { type FormatName, formatReport } from '../../report/index.ts';
import { paint } from '../../report/paint.ts';
import { recordingExitCode, type RecordingReport } from '../../report/recording.ts';
import { configured } from '../configured.ts';
import { type ClusterFlags, clusterFlags, withCluster } from '../open-cluster.ts';
import { print, type Terminal } from '../terminal.ts';
import { liveObjects } from './live-objects.ts';
import { errorIn } from './error-in.ts';
import type { RecordingCounts } from './recording-counts.ts';
import { type RecordingFlags, type RecordingParts, runRecording } from './run-recording.ts';

export interface RecordFlags extends RecordingFlags, ClusterFlags {
  readonly config?: string | undefined;
  readonly fromCluster?: boolean | undefined;
  readonly namespace?: readonly string[] | undefined;
  readonly owned?: boolean | undefined;
  readonly output: FormatName<'record'>;
}

export async function record(flags: RecordFlags, terminal: Terminal): Promise<number> {
  if (flags.fromCluster !== true)
    throw new UserError(
      'record requires --from-cluster; to record what a server decides, run tidewaiter serve --record DIR',
    );
  const { config: file, policy } = flags;
  const { config } = await configured({ config: file, policy, ...clusterFlags({ ...flags, cluster: true }) }, terminal);
  const report = await withCluster(config, (api) => recordCluster(api, { config, flags, terminal }));
  const { name } = terminal;
  print(await formatReport('record', flags.output, { report, ink: paint(terminal.colors), name }), terminal);
  return recordingExitCode(report);
}

interface Run {
  readonly config: Config;
  readonly flags: RecordFlags;
  readonly terminal: Terminal;
}

const DESCRIPTIONS = {
  owned: 'objects whose controller is recorded; --owned records them as well',
  malformed: 'objects with a missing or wrong field',
  'too-deep': 'objects that are nested too deep',
} as const;

function recordCluster(api: ClusterApi, run: Run): Promise<RecordingReport> {
  const about = { ...run, api, what: 'objects read', refusals: DESCRIPTIONS };
  return runRecording(about, (parts, signal) => recordAll({ ...run, ...parts, api }, signal));
}

interface Recorder extends Run, RecordingParts {
  readonly api: ClusterApi;
}

/** Resolves with whether it was interrupted. */
async function recordAll(recorder: Recorder, signal: AbortSignal): Promise<boolean> {
  const { api, config, flags, counts, errors } = recorder;
  const { kinds } = config;
  const { namespace: namespaces = [], owned = false } = flags;
  try {
    for await (const entry of liveObjects(api, { kinds, namespaces, owned, signal })) {
      if ('problem' in entry) errors.push(errorIn(api.server, entry.problem));
      else await recordPage(entry.page, recorder, signal);
      if ('owned' in entry) leaveOut('owned', counts, entry.owned);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return signal.aborted;
}

function leaveOut(reason: keyof typeof DESCRIPTIONS, counts: RecordingCounts, number = 1): void {
  counts.read(number);
  counts.refuse(reason, null, number);
}

/** Lookups at the same time. */
const PARALLEL = 16;

/** In the order of the page. */
async function recordPage(page: readonly JsonObject[], recorder: Recorder, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < page.length && !signal.aborted; at += PARALLEL) {
    const part = page.slice(at, at + PARALLEL);
    const lines = await Promise.all(part.map(async (object) => lineOf(object, recorder, signal)));
    // Facts that Ctrl-C ended would look like facts that are unknown.
    if (signal.aborted) return;
    for (const line of lines) await addLine(line, recorder);
  }
}

interface Line {
  readonly review: JsonObject;
  readonly object: 'sent' | 'stored';
  readonly facts: RecordedFacts;
  readonly said: readonly Said[] | undefined;
}

async function lineOf(object: JsonObject, recorder: Recorder, signal: AbortSignal): Promise<Line | undefined> {
  const { config, facts, said } = recorder;
  const synthetic = syntheticReview(object, { kinds: config.kinds, namespace: 'default' });
  if (synthetic === undefined) return undefined;
  const { review, object: is } = synthetic;
  const read = readRecordedReview({ review, origin: { source: 'cluster', object: is } });
  if (!read.ok) return undefined;
  const known = await facts.of(read.review.request, signal);
  return { ...synthetic, facts: known, said: said.about(review, uidOf(object)) };
}

/** The review does not have it. */
function uidOf({ metadata }: JsonObject): string | undefined {
  const uid = isObject(metadata) ? metadata['uid'] : undefined;
  return typeof uid === 'string' ? uid : undefined;
}

async function addLine(line: Line | undefined, { output, counts, unknown, progress }: Recorder): Promise<void> {
  if (line === undefined) return leaveOut('malformed', counts);
  counts.read();
  const { review, object, facts, said } = line;
  unknown.add(facts);
  const time = new Date().toISOString();
  const unredacted = {
    endpoint: 'validate',
    time,
    review,
    facts,
    origin: { source: 'cluster', object },
    said,
  } as const;
  counts.add(unredacted, await output.add(unredacted), null);
  progress.at(counts.summary(0).read);
}
