/** The `.env` files of a revision, whose values belong to the Compose files of the revision. */
import path from 'node:path';
import { contentsOf, isUnchanged } from '../git/blobs.ts';
import type { Repository } from '../git/repository.ts';
import type { GitFile } from '../git/tree.ts';
import {
  ENV_FILE,
  type Environment,
  environmentIn,
  environmentOf,
  envFileOf,
} from '../image-locations/compose/environment.ts';
import { decodeText } from '../load-text.ts';
import { realPath } from './paths.ts';

/** The `.env` files beside the paths, which a tree of the paths does not contain. */
export function envFilesBeside(paths: readonly string[]): readonly string[] {
  return paths.flatMap((one) => (one === '.' ? [] : path.posix.join(path.posix.dirname(one), ENV_FILE)));
}

export interface OldEnvironments {
  /** Reports whether variables of the Compose files beside a file can have other values today. */
  readonly differ: (file: string) => boolean;
  readonly environmentOf: (composeFile: string) => Environment;
}

/** A file that git does not track, which is usual, is the same in the revision. */
export async function oldEnvironments(files: readonly GitFile[], repository: Repository): Promise<OldEnvironments> {
  const own = files.filter((file) => path.basename(file.path) === ENV_FILE && !file.isLink);
  const differing = own.filter((file) => !isUnchanged(file));
  const old = new Map<string, Environment>();
  for await (const [{ path: file }, content] of contentsOf(differing))
    old.set(file, environmentIn(file, 'bytes' in content ? decodeText(content.bytes) : content));
  const known = new Set(own.map((file) => file.path));
  for (const file of trackedToday(repository)) if (!known.has(file)) old.set(file, environmentIn(file, undefined));
  return {
    differ: (file) => old.has(envFileOf(file)),
    environmentOf: (file) => old.get(envFileOf(realPath(file))) ?? environmentOf(file),
  };
}

function trackedToday(repository: Repository): readonly string[] {
  const { root } = repository;
  const { stdout } = repository.run([
    'ls-files',
    '-z',
    '--full-name',
    '--',
    `:(top)${ENV_FILE}`,
    `:(top,glob)**/${ENV_FILE}`,
  ]);
  return stdout.split('\0').flatMap((name) => (name === '' ? [] : path.join(root, name)));
}
