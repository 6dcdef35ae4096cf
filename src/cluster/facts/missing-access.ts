/** Names the RBAC rule that a rejected request needs. */
import { quoteValue } from '../../image/quote.ts';

export interface Access {
  readonly resource: string;
  readonly verbs: readonly string[];
  /** undefined: a cluster-scoped resource, to which only a ClusterRole can give access. */
  readonly namespace: string | undefined;
  /** The user of a command lacks the access, and not the server, whose roles `manifests rbac` prints. */
  readonly isCommand?: boolean;
}

/** `cannot get secrets in namespace "shop" (HTTP 403); allow get on secrets with a Role …` */
export function missingAccess({ resource, verbs, namespace, isCommand = false }: Access): string {
  const where = namespace === undefined ? '' : ` in namespace ${quoteValue(namespace)}`;
  const role = namespace === undefined ? 'a ClusterRole' : 'a Role in that namespace, or a ClusterRole';
  const shown = listed(verbs);
  const who = isCommand ? 'you' : 'tidewaiter';
  const hint = isCommand ? '' : ' (tidewaiter manifests rbac)';
  return `${who} cannot ${shown} ${resource}${where} (HTTP 403): grant ${shown} on ${resource} with ${role}${hint}`;
}

function listed(verbs: readonly string[]): string {
  const [first = '', ...others] = verbs;
  return others.length === 0 ? first : `${verbs.slice(0, -1).join(', ')} and ${verbs.at(-1)}`;
}
