/** `tidewaiter explain credentials`: what the kubelet would try for an image, for people and for programs. */
import { type Candidate, keyringOf, type SecretFault } from '../credential/keyring.ts';
import { passedOver } from '../credential/pull-secret.ts';
import { quoteValue } from '../image/quote.ts';
import { type ImageReference, parseReference, repositoryOf } from '../image/reference.ts';
import { loadPullSecrets, questionOf, unanswered } from './pull-secret-files.ts';
import type { Terminal } from './terminal.ts';

export interface CredentialsFlags {
  /** Files, in the order of imagePullSecrets. */
  readonly pullSecret?: readonly string[] | undefined;
  readonly output: 'text' | 'json';
}

/** `-o json`. A password is in none of it. */
interface ExplainedCredentials {
  readonly image: string;
  readonly found: boolean;
  /** In the order in which they are tried. */
  readonly candidates: readonly { readonly secret: string; readonly key: string; readonly username: string }[];
  /** Each of them keeps the kubelet from pulling any image of the Pod. */
  readonly errors: readonly { readonly secret: string; readonly message: string }[];
}

/** Exit 0 when a credential is found, 1 when there is none or the kubelet would refuse them all, 2 when that cannot be told. */
export async function explainCredentials(
  image: string | undefined,
  flags: CredentialsFlags,
  terminal: Terminal,
): Promise<number> {
  const asked = questionOf(image, flags.pullSecret ?? []);
  if (asked === undefined)
    return unanswered(terminal, ['name an image: tidewaiter explain credentials IMAGE --pull-secret FILE']);
  const parsed = parseReference(asked.image);
  if (!parsed.ok)
    return unanswered(terminal, [`${quoteValue(asked.image)} is not an image reference: ${parsed.problem}`]);
  const loaded = await loadPullSecrets(asked.files, terminal);
  if (loaded.problems.length > 0) return unanswered(terminal, loaded.problems);
  const { reference } = parsed;
  const keyring = keyringOf(loaded.secrets);
  const found: Found = {
    reference,
    candidates: keyring.ok ? keyring.candidatesFor(reference) : [],
    faults: keyring.ok ? [] : keyring.faults,
    passedOver: loaded.secrets.flatMap((secret) => {
      const why = passedOver(secret);
      return why === undefined ? [] : [`secret ${quoteValue(secret.name)} ${why}`];
    }),
  };
  terminal.out(`${flags.output === 'json' ? JSON.stringify(explained(found)) : textOf(found)}\n`);
  return found.candidates.length > 0 ? 0 : 1;
}

interface Found {
  readonly reference: ImageReference;
  readonly candidates: readonly Candidate[];
  readonly faults: readonly SecretFault[];
  readonly passedOver: readonly string[];
}

function explained({ reference, candidates, faults }: Found): ExplainedCredentials {
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

function textOf(found: Found): string {
  const { reference, passedOver: ignored } = found;
  return [
    quoteValue(reference.text),
    `  looked up as  ${repositoryOf(reference)}`,
    ...(found.faults.length > 0 ? failure(found.faults) : answer(found.candidates)),
    ...(ignored.length === 0 ? [] : ['  ignored by the kubelet', ...ignored.map((line) => `    ${line}`)]),
  ].join('\n');
}

function failure(faults: readonly SecretFault[]): readonly string[] {
  return [
    '  nothing is pulled: one malformed pull secret keeps the kubelet from pulling any image of the Pod',
    ...faults.map(({ secret, key, problem }) => `    secret ${quoteValue(secret)}, key ${quoteValue(key)}: ${problem}`),
  ];
}

function answer(candidates: readonly Candidate[]): readonly string[] {
  if (candidates.length === 0) {
    return ['  no entry matches, so it is pulled anonymously, unless the node has a credential of its own'];
  }
  const lines = candidates.map(({ secret, key, username }, index) => {
    const who = username === '' ? 'no user name, so anonymously' : `user ${quoteValue(username)}`;
    return `    ${index + 1}. ${who}, from entry ${quoteValue(key)} of secret ${quoteValue(secret)}`;
  });
  return ['  the kubelet tries, until one of them can pull it', ...lines, '    then what the node has of its own'];
}
