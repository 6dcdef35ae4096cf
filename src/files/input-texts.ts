/** Loads the files, directories, and streams (`-`) that the user named. */
import { createReadStream } from 'node:fs';
import type { SkippedFile } from './skipped-files.ts';
import { type Bytes, loadStream, loadText, type TextOrProblem } from './load-text.ts';
import { type FileNames, isManifestName, isNew, statOrProblem, walkDirectory } from './walk.ts';

/** `path` begins with the path that the user named; it is `stdin` for `-`. `problem` is a sentence fragment. */
export type Input = TextOrProblem & {
  readonly path: string;
  /** The file was found in a directory and its name, or a directory on its path, starts with a dot. */
  readonly hidden: boolean;
};

export interface LoadOptions {
  /** The input for `-`; by default, the standard input of the process. */
  readonly stdin?: Bytes;
  readonly names?: FileNames;
  /** Called for each path in a directory that is not read. */
  readonly onSkipped?: (skipped: SkippedFile) => void;
  /** Called for each other name of a file that was already read. */
  readonly onAgain?: (file: string) => void;
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
      yield { ...STDIN, problem: 'standard input was already read; use "-" only once' };
    } else {
      stdinRead = true;
      yield { ...STDIN, ...(await loadStream(stdin)) };
    }
  }
}

const STDIN = { path: 'stdin', hidden: false };

interface LoadContext extends Pick<LoadOptions, 'onSkipped' | 'onAgain'> {
  readonly names: FileNames;
  readonly seen: Set<string>;
}

async function* loadPath(named: string, context: LoadContext): AsyncGenerator<Input> {
  const input = { path: named, hidden: false };
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
  } else if (isNew(named, context.seen)) {
    yield { ...input, ...loadText(named) };
  } else {
    context.onAgain?.(named);
  }
}

function* loadDirectory(directory: string, { names, seen, onSkipped, onAgain }: LoadContext): Generator<Input> {
  const { files, skipped, again, empty } = walkDirectory(directory, names, seen);
  for (const one of skipped) onSkipped?.(one);
  for (const one of again) onAgain?.(one);
  for (const { path: file, hidden, problem } of files) {
    yield { path: file, hidden, ...(problem === undefined ? loadText(file) : { problem }) };
  }
  if (empty) yield { path: directory, hidden: false, problem: `no ${names.described} file found` };
}

const MANIFEST_NAMES: FileNames = {
  accepts: isManifestName,
  described: '.yaml, .yml, or .json',
};
