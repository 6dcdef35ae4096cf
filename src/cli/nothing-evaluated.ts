/** Explains why no workload was evaluated, or nothing was rendered: an empty pipe and a policy for other namespaces give the same empty report. */
import { quoteValue } from '../image/quote.ts';
import { type InputNotice, namedFew } from '../files/skipped-files.ts';
import type { Manifests } from '../files/manifests.ts';
import type { RenderOptions } from '../files/rendered-inputs.ts';

interface Outcome {
  readonly loaded: Manifests;
  readonly workloads: number;
  /** Workloads that at least one policy applies to. */
  readonly covered: number;
  /** An error already explains why no workload was evaluated. */
  readonly failed: boolean;
}

/** Returns a notice if no workload was evaluated. */
export function nothingNotice(
  paths: readonly string[],
  { loaded, workloads, covered, failed }: Outcome,
): readonly InputNotice[] {
  if (covered > 0 || (failed && workloads === 0)) return [];
  const reason =
    workloads > 0 ? `no policy applies to ${counted(workloads, 'workload')}` : contentsOf(namesOf(paths), loaded);
  return [noticeAbout(paths, `no workload was evaluated: ${reason}`)];
}

/** Returns a notice for each renderer that had nothing to render in inputs that were all read. */
export function unusedRenderers(
  paths: readonly string[],
  { charts, kustomizations, isInterrupted }: Pick<Manifests, 'charts' | 'kustomizations' | 'isInterrupted'>,
  { renderCharts, buildKustomizations }: Pick<RenderOptions, 'renderCharts' | 'buildKustomizations'>,
): readonly InputNotice[] {
  if (isInterrupted) return [];
  const unused = [
    ...(renderCharts !== undefined && charts === 0 ? [['Helm chart', '--helm']] : []),
    ...(buildKustomizations !== undefined && kustomizations === 0 ? [['kustomization', '--kustomize']] : []),
  ];
  return unused.map(([what, flag]) =>
    noticeAbout(paths, `${namesOf(paths)} contains no ${what}; ${flag} has no effect`),
  );
}

function namesOf(paths: readonly string[]): string {
  return paths.map((given) => (given === '-' ? 'stdin' : quoteValue(given, 256))).join(', ');
}

function noticeAbout(paths: readonly string[], message: string): InputNotice {
  const file = paths.map((given) => (given === '-' ? 'stdin' : given)).join(', ');
  return { file, line: null, column: null, message };
}

function contentsOf(file: string, { files, documents, kustomizations, charts, manifests }: Manifests): string {
  if (manifests.length > 0) return `${file} contains only ${kindsIn(manifests)}`;
  if (kustomizations > 0) return `${file} contains only kustomizations; run kubectl kustomize and check its output`;
  if (charts > 0) return `${file} contains no Kubernetes object outside of Helm charts`;
  if (files === 0 || documents > 0) return `${file} contains no Kubernetes object`;
  return file === 'stdin'
    ? 'stdin is empty; check whether the previous command in the pipe failed'
    : `${file} is empty`;
}

/** `2 ConfigMap, 1 Service, and 3 more` */
function kindsIn(manifests: Manifests['manifests']): string {
  const byKind = Map.groupBy(manifests, ({ request }) => request.type.kind);
  return namedFew([...byKind].map(([kind, { length }]) => `${length} ${shownKind(kind)}`));
}

function shownKind(kind: string): string {
  return /^\w{1,100}$/.test(kind) ? kind : quoteValue(kind);
}

function counted(count: number, word: string): string {
  return count === 1 ? `the ${word}` : `any of ${count} ${word}s`;
}
