/** `tidewaiter explain pod --policy`: what policies change in a workload, and the original images. */
import { type ContainerChange, type ObjectAsRun, objectAsRun } from '../../admission/changes-as-run.ts';
import type { Context } from '../../admission/context.ts';
import { namespaceLabels } from '../../admission/facts/lookups.ts';
import type { ChangesSummary, ChangeSummary, WorkloadSummary } from '../../admission/pod-summary.ts';
import type { AdmissionRequest } from '../../admission/request.ts';
import { originalImages } from '../../admission/rewrite/original-images.ts';
import { type Workload, workloadOf } from '../../pod/workload.ts';
import type { Finding } from '../../policy/finding.ts';
import type { Config } from '../../config/config.ts';
import { compose } from '../../wiring.ts';
import { closeAfter } from '../close-after.ts';
import { asNodes, needsMirror, type OpenRegistry, openRegistry } from '../open-registry.ts';
import type { Terminal } from '../terminal.ts';
import { summaryOf } from '../workload-summary.ts';

interface PolicyRun {
  readonly flags: { readonly offline?: boolean | undefined; readonly openRegistry?: OpenRegistry | undefined };
  readonly terminal: Terminal;
}

/** Calls `use` with the configured policies. Registries are queried if the name of an image depends on them, as by `check`. */
export async function withPolicies<T>(
  config: Config,
  { flags, terminal }: PolicyRun,
  use: (context: Context) => Promise<T>,
): Promise<T> {
  const { context } = await compose(config, {});
  const isOffline = flags.offline === true || !context.policies.some(needsMirror);
  const registry = isOffline ? undefined : await (flags.openRegistry ?? openRegistry)(config, asNodes(terminal));
  return closeAfter(use({ ...context, world: registry?.sources }), () => registry?.close());
}

/** For all lookups of one object. */
const DEADLINE_MS = 60_000;

/** The summary of an object as it would run, by the code of `check`. Throws a ShapeError if a volume is malformed. */
export async function summaryAsRun(
  request: AdmissionRequest,
  workload: Workload,
  context: Context,
): Promise<WorkloadSummary> {
  if (context.policies.length === 0) return summaryOf(request, workload, context);
  const asRun = await objectAsRun(request, context, AbortSignal.timeout(DEADLINE_MS));
  const { object, type } = asRun.request;
  const read = object === undefined ? undefined : workloadOf(object, type, context.kinds);
  const changed = read?.ok === true ? read.workload : workload;
  return summaryOf(asRun.request, changed, context, await changesSummary(asRun, changed, context));
}

async function changesSummary(asRun: ObjectAsRun, workload: Workload, context: Context): Promise<ChangesSummary> {
  const namespace = workload.clusterScoped ? undefined : asRun.request.namespace;
  const originals = await originalsOf(namespace, workload, context);
  const changes = new Map(asRun.changes.map((change) => [change.imagePointer, change]));
  const notes = Map.groupBy(asRun.findings, ({ pointer }) => pointer);
  return {
    ofImage: (pointer) => changeSummary(changes.get(pointer), notesIn(notes.get(pointer)), originals.get(pointer)),
    ofSecrets: (pointer) => notesIn(notes.get(`${pointer}/imagePullSecrets`)),
  };
}

/** A Pod can have the same finding as the template that it is from. */
function notesIn(findings: readonly Finding[] = []): readonly string[] {
  return [...new Set(findings.map(({ message }) => message))];
}

function changeSummary(
  change: ContainerChange | undefined,
  notes: readonly string[],
  original: string | null = null,
): ChangeSummary {
  if (change === undefined)
    return { written: null, original, addedPullSecrets: [], setPullPolicy: null, policies: [], notes };
  const { from, to, pullSecrets: addedPullSecrets, pullPolicy: setPullPolicy = null, policies } = change;
  return { written: from === to ? null : from, original, addedPullSecrets, setPullPolicy, policies, notes };
}

/** Live Pods are not changed. */
export function originalsSummary(originals: ReadonlyMap<string, string>): ChangesSummary {
  return { ofImage: (pointer) => ({ original: originals.get(pointer) ?? null }) };
}

/** By the JSON Pointer of the image; those that are the image itself, or not known, are left out. */
export async function originalsOf(
  namespace: string | undefined,
  workload: Workload,
  context: Context,
): Promise<ReadonlyMap<string, string>> {
  const labels = await namespaceLabels(namespace, context, AbortSignal.timeout(DEADLINE_MS));
  const { name } = workload;
  const creation = { operation: 'CREATE', name, subResource: '', user: undefined, oldObject: undefined } as const;
  const target = { namespace, workload, namespaceLabels: labels, dryRun: false };
  const facts = originalImages({ ...creation, ...target }, context.policies);
  return new Map(
    workload.containers.flatMap(({ imagePointer, image }) => {
      const fact = facts.get(imagePointer);
      return fact?.state === 'yes' && fact.value.text !== image.text ? [[imagePointer, fact.value.text] as const] : [];
    }),
  );
}
