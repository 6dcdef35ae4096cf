/**
 * What a registry is asked with, one after the other, in the kubelet's order (kubernetes pkg/kubelet/kuberuntime,
 * PullImage): each credential of the pull secrets that matches, then what the node has, and as nobody only if there is no
 * credential at all. Where there could be more credentials than are known it is asked as nobody, too: a public image shows.
 */
import type { Candidate } from '../credential/keyring.ts';
import { quoteValue } from '../image/quote.ts';
import { type Credential, shownUser } from '../registry/credential.ts';
import { ANONYMOUS, type IdentityOf } from './identity.ts';

export interface Attempt {
  /** `undefined`: anonymously. */
  readonly credential: Credential | undefined;
  readonly label: string;
  readonly identity: string;
}

export const ANONYMOUS_ATTEMPT: Attempt = { credential: undefined, label: 'anonymous', identity: ANONYMOUS };

/** How the label of a credential begins that is from a pull secret. */
export const PULL_SECRET_LABEL = 'pull secret ';

/** One secret can hold thousands of entries that all match, and each would be a request. */
export const MAX_ATTEMPTS = 20;

export type AttemptOf = (candidate: Candidate) => Attempt;

/** Remembers by the function that stands for an entry of a secret, as that is what stays between two reviews. */
export function candidateAttempts(identityOf: IdentityOf): AttemptOf {
  const known = new WeakMap<() => string, { readonly candidate: Candidate; readonly attempt: Attempt }>();
  return (candidate) => {
    const before = known.get(candidate.password);
    if (before !== undefined && isSame(before.candidate, candidate)) return before.attempt;
    const attempt = attemptOf(candidate, identityOf);
    known.set(candidate.password, { candidate, attempt });
    return attempt;
  };
}

function isSame(one: Candidate, other: Candidate): boolean {
  return one.username === other.username && one.secret === other.secret && one.key === other.key;
}

/** Without a user name a container runtime asks as nobody, whatever the password is. */
function attemptOf({ secret, key, username, password }: Candidate, identityOf: IdentityOf): Attempt {
  const place = `${PULL_SECRET_LABEL}${quoteValue(secret)}, key ${quoteValue(key)}`;
  if (username === '') return { ...ANONYMOUS_ATTEMPT, label: `${place} (no user name, so anonymous)` };
  const label = `${place} (user ${shownUser(username)})`;
  const credential: Credential = { label, isOfSecret: true, secret: { kind: 'basic', username, password } };
  return { credential, label, identity: identityOf(credential) };
}

export function credentialAttempt(credential: Credential, identityOf: IdentityOf): Attempt {
  return { credential, label: credential.label, identity: identityOf(credential) };
}
