/** Evaluates manifests from files: `check` reports the findings, `test` compares them with the expected ones. */
import type { Context, World } from '../admission/context.ts';
import type { UsageCount } from '../admission/usage.ts';
import { type AsRunOptions, decideAsRun, type DecisionAsRun } from '../admission/as-run.ts';
import { changesAsRun } from '../admission/changes-as-run.ts';
import { validate } from '../admission/validate.ts';
import { loadManifests, type Manifest, type ManifestOptions, type Manifests } from '../files/manifests.ts';
import { type ClusterSources, clusterObjectsIn } from '../files/cluster-objects.ts';
import type { ErrorRow } from '../report/check.ts';
import { count } from '../report/paint.ts';
import type { ReportedObject } from '../report/html/check-run.ts';
import { objectKey } from '../report/html/object-key.ts';
import { createFingerprints, type Fingerprints } from '../report/fingerprint.ts';
import { type ChangeRow, type FindingRow, type ImageRow, inputNoticeRow, type NoticeRow } from '../report/rows.ts';
import type { InputNotice } from '../files/skipped-files.ts';
import { nothingNotice, unusedRenderers } from './nothing-evaluated.ts';
import { changeRowsOf, createUndecidedChanges } from './changes-as-run.ts';
import { decideInOrder } from './decide-in-order.ts';
import { type EarlyEvaluation, earlyEvaluation, isDecidedAlone } from './early-evaluation.ts';
import { createMisshapenObjects, type DecidedManifest } from './misshapen-objects.ts';
import { type ObjectRows, place, rowsOf, workloadIn } from './object-rows.ts';
import type { Progress } from './progress.ts';
import { imagePolicies } from '../policy/image-rules.ts';
import { changesObjects } from '../policy/plan.ts';
import { REGISTRY_SOURCE_NAMES } from '../policy/registry-questions.ts';

export interface FileEvaluation {
  readonly files: number;
  readonly documents: number;
  /** Objects of kinds that run or pull images. */
  readonly workloads: number;
  /** Workloads that `select` left out. */
  readonly unchanged?: number | undefined;
  /** Not all inputs are read and evaluated; the errors name the first one. */
  readonly isInterrupted: boolean;
  readonly images: readonly ImageRow[];
  readonly findings: readonly FindingRow[];
  /** undefined: no policy changes objects, or they are evaluated as written. */
  readonly changes?: readonly ChangeRow[] | undefined;
  readonly errors: readonly ErrorRow[];
  /** Notices about the files. */
  readonly notices: readonly NoticeRow[];
  /** Of objects with findings, by `objectKey`; empty without `keepObjects`. */
  readonly objects: ReadonlyMap<string, ReportedObject>;
}

export interface EvaluateOptions extends ManifestOptions {
  /** The context of the evaluation, given the namespaces, Secrets, and ServiceAccounts in the files. */
  readonly contextWith: (cluster: World) => Context;
  /** The cluster, for objects that are not in the files; undefined: they are unknown. */
  readonly cluster?: ClusterSources | undefined;
  /** Selects the objects that are evaluated; by default, all. Facts come from all objects. */
  readonly select?: ((loaded: Manifests, stop: AbortSignal) => Promise<SelectedManifests>) | undefined;
  /** The evaluation adds its counts here. */
  readonly usage: UsageCount;
  readonly progress?: Pick<Progress, 'at'> | undefined;
  /** Values of custom kinds with an unexpected shape are skipped with a notice; otherwise, they are errors. */
  readonly skipMisshapen?: boolean | undefined;
  /** Objects with findings are summarized for the report. */
  readonly keepObjects?: boolean | undefined;
  /** Objects are evaluated as they would run, after the changes of policies; otherwise as written. */
  readonly asRun?: AsRunOptions | undefined;
}

export interface SelectedManifests {
  readonly changed: readonly Manifest[];
  readonly unchanged: readonly Manifest[];
  readonly notices: readonly InputNotice[];
}

export async function evaluateFiles(paths: readonly string[], options: EvaluateOptions): Promise<FileEvaluation> {
  const early = canBeEarly(options)
    ? earlyEvaluation({ ...options.contextWith({}), kinds: options.kinds }, options.asRun)
    : undefined;
  const loaded = await loadManifests(paths, { ...options, settle: early?.settle });
  return evaluateManifests({ paths, loaded, early }, options);
}

