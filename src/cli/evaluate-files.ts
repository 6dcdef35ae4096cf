/** Evaluates manifests from files: `check` reports the findings, `test` compares them with the expected ones. */
import type { Context, World } from '../admission/context.ts';
import { nameOf, requestLabel } from '../admission/message.ts';
import type { AdmissionRequest } from '../admission/request.ts';
import { type Usage, type UsageCount, usageNotices } from '../admission/usage.ts';
import { validate, type Decision } from '../admission/validate.ts';
import type { Composed } from '../wiring.ts';
import { loadManifests, type Manifest, type ManifestOptions } from '../files/manifests.ts';
import { noticesAt } from '../files/policies.ts';
import { type ClusterSources, clusterObjectsIn } from '../files/cluster-objects.ts';
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
import type { InputNotice } from '../files/skipped-files.ts';
import { nothingNotice } from './nothing-evaluated.ts';
import type { Progress } from './progress.ts';
import { REGISTRY_SOURCE_NAMES } from '../policy/registry-questions.ts';

export interface FileEvaluation {
  readonly files: number;
  readonly documents: number;
  /** Objects of kinds that run or pull images. */
  readonly workloads: number;
  readonly images: readonly ImageRow[];
  readonly findings: readonly FindingRow[];
  readonly errors: readonly ErrorRow[];
  /** Notices about the files. */
  readonly notices: readonly NoticeRow[];
}

export interface EvaluateOptions extends ManifestOptions {
  /** The context of the evaluation, given the namespaces, Secrets, and ServiceAccounts in the files. */
  readonly contextWith: (cluster: World) => Context;
  /** The cluster, for objects that are not in the files; undefined: they are unknown. */
  readonly cluster?: ClusterSources | undefined;
  /** The evaluation adds its counts here. */
  readonly usage: UsageCount;
  readonly progress?: Pick<Progress, 'at'> | undefined;
}

export async function evaluateFiles(
  paths: readonly string[],
  { contextWith, cluster, usage, progress, ...options }: EvaluateOptions,
): Promise<FileEvaluation> {
  const loaded = await loadManifests(paths, options);
  const before = usage.covered;
  const { errors: secretErrors, ...clusterObjects } = clusterObjectsIn(loaded.manifests, cluster);
  const context = contextWith(clusterObjects);
  const { workloads, images, findings, errors, notices } = await evaluateAll(loaded.manifests, context, {
    usage,
    progress,
  });
  const failed = loaded.errors.length + errors.length > 0;
  const readsSecrets = context.policies.some(({ needs }) => needs.has('pullSecrets'));
  return {
    files: loaded.files,
    documents: loaded.documents,
    workloads,
    images,
    findings,
    errors: [...loaded.errors, ...(readsSecrets ? secretErrors : []), ...errors],
    notices: [
      ...loaded.notices,
      ...notices,
      ...nothingNotice(paths, { loaded, workloads, covered: usage.covered - before, failed }),
    ].map(inputNoticeRow),
  };
}

/**
 * Notices about policies: from their documents, from the date, and from their use in this run. There are none about the built-in
 * policy, because the user cannot fix it.
 */
export function policyNotices(
  { loaded, isBuiltIn }: Pick<Composed, 'loaded' | 'isBuiltIn'>,
  usage: Usage,
  now: number,
): readonly NoticeRow[] {
  if (isBuiltIn) return [];
  const files = loaded.inputNotices.map(inputNoticeRow);
  const listed = new Set(loaded.notices.map(({ kind, name }) => `${kind} ${name}`));
  const known = noticesAt(loaded, now, (name) => usage.exception(name).missed);
  // A policy that never applies gets no second notice that it did not apply.
  const unused = usageNotices(loaded, usage, now).filter(({ kind, name }) => !listed.has(`${kind} ${name}`));
  return [...files, ...[...known, ...unused.map(loaded.placed)].map(noticeRow)];
}

interface Evaluation {
  workloads: number;
  readonly images: ImageRow[];
  readonly findings: FindingRow[];
  readonly errors: ErrorRow[];
  readonly notices: InputNotice[];
}

