/** Loads the files, directories, and streams (`-`) that the user named. */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { isDockerfile } from './image-file-names.ts';
import { KUSTOMIZATION_NAMES } from './kustomization.ts';
import { createPauses, withPauses } from './pauses.ts';
import type { IgnoreRules } from './ignore-rules.ts';
import type { SkippedFile } from './skipped-files.ts';
import { type Bytes, loadStream, loadText, type TextOrProblem } from './load-text.ts';
import {
  type DirectoryFile,
  type DirectoryFiles,
  type FileNames,
  isArchiveName,
  isManifestName,
  isNew,
  statOrProblem,
  walkDirectory,
} from './walk.ts';

/** `path` begins with the path that the user named; it is `stdin` for `-`. `problem` is a sentence fragment. */
export type Input = TextOrProblem & {
  readonly path: string;
  /** The file was found in a directory and its name, or a directory on its path, starts with a dot. */
  readonly hidden: boolean;
  /** The user named the file itself, or it is `stdin`. */
  readonly named: boolean;
  /** The directory of the Helm chart that contains the file, if it was found in a directory. */
  readonly chart?: string | undefined;
};

export interface LoadOptions {
  /** The input for `-`; by default, the standard input of the process. */
  readonly stdin?: Bytes;
  readonly names?: FileNames;
  /** The rules for the files in a directory; without them, nothing is ignored. */
  readonly rulesFor?: ((directory: string) => IgnoreRules) | undefined;
  /** Called for each path in a directory that is not read. */
  readonly onSkipped?: (skipped: SkippedFile) => void;
  /** Called for each other name of a file that was already read. */
  readonly onAgain?: (file: string) => void;
  /** Called for each archive that can be a packed Helm chart; without it, archives are not looked for. */
  readonly onArchive?: (archive: Archive) => void;
  /**
   * Ends the reading of files. Kustomizations are read nevertheless, because they decide what the files that are already read are for,
   * such as patches.
   */
  readonly stop?: AbortSignal | undefined;
  /** Called for each path that is not read because of `stop`. */
  readonly onLeft?: ((file: string) => void) | undefined;
}

/** A file with the name of a packed Helm chart. */
export interface Archive extends Pick<DirectoryFile, 'path' | 'chart'> {
  /** The user named the file itself. */
  readonly named: boolean;
}

/** Reads a file with several names or links only once, under the first name. */
export async function* loadInputs(
  paths: readonly string[],
  { stdin = process.stdin, names = MANIFEST_NAMES, ...callbacks }: LoadOptions = {},
): AsyncGenerator<Input> {
  const seen = new Set<string>();
  const context = { names, seen, pause: createPauses(), ...callbacks };
  let stdinRead = false;
  for (const named of paths) {
    if (isLeft(named, context)) continue;
    if (named !== '-') {
      yield* loadPath(named, context);
    } else if (stdinRead) {
      yield { ...STDIN, ...READ_TWICE };
    } else {
      stdinRead = true;
      const loaded = await loadStream(stdin);
      if (!isLeft(STDIN.path, context)) yield { ...STDIN, ...loaded };
    }
  }
}

/** Counts a path as left if no more files are read. */
function isLeft(file: string, { stop, onLeft }: Pick<LoadOptions, 'stop' | 'onLeft'>): boolean {
  if (stop?.aborted !== true) return false;
  onLeft?.(file);
  return true;
}

export const READ_TWICE = { problem: 'standard input was already read; use "-" only once' };
const STDIN = { path: 'stdin', hidden: false, named: true };

interface LoadContext extends Omit<LoadOptions, 'stdin' | 'names'> {
  readonly names: FileNames;
  readonly pause: ReturnType<typeof createPauses>;
  readonly seen: Set<string>;
}

async function* loadPath(named: string, context: LoadContext): AsyncGenerator<Input> {
  const input = { path: named, hidden: false, named: true };
  const found = named === '' ? 'the path is empty' : statOrProblem(named);
  if (typeof found === 'string') {
    yield {
      ...input,
      problem: /^https?:\/\//.test(named) ? 'URLs are not supported; download the file and pipe it to "-"' : found,
    };
  } else if (found.isDirectory()) {
    yield* loadDirectory(named, context);
  } else if (found.isFile()) {
    yield* loadNamedFile(input, context);
  } else {
    // A pipe, such as the shell creates for <(command).
    const loaded = await loadStream(createReadStream(named, { signal: context.stop }));
    if (!isLeft(named, context)) yield { ...input, ...loaded };
  }
}

function* loadNamedFile(input: Pick<Input, 'path' | 'hidden' | 'named'>, context: LoadContext): Generator<Input> {
  const { path: file } = input;
  if (!isNew(file, context.seen)) context.onAgain?.(file);
  else if (isArchive(input, context)) context.onArchive?.({ path: file, named: true });
  else yield { ...input, ...loadText(file) };
}

async function* loadDirectory(directory: string, context: LoadContext): AsyncGenerator<Input> {
  const { seen, rulesFor, onLeft, onArchive, pause, stop } = context;
  const names = onArchive === undefined ? context.names : withArchives(context.names);
  const found = await walkDirectory(directory, names, { seen, rules: rulesFor?.(directory), stop });
  if (found === undefined) {
    onLeft?.(directory);
    return;
  }
  reportOthers(found, context);
  for await (const file of withPauses(found.files, pause)) if (isRead(file, context)) yield* loadFile(file, context);
  if (found.empty) yield { path: directory, hidden: false, named: true, problem: `no ${names.described} file found` };
}

function reportOthers({ skipped, again }: DirectoryFiles, { onSkipped, onAgain }: LoadContext): void {
  for (const one of skipped) onSkipped?.(one);
  for (const one of again) onAgain?.(one);
}

function isRead({ path: file }: DirectoryFile, context: LoadContext): boolean {
  return KUSTOMIZATION_NAMES.includes(path.basename(file)) || !isLeft(file, context);
}

function isArchive({ path: file, problem }: DirectoryFile, { onArchive }: LoadContext): boolean {
  return onArchive !== undefined && problem === undefined && isArchiveName(path.basename(file));
}

function* loadFile(found: DirectoryFile, context: LoadContext): Generator<Input> {
  const { path: file, hidden, chart, problem } = found;
  if (isArchive(found, context)) context.onArchive?.({ path: file, chart, named: false });
  else yield { path: file, hidden, named: false, chart, ...(problem === undefined ? loadText(file) : { problem }) };
}

function withArchives(names: FileNames): FileNames {
  return { ...names, accepts: (name) => names.accepts(name) || isArchiveName(name) };
}

const MANIFEST_NAMES: FileNames = {
  accepts: isManifestName,
  described: '.yaml, .yml, or .json',
};

/** With Dockerfiles; Compose files have the extensions of manifests. */
export const CHECKED_NAMES: FileNames = {
  accepts: (name) => isManifestName(name) || isDockerfile(name),
  described: '.yaml, .yml, .json, or Dockerfile',
};
