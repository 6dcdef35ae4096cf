/** `tidewaiter explain credentials`: the credentials that the kubelet tries for an image. */
import { type Candidate, keyringOf, type SecretFault } from '../../credential/keyring.ts';
import { ignoredReason, type PullSecret } from '../../credential/pull-secret.ts';
import { visibleUser } from '../../credential/user-name.ts';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import { type ImageReference, parseReference } from '../../image/reference.ts';
import { configured } from '../configured.ts';
import { clusterFlags, requireCluster, selectsCluster, withCluster } from '../open-cluster.ts';
import { imageAndFiles, loadPullSecrets } from '../pull-secret-files.ts';
import type { Terminal } from '../terminal.ts';
import type { AccountFlags } from './cluster-secrets.ts';

export interface CredentialsFlags extends AccountFlags {
  readonly config?: string | undefined;
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
  /** Only with `--cluster`. */
  readonly serviceAccount?: ExplainedAccount | undefined;
}

/** The ServiceAccount whose pull secrets new Pods get. */
interface ExplainedAccount {
  readonly namespace: string;
  readonly name: string;
  readonly pullSecrets: readonly string[];
  /** Why its pull secrets are unknown; null: they are known. */
  readonly unknown: string | null;
}

/**
 * Exits with 0 if a credential matches, 1 if none does or the kubelet rejects them all, and 2 if the input cannot be read or the
 * pull secrets are unknown.
 */
export async function explainCredentials(
  image: string | undefined,
  flags: CredentialsFlags,
  terminal: Terminal,
): Promise<number> {
  requireCluster(flags, flags);
  const given = imageAndFiles(image, flags.pullSecret ?? []);
  if (given === undefined)
    throw new UserError('no image given; usage: tidewaiter explain credentials IMAGE --pull-secret FILE');
  const parsed = parseReference(given.image);
  if (!parsed.ok) throw new UserError(`${quoteValue(given.image)} is not an image reference: ${parsed.problem}`);
  const source = selectsCluster(flags)
    ? await fromCluster(given.files, flags, terminal)
    : fromFiles(await loadPullSecrets(given.files, terminal));
  const match = matchOf(parsed.reference, source);
  terminal.out(`${flags.output === 'json' ? JSON.stringify(explained(match)) : textOf(match)}\n`);
  if (match.candidates.length > 0) return 0;
  return source.account?.unknown ? 2 : 1;
}

interface SecretsInput {
  readonly secrets: readonly PullSecret[];
  /** Why the kubelet does not use some of the secrets. */
  readonly ignored: readonly string[];
  /** undefined: the secrets are from files. */
  readonly account: ExplainedAccount | undefined;
}

function fromFiles(secrets: readonly PullSecret[]): SecretsInput {
  const ignored = secrets.flatMap((secret) => {
    const why = ignoredReason(secret);
    return why === undefined ? [] : [`pull secret ${quoteValue(secret.name)} ${why}`];
  });
  return { secrets, ignored, account: undefined };
}

async function fromCluster(
  files: readonly string[],
  flags: CredentialsFlags,
  terminal: Terminal,
): Promise<SecretsInput> {
  if (files.length > 0) throw new UserError(ONE_LIST);
  const { config } = await configured({ config: flags.config, ...clusterFlags(flags) }, terminal);
  const { clusterSecrets, unusedSecrets } = await import('./cluster-secrets.ts');
  const found = await withCluster(config, (api) => clusterSecrets(api, flags));
  const { namespace, serviceAccount, secrets, existing, unknown = null } = found;
  const pullSecrets = secrets.map(({ name }) => name);
  const account = { namespace, name: serviceAccount, pullSecrets, unknown };
  return { secrets: existing, ignored: unusedSecrets(found), account };
}

/** A Pod with pull secrets of its own gets none from its ServiceAccount. */
export const ONE_LIST =
  'use either --pull-secret, for the pull secrets of a Pod, or --cluster, for those of its ServiceAccount';

interface CredentialMatch extends SecretsInput {
  readonly reference: ImageReference;
  readonly candidates: readonly Candidate[];
  readonly faults: readonly SecretFault[];
}

function matchOf(reference: ImageReference, source: SecretsInput): CredentialMatch {
  const keyring = keyringOf(source.secrets);
  return {
    ...source,
    reference,
    candidates: keyring.ok ? keyring.candidatesFor(reference) : [],
    faults: keyring.ok ? [] : keyring.faults,
  };
}

function explained({ reference, candidates, faults, account }: CredentialMatch): ExplainedCredentials {
  return {
    image: reference.text,
    found: candidates.length > 0,
    candidates: candidates.map((one) => ({ secret: one.secret, key: one.key, username: visibleUser(one) })),
    errors: faults.map((fault) => ({
      secret: fault.secret,
      message: `key ${quoteValue(fault.key)}: ${fault.problem}`,
    })),
    ...(account === undefined ? {} : { serviceAccount: account }),
  };
}

function textOf(match: CredentialMatch): string {
  const { reference, faults, ignored, account } = match;
  return [
    quoteValue(reference.text),
    `  looked up as  ${reference.repository}`,
    ...(account === undefined ? [] : [accountLine(account)]),
    ...(faults.length > 0 ? faultLines(faults) : candidateLines(match)),
    ...(ignored.length === 0 ? [] : [unusedTitle(account), ...ignored.map((line) => `    ${line}`)]),
  ].join('\n');
}

function unusedTitle(account: ExplainedAccount | undefined): string {
  return account?.unknown ? '  without known credentials' : '  ignored by the kubelet';
}

function accountLine({ namespace, name, pullSecrets, unknown }: ExplainedAccount): string {
  const names = pullSecrets.length === 0 ? 'no pull secrets' : pullSecrets.map((each) => quoteValue(each)).join(', ');
  const known = unknown !== null && pullSecrets.length === 0 ? `unknown: ${unknown}` : names;
  return `  pull secrets  of ServiceAccount ${quoteValue(`${namespace}/${name}`)}: ${known}`;
}

function faultLines(faults: readonly SecretFault[]): readonly string[] {
  return [
    '  the kubelet pulls no images for the Pod: a pull secret is malformed',
    ...faults.map(
      ({ secret, key, problem }) => `    pull secret ${quoteValue(secret)}, key ${quoteValue(key)}: ${problem}`,
    ),
  ];
}

function candidateLines({ candidates, secrets, account }: CredentialMatch): readonly string[] {
  if (candidates.length === 0) return [noCandidateLine(secrets, account)];
  const lines = candidates.map((candidate, index) => {
    const { secret, key, username } = candidate;
    const who = username === '' ? 'no user name, so anonymous' : `user ${quoteValue(visibleUser(candidate))}`;
    return `    ${index + 1}. ${who}, from entry ${quoteValue(key)} of pull secret ${quoteValue(secret)}`;
  });
  return [
    '  the kubelet tries these credentials in order until a pull succeeds',
    ...lines,
    "    then the node's own credentials",
  ];
}

function noCandidateLine(secrets: readonly PullSecret[], account: ExplainedAccount | undefined): string {
  if (account?.unknown) return '  cannot determine which credentials the kubelet has: some pull secrets are unknown';
  const none =
    account === undefined ? 'no pull secret is given (--pull-secret)' : 'the ServiceAccount lists no pull secret';
  const reason = secrets.length > 0 ? 'no entry of a pull secret matches' : none;
  return `  ${reason}; the kubelet pulls anonymously unless the node has its own credentials`;
}
