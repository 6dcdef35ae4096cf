/** The files of a commit, with those of its submodules. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../error/user-error.ts';
import { type GitEnvironment, type Repository, submoduleAt, why } from './repository.ts';

/** A file at a revision. */
export interface GitFile {
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly blob: string;
  /** The content is the target. */
  readonly isLink: boolean;
  readonly repository: Repository;
}

export interface GitTree {
  readonly files: readonly GitFile[];
  /** The directories of submodules whose commit is not there. */
  readonly unread: readonly string[];
}

export interface TreeOptions {
  /** Relative to the root of the repository; `.` for all. */
  readonly paths: readonly string[];
  readonly env: GitEnvironment;
}

interface Entry {
  readonly mode: string;
  readonly hash: string;
  readonly name: string;
}

/** Submodules are nested in practice once or twice. */
const MAX_DEPTH = 8;

export function treeAt(repository: Repository, commit: string, { paths, env }: TreeOptions, depth = 0): GitTree {
  const files: GitFile[] = [];
  const unread: string[] = [];
  const found = [
    ...entriesAt(repository, commit, { flags: ['-r'], paths: under(paths) }),
    ...parentModules(repository, commit, paths),
  ];
  for (const { mode, hash, name } of found) {
    const at = path.join(repository.root, name);
    if (!isSafe(name)) continue;
    if (mode !== MODULE) {
      files.push({ path: at, blob: hash, isLink: mode === LINK, repository });
      continue;
    }
    const module = moduleAt(at, hash, env);
    if (module === undefined || depth >= MAX_DEPTH) {
      if (existsSync(at)) unread.push(at);
      continue;
    }
    const inner = treeAt(module, hash, { paths: within(name, paths), env }, depth + 1);
    for (const file of inner.files) files.push(file);
    for (const one of inner.unread) unread.push(one);
  }
  return { files, unread };
}

const LINK = '120000';
const MODULE = '160000';

/** Git itself creates no such names. */
function isSafe(name: string): boolean {
  return name.split('/').every((segment) => !['', '.', '..', '.git'].includes(segment.toLowerCase()));
}

function entriesAt(
  repository: Repository,
  commit: string,
  { flags = [], paths }: { readonly flags?: readonly string[]; readonly paths: readonly string[] },
): readonly Entry[] {
  const listed = repository.run([
    '--literal-pathspecs',
    'ls-tree',
    '-z',
    '--full-tree',
    ...flags,
    commit,
    '--',
    ...paths,
  ]);
  if (listed.status !== 0) throw new UserError(`--since: git cannot list the files of the revision${why(listed)}`);
  return listed.stdout.split('\0').flatMap((line) => {
    const [, mode = '', hash = '', name = ''] = ENTRY.exec(line) ?? [];
    return name === '' ? [] : [{ mode, hash, name }];
  });
}

/** `100644 blob 587be6b…<TAB>path` */
const ENTRY = /^(100\d{3}|120000|160000) (?:blob|commit) ([\da-f]{40,64})\t(.+)$/s;

function under(paths: readonly string[]): readonly string[] {
  return paths.includes('.') ? [] : paths;
}

/** Submodules that contain one of the paths; git does not look into them. */
function parentModules(repository: Repository, commit: string, paths: readonly string[]): readonly Entry[] {
  const parents = new Set(paths.flatMap(parentsOf).filter((one) => !covers(paths, one)));
  if (parents.size === 0) return [];
  return entriesAt(repository, commit, { paths: [...parents] }).filter(({ mode }) => mode === MODULE);
}

function parentsOf(file: string): readonly string[] {
  const segments = file.split('/');
  return segments.slice(1).map((_segment, index) => segments.slice(0, index + 1).join('/'));
}

/** Reports whether one of the paths is the file or contains it. */
function covers(paths: readonly string[], file: string): boolean {
  return paths.some((one) => one === '.' || one === file || file.startsWith(`${one}/`));
}

function moduleAt(directory: string, commit: string, env: GitEnvironment): Repository | undefined {
  const module = submoduleAt(directory, env);
  return module?.run(['cat-file', '-e', `${commit}^{commit}`]).status === 0 ? module : undefined;
}

/** The paths in a submodule. */
function within(module: string, paths: readonly string[]): readonly string[] {
  if (covers(paths, module)) return ['.'];
  return paths.filter((one) => one.startsWith(`${module}/`)).map((one) => one.slice(module.length + 1));
}
