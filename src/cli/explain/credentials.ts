/** `tidewaiter explain credentials`: the credentials that the kubelet tries for an image. */
import { type Candidate, keyringOf, type SecretFault } from '../../credential/keyring.ts';
import { ignoredReason } from '../../credential/pull-secret.ts';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import { type ImageReference, parseReference } from '../../image/reference.ts';
import { imageAndFiles, loadPullSecrets } from '../pull-secret-files.ts';
import type { Terminal } from '../terminal.ts';

export interface CredentialsFlags {
  /** Files, in the order of imagePullSecrets. */
  readonly pullSecret?: readonly string[] | undefined;
  readonly output: 'text' | 'json';
}

/** `-o json`, without passwords. */
interface ExplainedCredentials {
  readonly image: string;
  readonly found: boolean;
  /** In the order in which the kubelet tries them. */
  readonly candidates: readonly { readonly secret: string; readonly key: string; readonly username: string }[];
  /** Each of them stops the kubelet from pulling any image for the Pod. */
  readonly errors: readonly { readonly secret: string; readonly message: string }[];
}

/** Exits with 0 if a credential matches, 1 if none does or the kubelet rejects them all, and 2 if the input cannot be read. */
export async function explainCredentials(
  image: string | undefined,
  flags: CredentialsFlags,
  terminal: Terminal,
): Promise<number> {
  const given = imageAndFiles(image, flags.pullSecret ?? []);
  if (given === undefined)
    throw new UserError('no image given; usage: tidewaiter explain credentials IMAGE --pull-secret FILE');
  const parsed = parseReference(given.image);
  if (!parsed.ok) throw new UserError(`${quoteValue(given.image)} is not an image reference: ${parsed.problem}`);
  const secrets = await loadPullSecrets(given.files, terminal);
  const { reference } = parsed;
  const keyring = keyringOf(secrets);
  const match: CredentialMatch = {
    reference,
    hasSecrets: secrets.length > 0,
    candidates: keyring.ok ? keyring.candidatesFor(reference) : [],
    faults: keyring.ok ? [] : keyring.faults,
    ignored: secrets.flatMap((secret) => {
      const why = ignoredReason(secret);
      return why === undefined ? [] : [`pull secret ${quoteValue(secret.name)} ${why}`];
    }),
  };
  terminal.out(`${flags.output === 'json' ? JSON.stringify(explained(match)) : textOf(match)}\n`);
  return match.candidates.length > 0 ? 0 : 1;
}

interface CredentialMatch {
  readonly reference: ImageReference;
  /** Whether any pull secret was given. */
  readonly hasSecrets: boolean;
  readonly candidates: readonly Candidate[];
  readonly faults: readonly SecretFault[];
  /** Why the kubelet ignores some of the secrets. */
  readonly ignored: readonly string[];
}

function explained({ reference, candidates, faults }: CredentialMatch): ExplainedCredentials {
  return {
    image: reference.text,
    found: candidates.length > 0,
    candidates: candidates.map(({ secret, key, username }) => ({ secret, key, username })),
    errors: faults.map((fault) => ({
      secret: fault.secret,
      message: `key ${quoteValue(fault.key)}: ${fault.problem}`,
    })),
  };
}

function textOf({ reference, hasSecrets, candidates, faults, ignored }: CredentialMatch): string {
  return [
    quoteValue(reference.text),
    `  looked up as  ${reference.repository}`,
    ...(faults.length > 0 ? faultLines(faults) : candidateLines(candidates, hasSecrets)),
    ...(ignored.length === 0 ? [] : ['  ignored by the kubelet', ...ignored.map((line) => `    ${line}`)]),
  ].join('\n');
}

function faultLines(faults: readonly SecretFault[]): readonly string[] {
  return [
    '  the kubelet pulls no images for the Pod: a pull secret is malformed',
    ...faults.map(
      ({ secret, key, problem }) => `    pull secret ${quoteValue(secret)}, key ${quoteValue(key)}: ${problem}`,
    ),
  ];
}

function candidateLines(candidates: readonly Candidate[], hasSecrets: boolean): readonly string[] {
  if (candidates.length === 0) {
    const reason = hasSecrets ? 'no entry of a pull secret matches' : 'no pull secret is given (--pull-secret)';
    return [`  ${reason}; the kubelet pulls anonymously unless the node has its own credentials`];
  }
  const lines = candidates.map(({ secret, key, username }, index) => {
    const who = username === '' ? 'no user name, so anonymous' : `user ${quoteValue(username)}`;
    return `    ${index + 1}. ${who}, from entry ${quoteValue(key)} of pull secret ${quoteValue(secret)}`;
  });
  return [
    '  the kubelet tries these credentials in order until a pull succeeds',
    ...lines,
    "    then the node's own credentials",
  ];
}
