/**
 * The attempts to pull an image, in the kubelet's order (kubernetes pkg/kubelet/kuberuntime, PullImage): each matching
 * credential of the pull secrets, then those of the node, and anonymously if there is no credential. If other credentials may
 * exist, tidewaiter also tries anonymously, which finds public images.
 */
import type { Candidate } from '../credential/keyring.ts';
import { visibleUser } from '../credential/user-name.ts';
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

/** The start of the label of a credential from a pull secret. */
export const PULL_SECRET_LABEL = 'pull secret ';

/** One Secret can contain thousands of entries that match, and each is a request. */
export const MAX_ATTEMPTS = 20;

/** Without a user name, a container runtime pulls anonymously, whatever the password is. */
export function candidateAttempt({ secret, key, username, password }: Candidate, identityOf: IdentityOf): Attempt {
  const place = `${PULL_SECRET_LABEL}${quoteValue(secret)}, key ${quoteValue(key)}`;
  if (username === '') return { ...ANONYMOUS_ATTEMPT, label: `${place} (no user name, so anonymous)` };
  const label = `${place} (user ${shownUser(visibleUser({ username, password }))})`;
  const credential: Credential = { label, isOfSecret: true, secret: { kind: 'basic', username, password } };
  return { credential, label, identity: identityOf(credential) };
}

export function credentialAttempt(credential: Credential, identityOf: IdentityOf): Attempt {
  return { credential, label: credential.label, identity: identityOf(credential) };
}
