/** Shared by rules about containers of Pods: the loop, and helpers for messages. */
import type { Container, ContainerKind, Pod } from '../../pod/containers.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import { readObject } from '../../pod/read.ts';
import type { Problem, Subject } from '../rule.ts';

type ScopedSubject = Pick<Subject, 'pods' | 'containers' | 'workload'>;

/** Calls `check` for each container of these kinds in the policy's scope. Images outside of pod specs are not containers. */
export function checkContainers(
  subject: ScopedSubject,
  kinds: ReadonlySet<ContainerKind>,
  check: (container: Container, pod: Pod) => readonly Problem[],
): readonly Problem[] {
  const problems: Problem[] = [];
  const isInScope = inScope(subject);
  for (const pod of subject.pods) {
    for (const container of pod.containers) {
      if (!kinds.has(container.kind) || !isInScope(container)) continue;
      for (const problem of check(container, pod)) problems.push(problem);
    }
  }
  return problems;
}

/** Needs no set for the common case, a policy whose scope includes all containers. */
export function inScope({ containers, workload }: ScopedSubject): (container: Container) => boolean {
  if (containers.length === workload.containers.length) return everyone;
  const scope = new Set(containers);
  return (container) => scope.has(container);
}

const everyone = (): boolean => true;

export const NO_PROBLEMS: readonly never[] = [];

/** Reports whether a key is present and not null. */
export function has(object: JsonObject, key: string): boolean {
  return object[key] !== undefined && object[key] !== null;
}

/** Creates a violation at a field of a container. */
export function violation(
  container: Container,
  field: string,
  { message, remedy }: { readonly message: string; readonly remedy: string },
): Problem {
  const pointer = field === '' ? container.pointer : `${container.pointer}/${field}`;
  return { state: 'violation', container, pointer, message, remedy };
}

export const PROBES = ['readiness', 'liveness', 'startup'] as const;
export type Probe = (typeof PROBES)[number];

export const PROBE_FIELDS = {
  readiness: 'readinessProbe',
  liveness: 'livenessProbe',
  startup: 'startupProbe',
} as const satisfies Record<Probe, string>;

export function probeOf({ fields, pointer }: Container, probe: Probe): JsonObject | undefined {
  return readObject(fields, PROBE_FIELDS[probe], pointer);
}

/** `a`, `a or b`, `a, b, or c` */
export function either(words: readonly string[]): string {
  return words.length < 3 ? words.join(' or ') : `${words.slice(0, -1).join(', ')}, or ${words.at(-1)}`;
}
