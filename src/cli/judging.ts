/** Manifests in files through the engine: what `check` reports, and what `test` compares with what is expected. */
import type { Context } from '../admission/context.ts';
import { nameOf } from '../admission/message.ts';
import type { AdmissionRequest } from '../admission/request.ts';
import { type Usage, type UsageCount, usageNotices } from '../admission/usage.ts';
import { validate } from '../admission/validate.ts';
import { loadManifests, type Manifest, type ManifestOptions } from '../files/manifests.ts';
import { type LoadedPolicies, noticesAt } from '../files/policies.ts';
import { type Surroundings, surroundingsIn } from '../files/surroundings.ts';
import { apiVersionOf, type Workload, workloadOf } from '../pod/workload.ts';
import type { ErrorRow } from '../report/check.ts';
import {
  type FindingRow,
  findingRow,
  type ImageRow,
  imageRow,
  type NoticeRow,
  noticeRow,
  type ObjectRow,
} from '../report/rows.ts';

export interface JudgedFiles {
  readonly files: number;
  readonly documents: number;
  /** Objects of kinds that run or pull images. */
  readonly workloads: number;
  readonly images: readonly ImageRow[];
  readonly findings: readonly FindingRow[];
  readonly errors: readonly ErrorRow[];
}

export interface JudgeOptions extends ManifestOptions {
  /** What decides, given what the files say about the cluster around their workloads. */
  readonly contextWith: (around: Omit<Surroundings, 'errors'>) => Context;
  /** Counts on. */
  readonly usage: UsageCount;
}

export async function judgeFiles(
  paths: readonly string[],
  { contextWith, usage, ...options }: JudgeOptions,
): Promise<JudgedFiles> {
  const loaded = await loadManifests(paths, options);
  const { errors: secretErrors, ...around } = surroundingsIn(loaded.manifests);
  const context = contextWith(around);
  const { workloads, images, findings, errors } = await judgeAll(loaded.manifests, context, usage);
  const asksSecrets = context.policies.some(({ needs }) => needs.has('pullSecrets'));
  return {
    files: loaded.files,
    documents: loaded.documents,
    workloads,
    images,
    findings,
    errors: [...loaded.errors, ...(asksSecrets ? secretErrors : []), ...errors],
  };
}

/** What policies are seen to be from their documents, from the calendar, and from what they did here. */
export function noticesOf(loaded: LoadedPolicies, usage: Usage, now: number): readonly NoticeRow[] {
  const told = new Set(loaded.notices.map(({ kind, name }) => `${kind} ${name}`));
  const known = noticesAt(loaded, now, (name) => usage.exception(name).missed);
  // What can never apply needs no second line that says that it did not.
  const unused = usageNotices(loaded, usage, now).filter(({ kind, name }) => !told.has(`${kind} ${name}`));
  return [...known, ...unused.map(loaded.placed)].map(noticeRow);
}

interface Judged {
  workloads: number;
  readonly images: ImageRow[];
  readonly findings: FindingRow[];
  readonly errors: ErrorRow[];
}

async function judgeAll(manifests: readonly Manifest[], context: Context, usage: UsageCount): Promise<Judged> {
  const judged: Judged = { workloads: 0, images: [], findings: [], errors: [] };
  const { signal } = new AbortController();
  for (const manifest of manifests) {
    const verdict = await validate(manifest.request, context, signal);
    if (verdict.outcome === 'malformed') {
      const { line, column } = manifest.positionOf(verdict.pointer);
      const { file, document } = manifest;
      judged.errors.push({ file, line, column, document, message: `${verdict.pointer || '/'}: ${verdict.problem}` });
      continue;
    }
    usage.add(verdict);
    addImages(judged, manifest, verdict.outcome === 'judged' ? verdict.workload : unjudged(manifest.request, context));
    for (const finding of verdict.findings) judged.findings.push(findingRow(place(manifest, finding.pointer), finding));
  }
  return judged;
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