/** Objects whose lookups run at the same time. */
const MAX_PENDING = 32;
/** The deadline for the lookups of one object. It is longer than that of a review, because no API server is waiting. */
const DEADLINE_MS = 60_000;

interface PendingDecision {
  readonly manifest: Manifest;
  readonly decision: Decision | Promise<Decision>;
}

/** Evaluates objects concurrently where they need lookups, and adds the decisions in the order of the files. */
async function evaluateAll(
  manifests: readonly Manifest[],
  context: Context,
  { usage, progress }: Pick<EvaluateOptions, 'usage' | 'progress'>,
): Promise<Evaluation> {
  const evaluation: Evaluation = { workloads: 0, images: [], findings: [], errors: [], notices: [] };
  const pending: PendingDecision[] = [];
  const takeFirst = async (): Promise<void> => {
    const first = pending.shift();
    if (first !== undefined)
      addDecision(evaluation, first.manifest, { decision: await first.decision, context, usage });
  };
  for (const [index, manifest] of manifests.entries()) {
    const decision = validate(manifest.request, context, signalFor(context));
    // A bug is reported when it is the turn of its object.
    if (decision instanceof Promise) decision.catch(() => undefined);
    pending.push({ manifest, decision });
    while (pending.length >= MAX_PENDING || (pending[0] && !(pending[0].decision instanceof Promise)))
      await takeFirst();
    progress?.at(index + 1 - pending.length, manifests.length);
  }
  while (pending.length > 0) {
    await takeFirst();
    progress?.at(manifests.length - pending.length, manifests.length);
  }
  return evaluation;
}

const NEVER = new AbortController().signal;

function signalFor({ world = {} }: Context): AbortSignal {
  return REGISTRY_SOURCE_NAMES.some((name) => world[name] !== undefined) ? AbortSignal.timeout(DEADLINE_MS) : NEVER;
}

interface DecisionInput {
  readonly decision: Decision;
  readonly context: Context;
  readonly usage: UsageCount;
}

function addDecision(evaluation: Evaluation, manifest: Manifest, { decision, context, usage }: DecisionInput): void {
  if (decision.outcome === 'malformed') {
    const { line, column } = manifest.positionOf(decision.pointer);
    const { file, document } = manifest;
    evaluation.errors.push({
      file,
      line,
      column,
      document,
      message: `${decision.pointer || '/'}: ${decision.problem}`,
    });
    return;
  }
  usage.add(decision);
  addImages(
    evaluation,
    manifest,
    decision.outcome === 'evaluated' ? decision.workload : workloadIn(manifest.request, context),
  );
  for (const finding of decision.findings)
    evaluation.findings.push(findingRow(place(manifest, finding.pointer), finding));
}

/** The images of an object that is not evaluated (one that is being deleted) are listed as well. */
function workloadIn({ object, type }: AdmissionRequest, { kinds }: Context): Workload | undefined {
  const read = object === undefined ? undefined : workloadOf(object, type, kinds);
  return read?.ok ? read.workload : undefined;
}

function addImages(evaluation: Evaluation, manifest: Manifest, workload: Workload | undefined): void {
  if (workload === undefined) return;
  evaluation.workloads += 1;
  evaluation.notices.push(...emptyPodNotices(manifest, workload));
  for (const container of workload.containers) {
    evaluation.images.push(imageRow(place(manifest, container.imagePointer), container));
  }
}

/** Only for Pods: other kinds can be patches for kustomize, or leave the containers to an operator. */
function emptyPodNotices(manifest: Manifest, { pods, type }: Workload): readonly InputNotice[] {
  if (type.group !== '' || type.kind !== 'Pod') return [];
  return pods
    .filter(({ containers }) => containers.length === 0)
    .map(({ pointer }) => ({
      file: manifest.file,
      ...manifest.positionOf(pointer),
      message: `${requestLabel(manifest.request)} has no containers, and the API server rejects it`,
    }));
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
