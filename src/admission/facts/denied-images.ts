/**
 * Finds images that a rule denies by the image string alone, so that they are not looked up. Anyone who can create an object
 * chooses its images, and could otherwise make tidewaiter send requests to any host.
 */
import type { Container, ContainerImage } from '../../pod/containers.ts';
import { evaluate } from '../../policy/evaluate.ts';
import type { Excuses } from '../../policy/exception-book.ts';
import { NO_FACTS } from '../../policy/fact.ts';
import { type Covered, type Covering, havePassed, rememberPassed, type SharedChecks } from '../../policy/plan.ts';
import type { Binding } from '../../policy/policy.ts';
import type { RegistryFact } from '../../policy/registry-fact.ts';
import type { ScopeRequest } from '../../policy/scope-request.ts';
import { shapeFaultOf } from '../malformed.ts';

export interface Denial {
  readonly policy: string;
  readonly rule: string;
}

/** Returns the denial of a container of the request. The rules run on the first call. */
export function deniedImages(
  covering: Covering,
  request: ScopeRequest,
  excuses?: Excuses,
): (container: Container) => Denial | undefined {
  const strict = strictPart(covering);
  if (strict.policies.length === 0) return () => undefined;
  let denials: Denials | undefined;
  return (container) => {
    denials ??= denialsIn(strict, request, excuses);
    return denials.get(container);
  };
}

/** Reports whether all of these images passed before. */
export function havePassedBefore(covering: Covering, images: readonly ContainerImage[]): boolean {
  const { policies, certain } = strictPart(covering);
  if (policies.length === 0) return true;
  return images.every((image) => image.state === 'parsed' && certain?.passed.has(image.text) === true);
}

/** The fact for an image that is not looked up because of the denial. */
export function deniedFact(deniedBy: Denial): RegistryFact<never> {
  const message = `not looked up: policy ${deniedBy.policy}/${deniedBy.rule} denies the image`;
  return { state: 'unknown', failure: { cause: 'blocked', message, remedy: undefined, deniedBy } };
}

type Denials = ReadonlyMap<Container, Denial>;

function denialsIn(strict: Strict, request: ScopeRequest, excuses: Excuses | undefined): Denials {
  const { containers } = request.workload;
  const { policies, certain } = strict;
  if (certain !== undefined && havePassed(certain, containers)) return NONE;
  const facts = { ...NO_FACTS, namespaceLabels: request.namespaceLabels };
  const covering = { policies, needs: NO_NEEDS, shared: undefined };
  const denials = new Map<Container, Denial>();
  try {
    const findings = evaluate(covering, { request, facts, canChange: undefined, excuses });
    if (certain !== undefined && findings.length === 0) rememberPassed(certain, containers);
    for (const { container, action, policy, rule } of findings) {
      if (container !== undefined && action === 'deny' && !denials.has(container))
        denials.set(container, { policy, rule });
    }
    return denials;
  } catch (error) {
    shapeFaultOf(error);
    return allDenied(strict, containers);
  }
}

/** For a malformed object. */
function allDenied({ policies }: Strict, containers: readonly Container[]): Denials {
  const [denial] = policies.flatMap(({ policy: { name, bindings } }) =>
    bindings.map(({ rule }): Denial => ({ policy: name, rule })),
  );
  return denial === undefined ? NONE : new Map(containers.map((container) => [container, denial]));
}

const NONE: Denials = new Map();
const NO_NEEDS: Covering['needs'] = new Set();

/** The rules that can deny an image by its string alone. */
interface Strict {
  readonly policies: readonly Covered[];
  /** Images that passed all rules. `undefined`: the result depends on more than the image. */
  readonly certain: Pick<SharedChecks, 'passed'> | undefined;
}

/** Plans are cached, so each request with the same plan has the same key. */
const strictParts = new WeakMap<Covering, Strict>();

function strictPart(covering: Covering): Strict {
  const before = strictParts.get(covering);
  if (before !== undefined) return before;
  const certain = covering.shared === undefined ? undefined : { passed: new Set<string>() };
  const strict = { policies: covering.policies.flatMap(denyingPart), certain };
  if (certain !== undefined) strictParts.set(covering, strict);
  return strict;
}

function denyingPart({ policy, coverage }: Covered): readonly Covered[] {
  const bindings = policy.bindings.filter(canDeny);
  return bindings.length === 0 ? [] : [{ policy: { ...policy, bindings }, coverage }];
}

/** Plugin rules are left out: one run costs more than all other rules. */
function canDeny({ action, onUnknown, check: { imagesOnly, needs, guard } }: Binding): boolean {
  if (!imagesOnly || needs.length > 0 || guard !== undefined) return false;
  return action === 'deny' || onUnknown === 'deny';
}
