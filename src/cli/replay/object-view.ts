/** What reports show of the object of a recorded review: the picture of its Pods, and the values that its findings are about. */
import type { Context } from '../../admission/context.ts';
import type { AdmissionRequest } from '../../admission/request.ts';
import type { Recording } from '../../files/recorded-documents.ts';
import { ShapeError, valueAt } from '../../pod/pointer.ts';
import { workloadOf } from '../../pod/workload.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Excerpt, ObjectView, PodPicture } from '../../recording/object-view.ts';
import type { OutcomeFinding } from '../../recording/outcome.ts';
import { recordedWorld } from '../../recording/recorded-world.ts';
import { objectExcerpt } from '../../report/html/object-excerpt.ts';
import { podPictures } from '../../report/html/pod-picture.ts';
import { summaryOf } from '../workload-summary.ts';
import type { ViewOf } from './review-row.ts';

export function objectViews(context: Context, policies: readonly Policy[]): ViewOf {
  const fieldsOf = fieldsRead(policies);
  return async (recording, { findings = [], denials = [] }, request) => ({
    pods: await picturesOf(recording, request, context),
    excerpts: excerptsOf(request, [...findings, ...denials], fieldsOf),
  });
}

async function picturesOf(
  { recorded }: Recording,
  request: AdmissionRequest,
  context: Context,
): Promise<readonly PodPicture[]> {
  const { object, type } = request;
  const read = object && workloadOf(object, type, context.kinds);
  if (read?.ok !== true) return [];
  const isLive = recorded === undefined || context.world !== undefined;
  // Facts that only the picture needs are not missing.
  const known = isLive ? context : { ...context, world: recordedWorld(recorded.facts, () => undefined) };
  try {
    return withoutHashes(podPictures(await summaryOf(request, read.workload, known)), isLive);
  } catch (error) {
    // Volumes are read for the summary only, and can be malformed.
    if (error instanceof ShapeError) return [];
    throw error;
  }
}

/** A recording has hashes of user names. */
function withoutHashes(pods: readonly PodPicture[], isLive: boolean): readonly PodPicture[] {
  if (isLive) return pods;
  return pods.map((pod) => ({
    ...pod,
    containers: pod.containers.map((each) => ({ ...each, credential: { ...each.credential, user: null } })),
  }));
}

type Finding = Pick<OutcomeFinding, 'policy' | 'rule' | 'container' | 'pointer'>;

/** Pointers below the object, or below the container of a finding, that a rule reads. */
type FieldsOf = (finding: Finding) => readonly string[];

function excerptsOf(
  { object }: AdmissionRequest,
  findings: readonly Finding[],
  fieldsOf: FieldsOf,
): ObjectView['excerpts'] {
  const excerpts: Record<string, Excerpt> = {};
  if (object === undefined) return excerpts;
  for (const finding of findings) {
    const { pointer } = finding;
    if (pointer === null || Object.hasOwn(excerpts, pointer)) continue;
    const excerpt = objectExcerpt(object, mostExact(object, pointer, fieldsOf(finding)));
    if (excerpt !== null) excerpts[pointer] = excerpt;
  }
  return excerpts;
}

/** The value that a CEL expression reads, if it reads one; a finding of it is about the object or the container as a whole. */
function mostExact(object: unknown, pointer: string, fields: readonly string[]): string {
  const places = fields.map((field) => `${pointer}${field}`);
  const isScalar = (place: string): boolean => !['undefined', 'object'].includes(typeof valueAt(object, place));
  return places.find(isScalar) ?? places.find((place) => valueAt(object, place) !== undefined) ?? places[0] ?? pointer;
}

function fieldsRead(policies: readonly Policy[]): FieldsOf {
  const known = new Map<string, { readonly object: Set<string>; readonly container: Set<string> }>();
  const keyOf = ({ policy, rule }: Pick<Finding, 'policy' | 'rule'>): string => JSON.stringify([policy, rule]);
  for (const { name, bindings } of policies) {
    for (const { rule, check } of bindings) {
      const key = keyOf({ policy: name, rule });
      const fields = known.get(key) ?? { object: new Set(), container: new Set() };
      known.set(key, fields);
      check.reads?.object.forEach((pointer) => fields.object.add(pointer));
      check.reads?.container.forEach((pointer) => fields.container.add(pointer));
    }
  }
  return (finding) => {
    const fields = known.get(keyOf(finding));
    if (fields === undefined) return [];
    const all = finding.container === null ? fields.object : fields.container;
    return [...all].filter((pointer) => pointer !== '');
  };
}
