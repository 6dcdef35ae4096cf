/**
 * The full values that a rule read for one problem, if its message may not contain them: then an equal message does not prove
 * that nothing changed. See existing.ts, and report/fingerprint.ts for baselines.
 */
import { CUT } from '../image/quote.ts';
import { comparable } from '../pod/comparable.ts';
import type { Pod } from '../pod/containers.ts';
import { type JsonObject, valueAt } from '../pod/pointer.ts';
import type { Workload } from '../pod/workload.ts';
import type { Check, Problem, Subject } from './rule.ts';

type About = Pick<Subject, 'workload'>;

/** One value as JSON. All problems about the value share it, because an object can have thousands of problems. */
export interface ComparedValue {
  /** undefined: the value has too many levels, and equals nothing. */
  readonly text: string | undefined;
}

export type ComparedValues = readonly ComparedValue[];

/** Only updates and baselines need the values, and the object of a review can be large. */
export type LazyValues = () => ComparedValues | undefined;

/** Returns undefined if the message contains the values, as far as that is known without them. */
export function seenBy(check: Check, problem: Problem, { workload }: About): LazyValues | undefined {
  const tells = check.guard === undefined && !problem.message.includes(CUT);
  const { seen } = check;
  if (seen === undefined) return tells ? undefined : () => aroundProblem(problem, workload);
  return () => seen(problem, workload)?.map(partOf) ?? (tells ? undefined : aroundProblem(problem, workload));
}

/** Cached, because the problems of thousands of containers share values of the Pod (figures: test/bench/README.md). */
const parts = new WeakMap<object, ComparedValue>();

function partOf(value: unknown): ComparedValue {
  if (typeof value !== 'object' || value === null) return { text: comparable(value) };
  let part = parts.get(value);
  if (part === undefined) parts.set(value, (part = { text: comparable(value) }));
  return part;
}

/**
 * Everything that a rule can have read: the value at the pointer, and the container with its Pod or, without a container,
 * all Pods.
 */
function aroundProblem({ container, pointer }: Problem, workload: Workload): ComparedValues {
  const value = pointedAt(workload, pointer);
  if (container === undefined) return [value, wholePods(workload)];
  const pod = workload.pods.find((one) => one.containers.includes(container));
  return [value, partOf(container.fields), partOf(pod && aroundContainers(pod))];
}

const pointed = new WeakMap<Workload, Map<string, ComparedValue>>();

/** Cached, because problems about many containers can point to one long text. */
function pointedAt(workload: Workload, pointer: string): ComparedValue {
  let known = pointed.get(workload);
  if (known === undefined) pointed.set(workload, (known = new Map()));
  let part = known.get(pointer);
  if (part === undefined) known.set(pointer, (part = partOf(valueOf(workload, pointer))));
  return part;
}

function valueOf({ object }: Workload, pointer: string): unknown {
  return pointer === '' ? undefined : valueAt(object, pointer);
}

/** Cached, because an object can have thousands of problems without a container. */
const whole = new WeakMap<Workload, ComparedValue>();

function wholePods(workload: Workload): ComparedValue {
  let part = whole.get(workload);
  if (part === undefined) {
    const { pods, containers } = workload;
    part = partOf([pods.map(({ spec }) => spec), containers.map(({ fields }) => fields)]);
    whole.set(workload, part);
  }
  return part;
}

/** Cached, so that `parts` has the same key for all containers of a Pod (figures: test/bench/README.md). */
const around = new WeakMap<Pod, JsonObject>();

/** Returns the Pod spec without its containers, because a change of another container does not affect this one. */
function aroundContainers(pod: Pod): JsonObject {
  const known = around.get(pod);
  if (known !== undefined) return known;
  const { containers: _regular, initContainers: _init, ephemeralContainers: _ephemeral, ...rest } = pod.spec;
  around.set(pod, rest);
  return rest;
}
