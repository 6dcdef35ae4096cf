/** The pull secrets of new Pods in a cluster: those that their ServiceAccount lists. */
import { createLookups } from '../../admission/facts/lookups.ts';
import type { ClusterApi } from '../../cluster/api.ts';
import { type PullSecret, ignoredReason } from '../../credential/pull-secret.ts';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import { kindTable } from '../../pod/kinds.ts';
import type { NamedSecret } from '../../policy/fact.ts';
import { commandFacts } from '../command-facts.ts';
import type { ClusterFlags } from '../open-cluster.ts';

export interface AccountFlags extends ClusterFlags {
  /** undefined: that of the context. */
  readonly namespace?: string | undefined;
  /** undefined: `default`. */
  readonly serviceAccount?: string | undefined;
}

export interface ClusterSecrets {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** In the kubelet's order. */
  readonly secrets: readonly NamedSecret[];
  /** The Secrets that exist. */
  readonly existing: readonly PullSecret[];
  /** Why there can be more; undefined: all are known. */
  readonly unknown: string | undefined;
}

/** Throws a UserError if the ServiceAccount does not exist. */
export async function clusterSecrets(
  api: ClusterApi,
  { namespace = api.namespace, serviceAccount = 'default' }: AccountFlags,
): Promise<ClusterSecrets> {
  const world = await commandFacts(api);
  const lookups = createLookups(namespace, { kinds: kindTable(), policies: [], world }, new AbortController().signal);
  const whose = { namespace, serviceAccount };
  const names = await lookups.serviceAccount(serviceAccount);
  if (names.state === 'no')
    throw new UserError(
      `ServiceAccount ${quoteValue(`${namespace}/${serviceAccount}`)} not found in ${quoteValue(api.server)}`,
    );
  if (names.state === 'unknown') return { ...whose, secrets: [], existing: [], unknown: names.reason };
  const distinct = [...new Set(names.value)].filter((name) => name !== '');
  const secrets = await Promise.all(distinct.map(async (name) => ({ name, secret: await lookups.secret(name) })));
  const unread = secrets.find(({ secret }) => secret.state === 'unknown')?.secret;
  return {
    ...whose,
    secrets,
    existing: secrets.flatMap(({ secret }) => (secret.state === 'yes' ? [secret.value] : [])),
    unknown: unread?.state === 'unknown' ? unread.reason : undefined,
  };
}

/** Explains why Secrets of the list have no credentials: `pull secret "a" does not exist`. */
export function unusedSecrets({ secrets }: Pick<ClusterSecrets, 'secrets'>): readonly string[] {
  return secrets.flatMap(({ name, secret }) => {
    const shown = `pull secret ${quoteValue(name)}`;
    if (secret.state === 'no') return [`${shown} does not exist`];
    if (secret.state === 'unknown') return [`${shown} is unknown: ${secret.reason}`];
    const why = ignoredReason(secret.value);
    return why === undefined ? [] : [`${shown} ${why}`];
  });
}
