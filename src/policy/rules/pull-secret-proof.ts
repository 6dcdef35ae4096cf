/** The registry's response to the credentials that match an image. */
import type { Candidate } from '../../credential/keyring.ts';
import { quoteValue } from '../../image/quote.ts';
import { visibleUser } from '../../credential/user-name.ts';
import type { ImageReference } from '../../image/reference.ts';
import { isCredentialRejected, type RegistryFact, type RegistryFailure, type RegistryImage } from '../registry-fact.ts';
import { shortList } from './images.ts';
import type { Ring } from './pull-secret-rings.ts';
import { secretLabel } from './pull-secrets.ts';
import { isDenied, type ProblemText, unknownProblem } from './registry-facts.ts';

export interface Proving {
  readonly reference: ImageReference;
  readonly ring: Ring;
  /** The policy declares that nodes have no credential for the image. */
  readonly nodesHaveNone: boolean;
}

function foundWith(
  { credential, mirror, provesPull }: RegistryImage,
  unproven: ProblemText | undefined,
  { reference }: Proving,
): ProblemText | undefined {
  if (provesPull || unproven !== undefined) return provesPull ? undefined : unproven;
  const by =
    mirror === undefined ? `it was found with another credential (${credential})` : `mirror ${mirror} responded`;
  return {
    state: 'unknown',
    message: `cannot determine whether a credential can pull image ${quoteValue(reference.text)}: ${by}`,
  };
}

/** `unproven` is the result from the Secrets alone. The registry's response overrides it only if it is about credentials. */
export function proven(
  unproven: ProblemText | undefined,
  fact: RegistryFact<RegistryImage> | undefined,
  proving: Proving,
): ProblemText | undefined {
  if (proving.ring.state === 'malformed' || fact === undefined || isDenied(fact)) return unproven;
  if (fact.state === 'yes') return foundWith(fact.value, unproven, proving);
  if (isCredentialRejected(fact.failure) && unproven?.state !== 'violation') {
    const refused = refusedBy(fact.failure, proving);
    if (refused !== undefined) return refused;
  }
  return unproven ?? unknownProblem(`whether a credential can pull image ${quoteValue(proving.reference.text)}`, fact);
}

/** Returns `undefined` if no known credential matches, or if a matching credential was not tested. */
function refusedBy(
  { message: answer, credentialUntested, namesCredentials }: RegistryFailure,
  { reference, ring, nodesHaveNone }: Proving,
): ProblemText | undefined {
  if (ring.state !== 'read' || credentialUntested) return undefined;
  const candidates = ring.candidatesFor(reference);
  if (candidates.length === 0) return undefined;
  const image = `image ${quoteValue(reference.text)}`;
  const details = namesCredentials ? answer : `${shortList(candidates, shown)} (${answer})`;
  const refused = `no credential can pull ${image}: ${details}`;
  const remedy = 'renew the credential in the pull secret, or grant its user pull access';
  if (ring.doubt !== undefined) {
    const { reason, causedBy } = ring.doubt;
    return { state: 'unknown', causedBy, message: `${refused}, but there may be others: ${reason}`, remedy };
  }
  if (nodesHaveNone) return { state: 'violation', message: refused, remedy };
  return { state: 'unknown', message: `${refused} (nodes may have their own credentials)`, remedy };
}

function shown(candidate: Candidate): string {
  const { secret, key, username } = candidate;
  const user = username === '' ? 'no user' : `user ${quoteValue(visibleUser(candidate), 60)}`;
  return `${secretLabel(secret)}, entry ${quoteValue(key, 80)} (${user})`;
}
