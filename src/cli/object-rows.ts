/** What a report needs of one object: its rows, and what its evaluation adds to the counts. */
import type { Context } from '../admission/context.ts';
import { nameOf, requestLabel } from '../admission/message.ts';
import type { AdmissionRequest } from '../admission/request.ts';
import { type Counted, countedIn } from '../admission/usage.ts';
import type { DecisionAsRun } from '../admission/as-run.ts';
import type { Decision } from '../admission/validate.ts';
import type { Manifest } from '../files/manifests.ts';
import type { InputNotice } from '../files/skipped-files.ts';
import { valueAt } from '../pod/pointer.ts';
import { apiVersionOf, type Workload, workloadOf } from '../pod/workload.ts';
import type { Finding } from '../policy/finding.ts';
import type { ErrorRow } from '../report/check.ts';
import {
  type ChangeRow,
  type FindingDraft,
  findingDraft,
  type ImageRow,
  imageRow,
  type ObjectRow,
} from '../report/rows.ts';

export interface ObjectRows {
  readonly counted: Counted | undefined;
  readonly isWorkload: boolean;
  readonly images: readonly ImageRow[];
  readonly findings: readonly FindingDraft[];
  /** Only of an object that is evaluated early; the others are determined afterwards. */
  readonly changes: readonly ChangeRow[];
  readonly errors: readonly ErrorRow[];
  readonly notices: readonly InputNotice[];
}

const NOTHING: ObjectRows = {
  counted: undefined,
  isWorkload: false,
  images: [],
  findings: [],
  changes: [],
  errors: [],
  notices: [],
};

export function rowsOf(manifest: Manifest, decision: DecisionAsRun, context: Context): ObjectRows {
  if (decision.outcome === 'malformed') return { ...NOTHING, errors: [malformedRow(manifest, decision)] };
  const isWritten = decision.outcome === 'evaluated' && decision.asRun === undefined;
  const workload = isWritten ? decision.workload : workloadIn(manifest.request, context);
  if (workload === undefined) return NOTHING;
  const asWritten = isWritten ? same : writtenFindings(workload);
  return {
    counted: countedIn(decision),
    isWorkload: true,
    images: workload.containers.map((container) => imageRow(place(manifest, container.imagePointer), container)),
    findings: decision.findings.map((finding) => draftOf(manifest, asWritten(finding))),
    changes: [],
    errors: [],
    notices: emptyPodNotices(manifest, workload),
  };
}

const same = (finding: Finding): Finding => finding;

/** Rows name images as written, so that they are found in the file, and a digest that moves makes no new finding. */
function writtenFindings({ containers }: Workload): (finding: Finding) => Finding {
  const byImage = new Map(containers.map((container) => [container.imagePointer, container]));
  return (finding) => {
    const own = finding.container && byImage.get(finding.container.imagePointer);
    return own === undefined ? finding : { ...finding, container: own };
  };
}

function malformedRow(
  manifest: Manifest,
  { pointer, problem }: Extract<Decision, { readonly outcome: 'malformed' }>,
): ErrorRow {
  return { ...manifest.placeOf(pointer), document: manifest.document, message: `${pointer || '/'}: ${problem}` };
}

function draftOf(manifest: Manifest, finding: Finding): FindingDraft {
  const { container, pointer, seen } = finding;
  const value = pointer === container?.imagePointer ? container.image.text : valueAt(manifest.request.object, pointer);
  const draft = findingDraft(place(manifest, pointer), finding, { value, seen });
  const remark = manifest.remarkOn?.(pointer);
  if (remark === undefined) return draft;
  return { ...draft, remedy: draft.remedy === null ? remark : `${draft.remedy}; ${remark}` };
}

/** The images of an object that is not evaluated (one that is being deleted) are listed as well. */
export function workloadIn({ object, type }: AdmissionRequest, { kinds }: Context): Workload | undefined {
  const read = object === undefined ? undefined : workloadOf(object, type, kinds);
  return read?.ok ? read.workload : undefined;
}

/** Only for Pods: other kinds can be patches for kustomize, or leave the containers to an operator. */
function emptyPodNotices(manifest: Manifest, { pods, type }: Workload): readonly InputNotice[] {
  if (type.group !== '' || type.kind !== 'Pod') return NOTHING.notices;
  return pods
    .filter(({ containers }) => containers.length === 0)
    .map(({ pointer }) => ({
      ...manifest.placeOf(pointer),
      message: `${requestLabel(manifest.request)} has no containers, and the API server rejects it`,
    }));
}

export function place(manifest: Manifest, pointer: string): ObjectRow {
  const { document, request, rendered } = manifest;
  return {
    ...manifest.placeOf(pointer),
    document,
    apiVersion: apiVersionOf(request.type),
    kind: request.type.kind,
    namespace: request.namespace ?? null,
    name: nameOf(request),
    ...(rendered === undefined ? {} : { rendered }),
  };
}
