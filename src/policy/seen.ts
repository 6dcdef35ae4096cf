/**
 * What a rule looked at for one problem, in full, where its sentence need not tell it: then the same sentence is no sign that
 * nothing has changed. See existing.ts.
 */
import { CUT } from '../image/quote.ts';
import { comparable } from '../pod/comparable.ts';
import type { Pod } from '../pod/containers.ts';
import { ShapeError, valueAt } from '../pod/pointer.ts';
import type { Check, Problem, Subject } from './rule.ts';

type About = Pick<Subject, 'operation' | 'workload'>;

/** JSON; `undefined` where the sentence tells it, and where nothing is compared. */
export function seenBy(check: Check, problem: Problem, { operation, workload }: About): string | undefined {
  if (operation !== 'UPDATE') return undefined;
  if (check.seen !== undefined) return textOf(check.seen(problem, workload));
  const tells = check.guard === undefined && !problem.message.includes(CUT);
  return tells ? undefined : textOf(aroundProblem(problem, workload));
}

function textOf(seen: unknown): string {
  const text = comparable(seen);
  if (text === undefined) throw new ShapeError('', 'an object that can be compared', 'one with too many levels');
  return text;
}

/** Whatever a rule could have looked at: the container and the Pod around it, else all Pods, and the value that it points to. */
function aroundProblem({ container, pointer }: Problem, { object, pods, containers }: About['workload']): unknown {
  const value = pointer === '' ? undefined : valueAt(object, pointer);
  if (container === undefined) return [value, pods.map(({ spec }) => spec), containers.map(({ fields }) => fields)];
  const pod = pods.find((one) => one.containers.includes(container));
  return [value, container.fields, pod && aroundContainers(pod)];
}

/** Another container may change beside one that stays as it was. */
function aroundContainers({ spec }: Pod): unknown {
  const { containers: _regular, initContainers: _init, ephemeralContainers: _ephemeral, ...around } = spec;
  return around;
}
