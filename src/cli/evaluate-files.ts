/** Manifests in files through the engine: what `check` reports, and what `test` compares with what is expected. */
import type { Context } from '../admission/context.ts';
import { nameOf } from '../admission/message.ts';
import type { AdmissionRequest } from '../admission/request.ts';
import { type Usage, type UsageCount, usageNotices } from '../admission/usage.ts';
import { validate, type Verdict } from '../admission/validate.ts';
import type { Composed } from '../wiring.ts';
import { loadManifests, type Manifest, type ManifestOptions } from '../files/manifests.ts';
import { noticesAt } from '../files/policies.ts';
import { type Surroundings, surroundingsIn } from '../files/cluster-objects.ts';
import { apiVersionOf, type Workload, workloadOf } from '../pod/workload.ts';
import type { ErrorRow } from '../report/check.ts';
import {
  type FindingRow,
  findingRow,
  type ImageRow,
  imageRow,
  inputNoticeRow,
  type NoticeRow,
  noticeRow,
  type ObjectRow,
} from '../report/rows.ts';
import { nothingNotice } from './nothing-evaluated.ts';
import type { Progress } from './progress.ts';

export interface JudgedFiles {
  readonly files: number;
  readonly documents: number;
  /** Objects of kinds that run or pull images. */
  readonly workloads: number;
  readonly images: readonly ImageRow[];
  readonly findings: readonly FindingRow[];
  readonly errors: readonly ErrorRow[];
  /** About the files. */
  readonly notices: readonly NoticeRow[];
}

type Judging = Pick<Composed, 'loaded' | 'isBuiltIn'>;

export interface JudgeOptions extends ManifestOptions {
  /** What decides, given what the files say about the cluster around their workloads. */
  readonly contextWith: (around: Omit<Surroundings, 'errors'>) => Context;
  /** Counts on. */
  readonly usage: UsageCount;
  readonly progress?: Pick<Progress, 'at'> | undefined;
}

export async function judgeFiles(
  paths: readonly string[],
  { contextWith, usage, progress, ...options }: JudgeOptions,
): Promise<JudgedFiles> {
  const loaded = await loadManifests(paths, options);
  const before = usage.covered;
  const { errors: secretErrors, ...around } = surroundingsIn(loaded.manifests);
  const context = contextWith(around);
  const { workloads, images, findings, errors } = await judgeAll(loaded.manifests, context, { usage, progress });
  const asksSecrets = context.policies.some(({ needs }) => needs.has('pullSecrets'));
  return {
    files: loaded.files,
    documents: loaded.documents,
    workloads,
    images,
    findings,
    errors: [...loaded.errors, ...(asksSecrets ? secretErrors : []), ...errors],
    notices: [...loaded.notices, ...nothingNotice(paths, { loaded, workloads, covered: usage.covered - before })].map(
      inputNoticeRow,
    ),
  };
}

/**
 * What policies are seen to be from their documents, from the calendar, and from what they did here. Of the built-in policy
 * nothing: whoever runs a command without policies has written none that could be mended.
 */
export function noticesOf({ loaded, isBuiltIn }: Judging, usage: Usage, now: number): readonly NoticeRow[] {
  if (isBuiltIn) return [];
  const files = loaded.inputNotices.map(inputNoticeRow);
  const told = new Set(loaded.notices.map(({ kind, name }) => `${kind} ${name}`));
  const known = noticesAt(loaded, now, (name) => usage.exception(name).missed);
  // What can never apply needs no second line that says that it did not.
  const unused = usageNotices(loaded, usage, now).filter(({ kind, name }) => !told.has(`${kind} ${name}`));
  return [...files, ...[...known, ...unused.map(loaded.placed)].map(noticeRow)];
}

interface Judged {
  workloads: number;
  readonly images: ImageRow[];
  readonly findings: FindingRow[];
  readonly errors: ErrorRow[];
}

/** So many objects wait for answers at the same time. */
const MAX_WAITING = 32;
/** For all that has to be asked about one object; no API server waits here. */
const MAX_WAIT_MS = 60_000;

interface Waiting {
  readonly manifest: Manifest;
  readonly verdict: Verdict | Promise<Verdict>;
}

/** Side by side where answers have to be waited for; told in the order of the files all the same. */
async function judgeAll(
  manifests: readonly Manifest[],
  context: Context,
  { usage, progress }: Pick<JudgeOptions, 'usage' | 'progress'>,
): Promise<Judged> {
  const judged: Judged = { workloads: 0, images: [], findings: [], errors: [] };
  const waiting: Waiting[] = [];
  const takeFirst = async (): Promise<void> => {
    const first = waiting.shift();
    if (first !== undefined) addVerdict(judged, first.manifest, { verdict: await first.verdict, context, usage });
  };
  for (const [index, manifest] of manifests.entries()) {
    const verdict = validate(manifest.request, context, signalFor(context));
    // A bug in one of them is told when it is its turn.
    if (verdict instanceof Promise) verdict.catch(() => undefined);
    waiting.push({ manifest, verdict });
    while (waiting.length >= MAX_WAITING || (waiting[0] && !(waiting[0].verdict instanceof Promise))) await takeFirst();
    progress?.at(index + 1 - waiting.length, manifests.length);
  }
  while (waiting.length > 0) {
    await takeFirst();
    progress?.at(manifests.length - waiting.length, manifests.length);
  }
  return judged;
}

const NEVER = new AbortController().signal;

function signalFor({ images, imageDetails }: Context): AbortSignal {
  return images === undefined && imageDetails === undefined ? NEVER : AbortSignal.timeout(MAX_WAIT_MS);
}

interface Decided {
  readonly verdict: Verdict;
  readonly context: Context;
  readonly usage: UsageCount;
}

function addVerdict(judged: Judged, manifest: Manifest, { verdict, context, usage }: Decided): void {
  if (verdict.outcome === 'malformed') {
    const { line, column } = manifest.positionOf(verdict.pointer);
    const { file, document } = manifest;
    judged.errors.push({ file, line, column, document, message: `${verdict.pointer || '/'}: ${verdict.problem}` });
    return;
  }
  usage.add(verdict);
  addImages(judged, manifest, verdict.outcome === 'judged' ? verdict.workload : unjudged(manifest.request, context));
  for (const finding of verdict.findings) judged.findings.push(findingRow(place(manifest, finding.pointer), finding));
}

/** The images of a request that asks nothing (an object being deleted) are listed all the same. */
function unjudged({ object, type }: AdmissionRequest, { kinds }: Context): Workload | undefined {
  const read = object === undefined ? undefined : workloadOf(object, type, kinds);
  return read?.ok ? read.workload : undefined;
}

function addImages(judged: Judged, manifest: Manifest, workload: Workload | undefined): void {
  if (workload === undefined) return;
  judged.workloads += 1;
  for (const container of workload.containers) {
    judged.images.push(imageRow(place(manifest, container.imagePointer), container));
  }
}

function place(manifest: Manifest, pointer: string): ObjectRow {
  const { file, document, request } = manifest;
  const { line, column } = manifest.positionOf(pointer);
  return {
    file,
    line,
    column,
    document,
    apiVersion: apiVersionOf(request.type),
    kind: request.type.kind,
    namespace: request.namespace ?? null,
    name: nameOf(request),
  };
}
