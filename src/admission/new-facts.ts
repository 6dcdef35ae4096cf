/**
 * Repeats a decision with new facts if it rests on remembered ones. A Secret that was replaced, or added to a ServiceAccount,
 * some seconds before then denies no object.
 */
import type { Fact } from '../policy/fact.ts';
import type { Context, World } from './context.ts';
import { type MaybePromise, whenKnown } from './maybe-promise.ts';

/** `isFinal`: the decision stays, even if it rests on remembered facts. */
export function decideWithNewFacts<D>(
  context: Context,
  decide: (context: Context) => MaybePromise<D>,
  isFinal: (decision: D) => boolean,
): MaybePromise<D> {
  const { world } = context;
  if (world?.secrets === undefined && world?.serviceAccounts === undefined) return decide(context);
  let isRemembered = false;
  const note = (): void => {
    isRemembered = true;
  };
  return whenKnown(decide({ ...context, world: noting(world, note, false) }), (decision) =>
    isRemembered && !isFinal(decision) ? decide({ ...context, world: noting(world, note, true) }) : decision,
  );
}

function noting(world: World, note: () => void, refresh: boolean): World {
  const { secrets, serviceAccounts } = world;
  const noted = <T>(lookup: MaybePromise<Fact<T>>): MaybePromise<Fact<T>> =>
    whenKnown(lookup, (fact) => {
      if (fact.state === 'yes' && fact.isRemembered === true) note();
      return fact;
    });
  return {
    ...world,
    secrets: secrets && {
      secret: (namespace, name, signal) => noted(secrets.secret(namespace, name, signal, refresh)),
    },
    serviceAccounts: serviceAccounts && {
      pullSecretsOf: (namespace, name, signal) =>
        noted(serviceAccounts.pullSecretsOf(namespace, name, signal, refresh)),
    },
  };
}
