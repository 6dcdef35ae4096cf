/** Loads the files, directories, and streams (`-`) that the user named. */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { isDockerfile } from './image-file-names.ts';
import type { IgnoreRules } from './ignore-rules.ts';
import type { SkippedFile } from './skipped-files.ts';
import { type Bytes, loadStream, loadText, type TextOrProblem } from './load-text.ts';
import {
  type DirectoryFile,
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
  let stdinRead = false;
  for (const named of paths) {
    if (named !== '-') {
      yield* loadPath(named, { names, seen, ...callbacks });
    } else if (stdinRead) {
      yield { ...STDIN, ...READ_TWICE };
    } else {
      stdinRead = true;
      yield { ...STDIN, ...(await loadStream(stdin)) };
    }
  }
}

export const READ_TWICE = { problem: 'standard input was already read; use "-" only once' };
const STDIN = { path: 'stdin', hidden: false, named: true };

interface LoadContext extends Pick<LoadOptions, 'onSkipped' | 'onAgain' | 'onArchive' | 'rulesFor'> {
  readonly names: FileNames;
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
  } else if (!found.isFile()) {
    // A pipe, such as the shell creates for <(command).
    yield { ...input, ...(await loadStream(createReadStream(named))) };
  } else if (!isNew(named, context.seen)) {
    context.onAgain?.(named);
  } else if (isArchive(input, context)) {
    context.onArchive?.({ path: named, named: true });
  } else {
    yield { ...input, ...loadText(named) };
  }
}

function* loadDirectory(directory: string, context: LoadContext): Generator<Input> {
  const { seen, rulesFor, onSkipped, onAgain, onArchive } = context;
  const names = onArchive === undefined ? context.names : withArchives(context.names);
  const { files, skipped, again, empty } = walkDirectory(directory, names, { seen, rules: rulesFor?.(directory) });
  for (const one of skipped) onSkipped?.(one);
  for (const one of again) onAgain?.(one);
  for (const file of files) yield* loadFile(file, context);
  if (empty) yield { path: directory, hidden: false, named: true, problem: `no ${names.described} file found` };
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
