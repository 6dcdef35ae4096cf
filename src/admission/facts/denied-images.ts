/**
 * Images that a rule about nothing but images refuses: no registry is asked about them. Whoever may create an object chooses
 * their names, so without this anybody could make the gate talk to any host.
 */
import type { ImageReference } from '../../image/reference.ts';
import type { Container, ContainerImage } from '../../pod/containers.ts';
import { evaluate } from '../../policy/evaluate.ts';
import type { Excuses } from '../../policy/exception-book.ts';
import { NO_FACTS } from '../../policy/fact.ts';
import { type Covered, type Covering, havePassed, rememberPassed, type SharedChecks } from '../../policy/plan.ts';
import type { Binding } from '../../policy/policy.ts';
import type { ScopeRequest } from '../../policy/scope-request.ts';
import { readable } from '../readable.ts';

export interface Denial {
  readonly policy: string;
  readonly rule: string;
}

/** Of the containers of the request's workload. Nothing is judged before the first question. */
export function deniedImages(
  covering: Covering,
  request: ScopeRequest,
  excuses?: Excuses,
): (container: Container) => Denial | undefined {
  const strict = strictPart(covering);
  if (strict.policies.length === 0) return () => undefined;
  let refusals: Denials | undefined;
  return (container) => {
    refusals ??= refusalsIn(strict, request, excuses);
    return refusals.get(container);
  };
}

/** Whether it is known already that none of these images is refused. */
export function havePassedBefore(covering: Covering, images: readonly ContainerImage[]): boolean {
  const { policies, certain } = strictPart(covering);
  if (policies.length === 0) return true;
  return images.every((image) => image.state === 'parsed' && certain?.passed.has(image.reference) === true);
}

type Denials = ReadonlyMap<Container, Denial>;

function refusalsIn(strict: Strict, request: ScopeRequest, excuses: Excuses | undefined): Denials {
  const { containers } = request.workload;
  const { policies, certain } = strict;
  if (certain !== undefined && havePassed(certain, containers)) return NONE;
  const facts = { ...NO_FACTS, namespaceLabels: request.namespaceLabels };
  const covering = { policies, needs: NO_NEEDS, shared: undefined };
  const read = readable(() => evaluate(covering, { request, facts, concerns: undefined, excuses }));
  if (!read.ok) return allRefused(strict, containers);
  if (certain !== undefined && read.value.length === 0) rememberPassed(certain, containers);
  const refusals = new Map<Container, Denial>();
  for (const { container, action, policy, rule } of read.value) {
    if (container !== undefined && action === 'deny' && !refusals.has(container)) {
      refusals.set(container, { policy, rule });
    }
  }
  return refusals;
}

/** An object that cannot be judged as a whole. */
function allRefused({ policies }: Strict, containers: readonly Container[]): Denials {
  const [denial] = policies.flatMap(({ policy: { name, bindings } }) =>
    bindings.map(({ rule }): Denial => ({ policy: name, rule })),
  );
  return denial === undefined ? NONE : new Map(containers.map((container) => [container, denial]));
}

const NONE: Denials = new Map();
const NO_NEEDS: Covering['needs'] = new Set();

/** The rules that can refuse an image by itself. */
interface Strict {
  readonly policies: readonly Covered[];
  /** Images that have passed all of them; not there when it depends on more than the image. */
  readonly certain: Pick<SharedChecks, 'passed'> | undefined;
}

/** A plan stays the same from request to request. */
const strictParts = new WeakMap<Covering, Strict>();

function strictPart(covering: Covering): Strict {
  const before = strictParts.get(covering);
  if (before !== undefined) return before;
  const certain = covering.shared === undefined ? undefined : { passed: new Set<ImageReference>() };
  const strict = { policies: covering.policies.flatMap(refusing), certain };
  if (certain !== undefined) strictParts.set(covering, strict);
  return strict;
}

function refusing({ policy, coverage }: Covered): readonly Covered[] {
  const bindings = policy.bindings.filter(canRefuse);
  return bindings.length === 0 ? [] : [{ policy: { ...policy, bindings }, coverage }];
}

/** Rules of plugins are not asked: each time costs more than all others. */
function canRefuse({ action, onUnknown, check: { imagesOnly, needs, guard } }: Binding): boolean {
  if (!imagesOnly || needs.length > 0 || guard !== undefined) return false;
  return action === 'deny' || onUnknown === 'deny';
}
