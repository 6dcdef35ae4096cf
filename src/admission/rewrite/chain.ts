/** The names that an image can get by the rewrites of the policies that cover it, one after the other. */
import type { ImageReference } from '../../image/reference.ts';
import { type Rewritten, rewritten } from '../../image/rewriting.ts';
import type { Container } from '../../pod/containers.ts';
import type { Covered } from '../../policy/plan.ts';
import type { Rewrite } from '../../policy/rewrite.ts';
import { policiesOver, type PolicyOverContainer } from '../change/scoped-policies.ts';

export interface Step {
  readonly policy: string;
  readonly rewrite: Rewrite;
  readonly from: ImageReference;
  readonly to: Rewritten;
  /** Why it is unknown whether the policy applies; the image is then not changed. */
  readonly scopeUnknown: string | undefined;
}

/** Rewrites of several policies in different scopes could follow each other without end. */
export const MAX_STEPS = 8;

export function rewritingPolicies(covered: readonly Covered[]): readonly Covered[] {
  return covered.filter(({ policy }) => policy.rewrites !== undefined);
}

/** Ends with the first step that certainly changes nothing: its name is invalid, or its scope is unknown. */
export function stepsOf(container: Container, image: ImageReference, policies: readonly Covered[]): readonly Step[] {
  const steps: Step[] = [];
  const seen = new Set([image.text]);
  for (let from = image; steps.length < MAX_STEPS;) {
    const step = stepFrom(container, from, policies);
    if (step === undefined) break;
    steps.push(step);
    if (!step.to.ok || step.scopeUnknown !== undefined || seen.has(step.to.reference.text)) break;
    from = step.to.reference;
    seen.add(from.text);
  }
  return steps;
}

/** `undefined`: no rewrite matches the image. */
export function stepFrom(container: Container, from: ImageReference, policies: readonly Covered[]): Step | undefined {
  for (const over of policiesOver(container, from, policies)) {
    const step = stepBy(over, from);
    if (step !== undefined) return step;
  }
  return undefined;
}

export function stepBy({ policy, scopeUnknown }: PolicyOverContainer, from: ImageReference): Step | undefined {
  for (const rewrite of policy.rewrites ?? []) {
    const to = rewritten(rewrite.rewriting, from);
    if (to !== undefined) return { policy: policy.name, rewrite, from, to, scopeUnknown };
  }
  return undefined;
}
