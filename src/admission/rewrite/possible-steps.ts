/**
 * All names that an image can get where it is unknown whether policies apply: those with each of these policies, and those without it.
 * Where all scopes are known, they are the names of the chain.
 */
import type { ImageReference } from '../../image/reference.ts';
import type { Rewritten } from '../../image/rewriting.ts';
import type { Container } from '../../pod/containers.ts';
import type { Covered } from '../../policy/plan.ts';
import { policiesInOrder } from '../change/scoped-policies.ts';
import { MAX_STEPS, type Step, stepBy } from './chain.ts';

export interface PossibleStep extends Pick<Step, 'policy' | 'to'> {
  /** Why it is unknown whether the image gets the name; undefined: it does. */
  readonly assumed: string | undefined;
}

export interface PossibleSteps {
  readonly steps: readonly PossibleStep[];
  /** There are names beyond the limit. */
  readonly hasMore: boolean;
}

interface PossibleName {
  readonly name: ImageReference;
  readonly assumed: string | undefined;
}

/** Of one image. Each policy in an unknown scope can double the names. */
const MAX_NAMES = 1_000;

export function possibleStepsOf(
  container: Container,
  image: ImageReference,
  policies: readonly Covered[],
): PossibleSteps {
  const steps: PossibleStep[] = [];
  const seen = new Set([image.text]);
  let names: readonly PossibleName[] = [{ name: image, assumed: undefined }];
  for (let depth = 0; depth < MAX_STEPS && names.length > 0; depth += 1) {
    const found = names.flatMap((from) => stepsFrom(container, from, policies));
    steps.push(...found);
    names = newNames(found, seen);
    if (seen.size > MAX_NAMES) return { steps, hasMore: true };
  }
  return { steps, hasMore: false };
}

function newNames(steps: readonly PossibleStep[], seen: Set<string>): readonly PossibleName[] {
  return steps.flatMap(({ to, assumed }) => {
    if (!to.ok || seen.has(to.reference.text)) return [];
    seen.add(to.reference.text);
    return [{ name: to.reference, assumed }];
  });
}

/** Of the policies in unknown scopes, and of the first one that certainly applies. */
function stepsFrom(
  container: Container,
  { name, assumed }: PossibleName,
  policies: readonly Covered[],
): readonly PossibleStep[] {
  const steps: Step[] = [];
  for (const over of policiesInOrder(container, name, policies)) {
    const step = stepBy(over, name);
    if (step === undefined) continue;
    steps.push(step);
    if (step.scopeUnknown === undefined) break;
  }
  const certain = steps.find(({ scopeUnknown }) => scopeUnknown === undefined);
  const other = certain && steps.find(({ to }) => nameOf(to) !== nameOf(certain.to));
  const possible = certain !== undefined && other === undefined ? [certain] : steps;
  return possible.map(({ policy, to, scopeUnknown = other?.scopeUnknown }) => ({
    policy,
    to,
    assumed: assumed ?? scopeUnknown,
  }));
}

function nameOf(to: Rewritten): string {
  return to.ok ? to.reference.text : to.problem;
}
