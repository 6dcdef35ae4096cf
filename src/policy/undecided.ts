/** Why a change of an object was not decided, if that is no property of its images. */
import type { RegistryFailure } from './registry-fact.ts';

/**
 * `not-queried`: the evaluation queries no registries. `denied`: a policy denies the image, which was not looked up. `object`: an
 * object of the cluster is unknown. `scope`: it is unknown whether the policy applies.
 */
export type Undecided = 'not-queried' | 'denied' | 'object' | 'scope';

export function undecidedBy({ deniedBy, notQueried }: RegistryFailure): Undecided | undefined {
  if (notQueried === true) return 'not-queried';
  return deniedBy === undefined ? undefined : 'denied';
}
