/** `tidewaiter explain pod`: each workload of the input files as a tree, with the credentials for its images. */
import { existsSync } from 'node:fs';
import type { Context } from '../../admission/context.ts';
import type { WorkloadSummary } from '../../admission/pod-summary.ts';
import { loadManifests, type Manifest, type Manifests } from '../../files/manifests.ts';
import { type ClusterSources, clusterObjectsIn } from '../../files/cluster-objects.ts';
import { misshapenObjects, type MisshapenValue, readableManifest } from '../../files/misshapen-objects.ts';
import type { InputNotice } from '../../files/skipped-files.ts';
import { uncheckedNotices } from '../../files/unchecked-objects.ts';
import { ShapeError } from '../../pod/pointer.ts';
import { workloadOf } from '../../pod/workload.ts';
import type { ErrorRow } from '../../report/check.ts';
import { formatWorkload } from '../../report/pod-tree.ts';
import { noticeLine, paint } from '../../report/paint.ts';
import { inputNoticeRow } from '../../report/rows.ts';
import { locationText } from '../../files/location-text.ts';
import { configured } from '../configured.ts';
import { type IgnoreFlags, rulesFor } from '../input-files.ts';
import { clusterFlags, selectsCluster, withCluster } from '../open-cluster.ts';
import type { LivePodFlags } from './live-pod.ts';
import { summaryAsRun, withPolicies } from './pod-changes.ts';
import type { Terminal } from '../terminal.ts';

export type PodFlags = LivePodFlags & IgnoreFlags;

/**
 * Exits with 0 if there is a workload, 1 if there is none or a Pod does not exist, and 2 if an input cannot be read. With a
 * cluster, arguments that are not files are names of Pods.
 */
export async function explainPod(given: readonly string[], flags: PodFlags, terminal: Terminal): Promise<number> {
  if (!selectsCluster(flags)) {
    const code = await explainFiles(given, flags, { terminal, sources: undefined });
    if (given.some((each) => !isFile(each) && !existsSync(each))) terminal.note('to show a live Pod, add --cluster\n');
    return code;
  }
  const pods = given.filter((each) => !isFile(each)).map((each) => each.replace(/^pods?\//, ''));
  const files = given.filter(isFile);
  const { explainLivePods } = await import('./live-pod.ts');
  const live = pods.length === 0 ? 0 : await explainLivePods(pods, flags, terminal);
  if (files.length === 0) return live;
  return Math.max(live, await explainFilesInCluster(files, flags, terminal));
}

function isFile(argument: string): boolean {
  if (/^(?:-|\.\.?)$|\.(?:ya?ml|json)$/.test(argument)) return true;
  return argument.includes('/') && !/^pods?\/[^/]+$/.test(argument);
}

async function explainFilesInCluster(paths: readonly string[], flags: PodFlags, terminal: Terminal): Promise<number> {
  const { config } = await configured({ config: flags.config, ...clusterFlags(flags) }, terminal);
  const { commandFacts } = await import('../command-facts.ts');
  return withCluster(config, async (api) => {
    const sources = await commandFacts(api);
    return explainFiles(paths, { ...flags, namespace: flags.namespace ?? api.namespace }, { terminal, sources });
  });
}

interface FileSurroundings {
  readonly terminal: Terminal;
  /** The cluster; undefined: only the files are known. */
  readonly sources: ClusterSources | undefined;
}

async function explainFiles(
  paths: readonly string[],
  flags: PodFlags,
  { terminal, sources }: FileSurroundings,
): Promise<number> {
  const { config, policy } = flags;
  const { config: known } = await configured({ config, ...(policy === undefined ? {} : { policy }) }, terminal);
  const { kinds } = known;
  const { namespace = 'default' } = flags;
  const options = { kinds, namespace, stdin: terminal.input(), rulesFor: await rulesFor(known, flags) };
  const loaded = await loadManifests(paths, options);
  const summarized = (context: Context): Promise<Summaries> => summarizeAll(loaded, context, sources);
  const { pictures, errors, notices } =
    policy === undefined
      ? await summarized({ kinds, policies: [] })
      : await withPolicies(known, { flags, terminal }, summarized);
  for (const notice of [...loaded.notices, ...notices])
    terminal.note(`${noticeLine(inputNoticeRow(notice), paint(false))}\n`);
  for (const row of errors) terminal.note(`${locationText(row)}: ${row.message}\n`);
  if (errors.length === 0 && pictures.length === 0) {
    terminal.note(`no workload found in ${paths.map((one) => (one === '-' ? 'stdin' : one)).join(', ')}\n`);
    return 1;
  }
  if (pictures.length > 0) terminal.out(textOf(pictures, flags, terminal));
  return errors.length > 0 ? 2 : 0;
}

function textOf(pictures: readonly WorkloadSummary[], { output }: PodFlags, terminal: Terminal): string {
  if (output === 'json') return pictures.map((one) => `${JSON.stringify(one)}\n`).join('');
  const ink = paint(terminal.colors);
  return pictures.map((one) => `${formatWorkload(one, ink, terminal.columns)}\n`).join('\n');
}

interface Summaries {
  readonly pictures: readonly WorkloadSummary[];
  readonly errors: readonly ErrorRow[];
  readonly notices: readonly InputNotice[];
}

/** Objects are summarized as they would run with the policies of the context. */
async function summarizeAll(
  loaded: Manifests,
  context: Context,
  sources: ClusterSources | undefined,
): Promise<Summaries> {
  const { errors: secretErrors, ...clusterObjects } = clusterObjectsIn(loaded.manifests, sources);
  const known = { ...context, world: { ...clusterObjects, ...context.world } };
  const errors: ErrorRow[] = [...loaded.errors, ...secretErrors];
  const pictures: WorkloadSummary[] = [];
  const skipped: MisshapenValue[] = [];
  for (const manifest of loaded.manifests) {
    const found = readableManifest(manifest, context.kinds);
    skipped.push(...(found?.skipped ?? []));
    const summary = await summarize(found?.readable ?? manifest, known);
    if (summary === undefined) continue;
    if ('message' in summary) errors.push(summary);
    else pictures.push(summary);
  }
  return { pictures, errors, notices: uncheckedNotices(misshapenObjects(skipped), 'read') };
}

/** Returns undefined if the object is not a workload. */
async function summarize(manifest: Manifest, context: Context): Promise<WorkloadSummary | ErrorRow | undefined> {
  const { request } = manifest;
  const { object, type } = request;
  const read = object === undefined ? undefined : workloadOf(object, type, context.kinds);
  if (read === undefined) return undefined;
  if (!read.ok) return malformed(manifest, read.fault.pointer, read.fault.problem);
  try {
    return await summaryAsRun(request, read.workload, context);
  } catch (error) {
    if (error instanceof ShapeError) return malformed(manifest, error.pointer, error.message);
    throw error;
  }
}

function malformed(manifest: Manifest, pointer: string, problem: string): ErrorRow {
  return { ...manifest.placeOf(pointer), document: manifest.document, message: `${pointer || '/'}: ${problem}` };
}
