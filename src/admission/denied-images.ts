/**
 * The images that a covering policy denies by what their names say alone. Names are written by whoever asks, so a registry
 * that no policy allows is never asked about them.
 */
import type { Container } from '../pod/containers.ts';
import type { Finding } from '../policy/evaluate.ts';
import type { Excuses } from '../policy/exception.ts';
import { NO_FACTS } from '../policy/fact.ts';
import type { Covered, Covering } from '../policy/plan.ts';
import type { Binding } from '../policy/policy.ts';
import type { Problem } from '../policy/rule.ts';
import type { ScopeRequest } from '../policy/scope.ts';

export interface Denial {
  readonly policy: string;
  readonly rule: string;
}

/** Only rules that look at nothing but images and need no facts. What an exception excuses is not denied. */
export function deniedImages(
  { policies }: Pick<Covering, 'policies'>,
  request: ScopeRequest,
  excuses?: Excuses,
): (container: Container) => Denial | undefined {
  const denied = new Map<Container, Denial>();
  for (const covered of policies) {
    for (const binding of covered.policy.bindings.filter(canDeny)) {
      const by = { policy: covered.policy.name, rule: binding.rule };
      for (const container of deniedBy({ covered, binding, request, excuses })) {
        denied.set(container, denied.get(container) ?? by);
      }
    }
  }
  return (container) => denied.get(container);
}

interface Denying {
  readonly covered: Covered;
  readonly binding: Binding;
  readonly request: ScopeRequest;
  readonly excuses: Excuses | undefined;
}

function deniedBy({ covered, binding, request, excuses }: Denying): readonly Container[] {
  return problemsOf(binding, covered, request).flatMap((problem) => {
    const { container } = problem;
    return container !== undefined && isDenied({ covered, binding, problem }, excuses) ? [container] : [];
  });
}

function canDeny({ check, action, onUnknown }: Binding): boolean {
  return check.imagesOnly === true && check.needs.length === 0 && (action === 'deny' || onUnknown === 'deny');
}

function problemsOf({ check }: Binding, { coverage }: Covered, request: ScopeRequest): readonly Problem[] {
  const { operation, namespace, workload, namespaceLabels } = request;
  const containers = coverage.containers ?? workload.containers;
  const facts = { ...NO_FACTS, namespaceLabels };
  try {
    return check.run({ operation, namespace, workload, pods: workload.pods, containers, request, facts });
  } catch {
    // It fails in the same way where the object is judged, and there it is told.
    return [];
  }
}

interface Said {
  readonly covered: Covered;
  readonly binding: Binding;
  readonly problem: Problem;
}

function isDenied({ covered, binding, problem }: Said, excuses: Excuses | undefined): boolean {
  const { container, pointer, message, state } = problem;
  const unknown = state === 'unknown' || covered.coverage.doubt(container) !== undefined;
  const finding: Finding = {
    policy: covered.policy.name,
    rule: binding.rule,
    action: unknown ? binding.onUnknown : binding.action,
    outcome: unknown ? 'unknown' : 'violation',
    existing: false,
    container,
    pointer,
    message,
    remedy: undefined,
  };
  return (excuses?.applied(finding) ?? finding).action === 'deny';
}