/** All of these read objects after the files. */
function canBeEarly({ select, guessKinds, buildKustomizations, keepObjects }: EvaluateOptions): boolean {
  return select === undefined && !guessKinds && buildKustomizations === undefined && !keepObjects;
}

/** Manifests, with the paths that the user named. */
export interface LoadedPaths {
  readonly paths: readonly string[];
  readonly loaded: Manifests;
  readonly early?: EarlyEvaluation | undefined;
}

type EvaluateLoadedOptions = Omit<EvaluateOptions, keyof ManifestOptions> &
  Pick<EvaluateOptions, 'renderCharts' | 'buildKustomizations' | 'stop'>;

export async function evaluateManifests(
  { paths, loaded, early }: LoadedPaths,
  {
    contextWith,
    cluster,
    select,
    usage,
    progress,
    skipMisshapen,
    keepObjects,
    asRun,
    stop = NEVER,
    ...options
  }: EvaluateLoadedOptions,
): Promise<FileEvaluation> {
  const before = usage.covered;
  const { errors: secretErrors, ...clusterObjects } = clusterObjectsIn(loaded.manifests, cluster);
  const context = { ...contextWith(clusterObjects), kinds: loaded.kinds };
  const selected = await selectedIn(loaded, select, stop);
  const all = { usage, progress, skipMisshapen, keepObjects, asRun, early };
  const until = isEvaluatedAnyway(loaded, context, select) ? NEVER : stop;
  const {
    fingerprints: _counted,
    isLeft,
    ...evaluation
  } = await evaluateAll(selected.changed, context, { ...all, stop: until });
  const { errors, notices, changes, ...rows } = { ...evaluation, isInterrupted: loaded.isInterrupted || isLeft };
  const unchanged = unchangedIn(selected, context);
  const failed = loaded.errors.length + errors.length > 0;
  const nothing = unchanged ? [] : nothingNotice(paths, { ...rows, loaded, covered: usage.covered - before, failed });
  return {
    files: loaded.files,
    documents: loaded.documents,
    ...rows,
    unchanged,
    changes: listedChanges(changes, context, asRun),
    errors: [...loaded.errors, ...(readsSecrets(context) ? secretErrors : []), ...errors],
    notices: [
      ...loaded.notices,
      ...unusedRenderers(paths, loaded, options),
      ...selected.notices,
      ...notices,
      ...nothing,
    ].map(inputNoticeRow),
  };
}

function unchangedIn({ unchanged }: Selected, context: Context): number | undefined {
  return unchanged?.filter(({ request }) => workloadIn(request, context) !== undefined).length;
}

function readsSecrets({ policies }: Context): boolean {
  return policies.some(({ needs }) => needs.has('pullSecrets'));
}

interface Selected extends Omit<SelectedManifests, 'unchanged'> {
  /** undefined: nothing is compared. */
  readonly unchanged: SelectedManifests['unchanged'] | undefined;
}

/** What was compared in part would count as changed. */
async function selectedIn(loaded: Manifests, select: EvaluateOptions['select'], stop: AbortSignal): Promise<Selected> {
  const all = { changed: loaded.manifests, unchanged: undefined, notices: [] };
  if (select === undefined || stop.aborted) return all;
  try {
    const selected = await select(loaded, stop);
    return stop.aborted ? all : selected;
  } catch (error) {
    // Ctrl-C also ends the git that is running.
    if (stop.aborted) return all;
    throw error;
  }
}

/** After Ctrl-C in a slow part of the loading, objects that need nothing else are evaluated, because that is fast. */
function isEvaluatedAnyway({ isInterrupted }: Manifests, context: Context, select: EvaluateOptions['select']): boolean {
  return isInterrupted && select === undefined && isDecidedAlone(context);
}

export interface Evaluation {
  workloads: number;
  readonly images: ImageRow[];
  readonly findings: FindingRow[];
  readonly changes: ChangeRow[];
  readonly errors: ErrorRow[];
  readonly notices: InputNotice[];
  readonly objects: Map<string, ReportedObject>;
  readonly fingerprints: Fingerprints;
}

export function emptyEvaluation(): Evaluation {
  const rows = { images: [], findings: [], changes: [], errors: [], notices: [] };
  return { workloads: 0, ...rows, objects: new Map(), fingerprints: createFingerprints() };
}

