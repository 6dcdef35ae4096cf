/** The memory of the Secrets that a review keeps while it waits for other facts: tenants choose their size. */
import type { World } from '../admission/context.ts';
import { whenKnown } from '../admission/maybe-promise.ts';
import { memoryOf } from '../credential/pull-secret.ts';
import type { Lease } from './pool.ts';

export interface HeldSecrets {
  /** Counts the Secrets that are read from it. */
  readonly world: World;
  /** `enter` is called for the Secrets so far, and for each later one. Returns undefined if there is no room. */
  wait(enter: (bytes: number) => Lease | undefined, turnOut: () => void): Lease | undefined;
}

export function holdSecrets(world: World): HeldSecrets {
  const { secrets } = world;
  let bytes = 0;
  let hold = (more: number): void => {
    bytes += more;
  };
  return {
    world:
      secrets === undefined ? world : { ...world, secrets: { secret: (...lookup) => held(secrets.secret(...lookup)) } },
    wait(enter, turnOut) {
      const leases: Lease[] = [];
      const add = (more: number): boolean => {
        const lease = enter(more);
        if (lease !== undefined) leases.push(lease);
        return lease !== undefined;
      };
      if (!add(bytes)) return undefined;
      hold = (more) => {
        if (!add(more)) turnOut();
      };
      return () => {
        hold = () => undefined;
        for (const lease of leases) lease();
      };
    },
  };

  function held(lookup: ReturnType<NonNullable<World['secrets']>['secret']>): typeof lookup {
    return whenKnown(lookup, (fact) => {
      if (fact.state === 'yes') hold(memoryOf(fact.value));
      return fact;
    });
  }
}
