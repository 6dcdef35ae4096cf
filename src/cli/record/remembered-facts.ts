/** Reads each object of a cluster once per command, so that a recording has the facts of one moment. */
import type { World } from '../../admission/context.ts';
import type { MaybePromise } from '../../admission/maybe-promise.ts';
import type { PullSecret } from '../../credential/pull-secret.ts';
import type { Fact, Labels } from '../../policy/fact.ts';

type ReadFacts = Pick<World, 'namespaces' | 'secrets' | 'serviceAccounts'>;

/** Labels and lists of names are small; a Secret has up to 1 MiB, and usually 1 KiB. */
const MAX_SMALL = 50_000;
const MAX_SECRETS = 5_000;

export function rememberedFacts({ namespaces, secrets, serviceAccounts }: ReadFacts): ReadFacts {
  const labels = rememberEach<Fact<Labels>>(MAX_SMALL);
  const names = rememberEach<Fact<readonly string[]>>(MAX_SMALL);
  const secret = rememberEach<Fact<PullSecret>>(MAX_SECRETS);
  return {
    namespaces: namespaces && { labelsOf: (name, signal) => labels(name, () => namespaces.labelsOf(name, signal)) },
    secrets: secrets && {
      secret: (namespace, name, signal) =>
        secret(`${namespace}/${name}`, () => secrets.secret(namespace, name, signal)),
    },
    serviceAccounts: serviceAccounts && {
      pullSecretsOf: (namespace, name, signal) =>
        names(`${namespace}/${name}`, () => serviceAccounts.pullSecretsOf(namespace, name, signal)),
    },
  };
}

/** Failures are remembered as well: without access, each object would cost a request. */
function rememberEach<T>(max: number): (key: string, read: () => MaybePromise<T>) => MaybePromise<T> {
  const known = new Map<string, MaybePromise<T>>();
  return (key, read) => {
    const found = known.get(key) ?? read();
    if (known.size < max) known.set(key, found);
    return found;
  };
}