function listedChanges(
  changes: readonly ChangeRow[],
  { policies }: Context,
  asRun: EvaluateOptions['asRun'],
): FileEvaluation['changes'] {
  return asRun !== undefined && changesObjects(policies) ? changes : undefined;
}

/** The deadline for the lookups of one object. It is longer than that of a review, because no API server is waiting. */
const DEADLINE_MS = 60_000;

/** Evaluates objects concurrently where they need lookups, and adds the decisions in the order of the files. */
interface AllOptions extends Pick<EvaluateOptions, 'usage' | 'progress' | 'skipMisshapen' | 'keepObjects' | 'asRun'> {
  readonly early: EarlyEvaluation | undefined;
  readonly stop: AbortSignal;
}

async function evaluateAll(
  manifests: readonly Manifest[],
  context: Context,
  { usage, progress, skipMisshapen, keepObjects, asRun, early, stop }: AllOptions,
): Promise<Evaluation & { readonly isLeft: boolean }> {
  const evaluation = emptyEvaluation();
  const misshapen = createMisshapenObjects(skipMisshapen ? context.kinds : undefined);
  const ofImages = { ...context, policies: imagePolicies(context.policies) };
  const undecided = createUndecidedChanges();
  const decide = ({ request, imagesOnly }: Manifest): DecisionAsRun | Promise<DecisionAsRun> => {
    const signal = signalFor(context, stop);
    if (imagesOnly) return validate(request, ofImages, signal);
    return asRun === undefined
      ? validate(request, context, signal)
      : decideAsRun(request, context, { ...asRun, signal });
  };
  const left = await decideInOrder(manifests, {
    decide: (manifest) => early?.takeRows(manifest) ?? decide(manifest),
    async take(manifest, decision) {
      if (!('outcome' in decision)) return addRows(evaluation, decision, usage);
      const decided = await misshapen.decided({ manifest, decision }, decide);
      addRows(evaluation, rowsOf(decided.manifest, decided.decision, context), usage);
      const {
        manifest: evaluated,
        decision: { asRun: changed },
      } = decided;
      if (changed !== undefined) {
        const found = await changesAsRun(changed, context, signalFor(context, stop));
        undecided.add(found.undecided, evaluated.file);
        evaluation.changes.push(...changeRowsOf(evaluated, found.changes));
      }
      if (keepObjects) await keepObject(evaluation, decided, context);
    },
    progress,
    stop,
  });
  evaluation.notices.push(...misshapen.notices(), ...undecided.notices());
  const [first] = left;
  if (first !== undefined) {
    const message = `interrupted: ${left.length} of ${count(manifests.length, 'object')} ${left.length === 1 ? 'is' : 'are'} not evaluated${left.length === 1 ? '' : '; this is the first of them'}`;
    evaluation.errors.push({ ...first.placeOf(''), document: first.document, message });
  }
  return { ...evaluation, isLeft: first !== undefined };
}

const NEVER = new AbortController().signal;

function signalFor({ world = {} }: Context, stop: AbortSignal): AbortSignal {
  const isLookup = REGISTRY_SOURCE_NAMES.some((name) => world[name] !== undefined);
  return isLookup ? AbortSignal.any([AbortSignal.timeout(DEADLINE_MS), stop]) : stop;
}

/** Adds what is known of the next object. */
export function addRows(evaluation: Evaluation, rows: ObjectRows, usage: UsageCount): void {
  usage.add(rows.counted);
  if (rows.isWorkload) evaluation.workloads += 1;
  evaluation.images.push(...rows.images);
  evaluation.changes.push(...rows.changes);
  evaluation.errors.push(...rows.errors);
  evaluation.notices.push(...rows.notices);
  for (const draft of rows.findings) {
    draft.fingerprint = evaluation.fingerprints(draft.fingerprint);
    evaluation.findings.push(draft);
  }
}

async function keepObject(
  { objects }: Evaluation,
  { manifest, decision }: DecidedManifest<DecisionAsRun>,
  context: Context,
): Promise<void> {
  if (decision.outcome !== 'evaluated' || decision.findings.length === 0) return;
  const { reportedObject } = await import('./reported-object.ts');
  objects.set(
    objectKey(place(manifest, '')),
    await reportedObject(decision.asRun?.request ?? manifest.request, decision.workload, context),
  );
}
