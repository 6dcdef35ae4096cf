/** `tidewaiter explain credentials`: what the kubelet would try for an image, for people and for programs. */
import { type Candidate, keyringOf, type SecretFault } from '../credential/keyring.ts';
import { passedOver, type PullSecret } from '../credential/pull-secret.ts';
import { type Manifest, loadManifests } from '../files/manifests.ts';
import { isSecret, readSecret } from '../files/secrets.ts';
import { quoteValue } from '../image/quote.ts';
import { type ImageReference, parseReference, repositoryOf } from '../image/reference.ts';
import { kindTable } from '../pod/kinds.ts';
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
  const loaded = await loadSecrets(asked.files, terminal);
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

interface Question {
  readonly image: string;
  readonly files: readonly string[];
}

/** `--pull-secret` takes all words that follow it, so an image behind the files is the last of them. */
function questionOf(image: string | undefined, files: readonly string[]): Question | undefined {
  if (image !== undefined) return { image, files };
  const last = files.at(-1);
  return last === undefined || files.length < 2 ? undefined : { image: last, files: files.slice(0, -1) };
}

function unanswered(terminal: Terminal, problems: readonly string[]): number {
  for (const problem of problems) terminal.note(`${problem}\n`);
  return 2;
}

export interface LoadedSecrets {
  readonly secrets: readonly PullSecret[];
  readonly problems: readonly string[];
}

/** Other manifests may stand in the files too, as `helm template` prints them. */
export async function loadSecrets(files: readonly string[], terminal: Terminal): Promise<LoadedSecrets> {
  const secrets: PullSecret[] = [];
  const problems: string[] = [];
  const options = { kinds: kindTable(), namespace: 'default', stdin: terminal.input() };
  const { manifests, errors } = await loadManifests(files, options);
  for (const { file, line, column, message } of errors) problems.push(placed({ file, line, column }, message));
  for (const manifest of manifests.filter(isSecret)) {
    const { object = {}, name } = manifest.request;
    const read = readSecret(object, name);
    if (read.ok) secrets.push(read.secret);
    else problems.push(...read.faults.map(({ pointer, problem }) => placedAt(manifest, pointer, problem)));
  }
  if (problems.length === 0 && files.length > 0 && secrets.length === 0)
    problems.push(`no Secret in ${files.join(', ')}`);
  return { secrets, problems };
}

interface Spot {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
}

function placed({ file, line, column }: Spot, message: string): string {
  return `${file}${line === null ? '' : `:${line}:${column}`}: ${message}`;
}

function placedAt(manifest: Manifest, pointer: string, problem: string): string {
  return placed({ file: manifest.file, ...manifest.positionOf(pointer) }, `${pointer}: ${problem}`);
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
