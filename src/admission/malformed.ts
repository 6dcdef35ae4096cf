/**
 * An object that is not of the shape its kind has, so that no rule can read it. Its author has made it so: it counts as refused
 * by the strictest rule that covers it.
 */
import { comparable } from '../pod/comparable.ts';
import type { KindTable } from '../pod/kinds.ts';
import { judgedParts } from '../pod/metadata.ts';
import { type JsonObject, ShapeError, shownPointer } from '../pod/pointer.ts';
import { type ObjectType, type ReadWorkload, type ShapeFault, type Workload, workloadOf } from '../pod/workload.ts';
import type { Finding } from '../policy/finding.ts';
import type { Covered } from '../policy/plan.ts';
import { type Action, ACTIONS, strictness } from '../policy/policy.ts';
import { REGISTRY_CAUSES } from '../policy/registry-fact.ts';
import { isPod } from './pin/mutable-images.ts';
import type { AdmissionRequest } from './request.ts';

/** `pointer` is from the root of the object. */
export interface MalformedDecision extends ShapeFault {
  readonly outcome: 'malformed';
  readonly allowed: boolean;
  /** One, where a policy has something to say of the object. */
  readonly findings: readonly Finding[];
}

/** Converts the error of a malformed object, and rethrows every other error. */
export function shapeFaultOf(error: unknown): ShapeFault {
  if (error instanceof ShapeError) return { pointer: error.pointer, problem: error.message };
  throw error;
}

/** As `workloadOf`, of an object that may be there by its name alone. */
export function readWorkload(
  object: JsonObject,
  { type, excess }: Pick<AdmissionRequest, 'type' | 'excess'>,
  kinds: KindTable,
): ReadWorkload | undefined {
  if (excess === undefined) return workloadOf(object, type, kinds);
  if (kinds.find(type.group, type.kind) === undefined) return undefined;
  return { ok: false, fault: { pointer: '', problem: excess } };
}

/** Replaces a workload that cannot be parsed, where only its kind matters. */
export function unreadWorkload(object: JsonObject, type: ObjectType, kinds: KindTable): Workload {
  const clusterScoped = kinds.find(type.group, type.kind)?.clusterScoped === true;
  return { object, type, name: '', clusterScoped, pods: [], containers: [] };
}

/** What the rules of these policies say of it. */
export function malformedDecision(
  fault: ShapeFault,
  request: AdmissionRequest,
  covered: readonly Covered[],
): MalformedDecision {
  const speakers = covered.flatMap(({ policy }) =>
    policy.bindings.map(({ rule, action, onUnknown = action }): Speaker => ({
      policy: policy.name,
      rule,
      action: strictness(onUnknown) < strictness(action) ? onUnknown : action,
      isLenient: policy.onUpdate === 'changed',
    })),
  );
  return strictestDecision(speakers, fault, request);
}

/** What their pins say of it: what cannot be read cannot be pinned, whatever cause a failure would have had. */
export function unpinnable(
  fault: ShapeFault,
  request: AdmissionRequest,
  covered: readonly Covered[],
): MalformedDecision {
  const speakers = covered.flatMap(({ policy: { name, pin } }): readonly Speaker[] => {
    if (pin === undefined || (pin.mode === 'pod' && !isPod(request.type))) return [];
    const action = ACTIONS.find(
      (one) => one !== 'audit' && REGISTRY_CAUSES.some((cause) => pin.onFailure(cause) === one),
    );
    if (action === undefined) return [];
    return [{ policy: name, rule: 'pin', action: pin.mode === 'warn' ? 'warn' : action, isLenient: true }];
  });
  return strictestDecision(speakers, fault, request);
}

interface Speaker {
  readonly policy: string;
  readonly rule: string;
  readonly action: Action;
  readonly isLenient: boolean;
}

interface SpeakerOnUpdate extends Speaker {
  readonly existing: boolean;
}

/** Of two that are equally strict, the first. */
function strictestOf(speakers: readonly SpeakerOnUpdate[]): SpeakerOnUpdate | undefined {
  return speakers.toSorted((left, right) => strictness(left.action) - strictness(right.action))[0];
}

/** Who forgives what was there before does not answer for one who does not. */
function strictestDecision(
  speakers: readonly Speaker[],
  fault: ShapeFault,
  request: AdmissionRequest,
): MalformedDecision {
  const asStored = isAsStored(request);
  const strictest = strictestOf(
    speakers.map((speaker) => {
      const existing = asStored && speaker.isLenient;
      return { ...speaker, existing, action: existing && speaker.action === 'deny' ? 'warn' : speaker.action };
    }),
  );
  if (strictest === undefined) return { outcome: 'malformed', ...fault, allowed: true, findings: [] };
  const { policy, rule, existing, action } = strictest;
  const finding: Finding = {
    policy,
    rule,
    action,
    outcome: 'unknown',
    existing,
    container: undefined,
    pointer: fault.pointer,
    message: `cannot determine whether the object complies: ${shownPointer(fault.pointer) || '/'}: ${fault.problem}`,
    remedy: 'use the type and size that the kind allows',
  };
  return { outcome: 'malformed', ...fault, allowed: action !== 'deny', findings: [finding] };
}

function isAsStored({ operation, object, oldObject }: AdmissionRequest): boolean {
  if (operation !== 'UPDATE' || object === undefined || oldObject === undefined) return false;
  const now = comparable(judgedParts(object));
  return now !== undefined && now === comparable(judgedParts(oldObject));
}
