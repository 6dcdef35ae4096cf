/** Loads pull secrets from the files of `--pull-secret`. */
import type { PullSecret } from '../credential/pull-secret.ts';
import { readSecret } from '../credential/secret-object.ts';
import { UserError } from '../error/user-error.ts';
import { isSecret } from '../files/cluster-objects.ts';
import { type Manifest, loadManifests } from '../files/manifests.ts';
import { locationText } from '../files/location-text.ts';
import { kindTable } from '../pod/kinds.ts';
import type { Terminal } from './terminal.ts';

const SETTING = ' (set by --pull-secret)';

export interface ImageAndFiles {
  readonly image: string;
  readonly files: readonly string[];
}

/** `--pull-secret` takes all arguments that follow it, so an image after the files is the last of them. */
export function imageAndFiles(image: string | undefined, files: readonly string[]): ImageAndFiles | undefined {
  if (image !== undefined) return { image, files };
  const last = files.at(-1);
  return last === undefined || files.length < 2 ? undefined : { image: last, files: files.slice(0, -1) };
}

/** The files can contain other manifests, as in the output of `helm template`. */
export async function loadPullSecrets(files: readonly string[], terminal: Terminal): Promise<readonly PullSecret[]> {
  const secrets: PullSecret[] = [];
  const problems: string[] = [];
  const options = { kinds: kindTable(), namespace: 'default', stdin: terminal.input() };
  const { manifests, errors } = await loadManifests(files, options);
  for (const error of errors)
    problems.push(`${locationText(error)}: ${error.message}${error.line === null ? SETTING : ''}`);
  for (const manifest of manifests.filter(isSecret)) {
    const { object = {}, name } = manifest.request;
    const read = readSecret(object, name);
    if (read.ok) secrets.push(read.secret);
    else problems.push(...read.faults.map(({ pointer, problem }) => placedAt(manifest, pointer, problem)));
  }
  if (problems.length === 0 && files.length > 0 && secrets.length === 0)
    problems.push(`no Secret in ${files.join(', ')}${SETTING}`);
  if (problems.length > 0) throw new UserError(problems.join('\n'));
  return secrets;
}

function placedAt(manifest: Manifest, pointer: string, problem: string): string {
  return `${locationText(manifest.placeOf(pointer))}: ${pointer}: ${problem}`;
}
