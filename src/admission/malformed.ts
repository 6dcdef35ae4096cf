/**
 * Decides about objects that their kind does not allow, so that no rule can read them. Only the author of the object can cause
 * this, so it counts as a finding of the strictest rule that covers the object.
 */
import { comparable } from '../pod/comparable.ts';
import type { KindTable } from '../pod/kinds.ts';
import { evaluatedParts } from '../pod/metadata.ts';
import { type JsonObject, ShapeError, shownPointer } from '../pod/pointer.ts';
import { type ObjectType, type ReadWorkload, type ShapeFault, type Workload, workloadOf } from '../pod/workload.ts';
import { PIN, REWRITE } from '../policy/change-rules.ts';
import type { Finding } from '../policy/finding.ts';
import type { Covered } from '../policy/plan.ts';
import { type Action, ACTIONS, strictness } from '../policy/policy.ts';
import type { PinMode } from '../policy/pin.ts';
import { REGISTRY_CAUSES, type RegistryCause } from '../policy/registry-fact.ts';
import { isPod } from './change/mutable-images.ts';
import type { AdmissionRequest } from './request.ts';

/** `pointer` is from the root of the object. */
export interface MalformedDecision extends ShapeFault {
  readonly outcome: 'malformed';
  readonly allowed: boolean;
  /** One finding if a policy covers the object, otherwise none. */
  readonly findings: readonly Finding[];
}

/** Converts the error of a malformed object, and rethrows every other error. */
export function shapeFaultOf(error: unknown): ShapeFault {
  if (error instanceof ShapeError) return { pointer: error.pointer, problem: error.message };
  throw error;
}

/** Like `workloadOf`, also for objects that were too large to parse. */
export function readWorkload(
  object: JsonObject,
  { type, excess }: Pick<AdmissionRequest, 'type' | 'excess'>,
  kinds: KindTable,
): ReadWorkload | undefined {
  if (excess === undefined) return workloadOf(object, type, kinds);
  if (kinds.find(type.group, type.kind) === undefined) return undefined;
  return { ok: false, fault: { pointer: '', problem: excess } };
}

/** Replaces a workload that cannot be parsed, where only the kind matters. */
export function unreadWorkload(object: JsonObject, type: ObjectType, kinds: KindTable): Workload {
  const clusterScoped = kinds.find(type.group, type.kind)?.clusterScoped === true;
  return { object, type, name: '', clusterScoped, pods: [], containers: [], publishedPorts: [] };
}

/** Decides by the strictest rule of these policies. */
export function malformedDecision(
  fault: ShapeFault,
  request: AdmissionRequest,
  covered: readonly Covered[],
): MalformedDecision {
  const rules = covered.flatMap(({ policy }) =>
    policy.bindings.map(({ rule, action, onUnknown = action }): ApplicableRule => ({
      policy: policy.name,
      rule,
      action: strictness(onUnknown) < strictness(action) ? onUnknown : action,
      isLenient: policy.onUpdate === 'changed',
    })),
  );
  return strictestDecision(rules, fault, request);
}

/** Decides by the strictest action for any cause of a failure to pin, because a malformed object cannot be pinned. */
export function unpinnable(
  fault: ShapeFault,
  request: AdmissionRequest,
  covered: readonly Covered[],
): MalformedDecision {
  const rules = covered.flatMap(({ policy: { name, pin, rewrites = [] } }): readonly ApplicableRule[] => [
    ...rewrites.flatMap((rewrite) => changeRule(rewrite, { policy: name, rule: REWRITE }, request)),
    ...(pin === undefined ? [] : changeRule(pin, { policy: name, rule: PIN }, request)),
  ]);
  return strictestDecision(rules, fault, request);
}

function changeRule(
  { mode, onFailure }: { readonly mode: PinMode; readonly onFailure: (cause: RegistryCause) => string },
  source: Pick<ApplicableRule, 'policy' | 'rule'>,
  { type }: AdmissionRequest,
): readonly ApplicableRule[] {
  if (mode === 'pod' && !isPod(type)) return [];
  const action = ACTIONS.find((one) => one !== 'audit' && REGISTRY_CAUSES.some((cause) => onFailure(cause) === one));
  if (action === undefined) return [];
  return [{ ...source, action: mode === 'warn' ? 'warn' : action, isLenient: true }];
}

interface ApplicableRule {
  readonly policy: string;
  readonly rule: string;
  readonly action: Action;
  readonly isLenient: boolean;
}

interface ApplicableRuleOnUpdate extends ApplicableRule {
  readonly existing: boolean;
}

/** Returns the first of equally strict rules. */
function strictestOf(rules: readonly ApplicableRuleOnUpdate[]): ApplicableRuleOnUpdate | undefined {
  return rules.toSorted((left, right) => strictness(left.action) - strictness(right.action))[0];
}

/** Each rule becomes a warning first if it is lenient about existing findings; then the strictest is selected. */
function strictestDecision(
  rules: readonly ApplicableRule[],
  fault: ShapeFault,
  request: AdmissionRequest,
): MalformedDecision {
  const asStored = isAsStored(request);
  const strictest = strictestOf(
    rules.map((one) => {
      const existing = asStored && one.isLenient;
      return { ...one, existing, action: existing && one.action === 'deny' ? 'warn' : one.action };
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
  const now = comparable(evaluatedParts(object));
  return now !== undefined && now === comparable(evaluatedParts(oldObject));
}
