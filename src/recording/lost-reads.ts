/**
 * Makes the results of CEL and plugin rules unknown that read values which a recording does not contain: the server can have had
 * other results. Built-in rules read none of these values.
 */
import type { Container } from '../pod/containers.ts';
import { isObject } from '../pod/pointer.ts';
import { seenBy } from '../policy/compared-values.ts';
import type { Need } from '../policy/fact.ts';
import type { Binding, Policy } from '../policy/policy.ts';
import type { Check, Problem, Subject } from '../policy/rule.ts';
import { type LostKeys, lostKeysIn, type LostPaths, lostPaths } from './lost-values.ts';
import { observed } from './observed.ts';

export interface LostRead {
  readonly policy: string;
  readonly rule: string;
}

export interface ReadObserver {
  /** The policies, whose rules are observed. */
  readonly policies: readonly Policy[];
  /** Begins a review; `redacted` as in its line. */
  readonly begin: (redacted: readonly string[]) => void;
  /** The rules that have read lost values since `begin`. */
  lostReads(): readonly LostRead[];
}

export function observeReads(policies: readonly Policy[]): ReadObserver {
  // Most policies have neither CEL nor plugins.
  if (!policies.some(({ bindings }) => bindings.some(isObserved)))
    return { policies, begin: () => undefined, lostReads: () => [] };
  const state: State = { lost: NOTHING_LOST, known: new WeakMap(), reads: new Map() };
  return {
    policies: policies.map((policy) => observedPolicy(policy, state)),
    begin(redacted) {
      state.lost = lostPaths(redacted);
      state.known = new WeakMap();
      state.reads.clear();
    },
    lostReads: () => [...state.reads.values()],
  };
}

const NOTHING_LOST: LostPaths = { inObject: [], inRequest: false };

interface State {
  lost: LostPaths;
  /** By the root of the object. */
  known: WeakMap<object, LostKeys>;
  readonly reads: Map<string, LostRead>;
}

function observedPolicy(policy: Policy, state: State): Policy {
  if (!policy.bindings.some(isObserved)) return policy;
  return {
    ...policy,
    bindings: policy.bindings.map((binding) => {
      if (!isObserved(binding)) return binding;
      const read = { policy: policy.name, rule: binding.rule };
      const onRead = (): void => void state.reads.set(JSON.stringify(read), read);
      return { ...binding, check: observedCheck(binding.check, state, onRead) };
    }),
  };
}

/** Rules of plugins have a guard. */
function isObserved({ rule, check }: Binding): boolean {
  return rule === 'cel' || check.guard !== undefined;
}

function observedCheck(check: Check, state: State, onRead: () => void): Check {
  return {
    ...check,
    run(subject) {
      const { inObject, inRequest } = state.lost;
      if (inObject.length === 0 && !inRequest) return check.run(subject);
      return runObserved(check, subject, { lost: lostFor(subject, state), inRequest, onRead });
    },
  };
}

function lostFor({ workload, request }: Subject<Need>, { lost, known }: State): LostKeys {
  const { object } = workload;
  let keys = known.get(object);
  if (keys === undefined) {
    const old = request.oldObject === undefined ? new Map() : lostKeysIn(request.oldObject, lost.inObject);
    keys = new Map([...lostKeysIn(object, lost.inObject), ...old]);
    known.set(object, keys);
  }
  return keys;
}

interface Observation {
  readonly lost: LostKeys;
  readonly inRequest: boolean;
  readonly onRead: () => void;
}

function runObserved(
  check: Check,
  subject: Subject<Need>,
  { lost, inRequest, onRead }: Observation,
): readonly Problem[] {
  let isLost = false;
  const noted = (): void => {
    isLost = true;
    onRead();
  };
  const hasLostImage = ({ fields }: Container): boolean => lost.get(fields)?.has('image') === true;
  const { value, original } = observed(subject, {
    lost,
    onRead: noted,
    isOpaque(parent, key) {
      if (parent === subject.facts) {
        // They are found from the images.
        if (key === 'originalImages' && subject.containers.some(hasLostImage)) noted();
        return true;
      }
      if (parent === subject.request && key !== 'oldObject' && inRequest) noted();
      if (key !== 'image' || !isContainer(parent)) return false;
      // A parsed image, which reads the image of its container.
      if (hasLostImage(parent)) noted();
      return true;
    },
  });
  let problems: readonly Problem[];
  try {
    problems = check.run(value);
  } catch {
    // Observed values cannot be cloned, for example. If the rule itself throws, it throws again.
    check.run(subject);
    onRead();
    return [UNKNOWN];
  }
  // On UPDATE, these values decide whether the stored object already had the problem.
  if (subject.operation === 'UPDATE') for (const problem of problems) seenBy(check, problem, value)?.();
  if (isLost) return [UNKNOWN];
  return problems.map((problem) => ({ ...problem, container: original(problem.container) as Container | undefined }));
}

const UNKNOWN: Problem = {
  state: 'unknown',
  container: undefined,
  pointer: '',
  message: 'cannot determine the result of this rule: it reads values that the recording does not contain',
  remedy: 'change the rule to read other fields, or test it with check',
  causedBy: 'world',
};

function isContainer(value: object): value is Container {
  return isObject(value) && 'imagePointer' in value && 'fields' in value;
}
