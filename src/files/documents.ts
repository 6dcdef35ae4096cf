/**
 * What the user named (files, folders, `-`) -> texts. One loader for manifests, policies and recordings.
 * Files are read synchronously: a thousand small ones take 25 ms, one by one through promises they took 350.
 */
import { isUtf8 } from 'node:buffer';
import { createReadStream, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';

/** `path` is as the user would write it, `stdin` for `-`; `problem` is a sentence fragment. */
export type Input =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly problem: string };

export interface LoadOptions {
  /** What `-` reads; the standard input of the process when not given. */
  readonly stdin?: Bytes;
  /** Which files of a folder are read, and how a message says that there is none. */
  readonly names?: FileNames;
}

export interface FileNames {
  accepts(name: string): boolean;
  readonly described: string;
}

type Bytes = AsyncIterable<Uint8Array | string>;

/** The texts keep a byte order mark: offsets into them are offsets into the files' characters. */
export async function* loadInputs(
  paths: readonly string[],
  { stdin = process.stdin, names = MANIFEST_NAMES }: LoadOptions = {},
): AsyncGenerator<Input> {
  let stdinRead = false;
  for (const named of paths) {
    if (named !== '-') {
      yield* loadPath(named, names);
    } else if (stdinRead) {
      yield { path: 'stdin', problem: 'was read already: give "-" once' };
    } else {
      stdinRead = true;
      yield await loadText('stdin', stdin);
    }
  }
}

async function* loadPath(named: string, names: FileNames): AsyncGenerator<Input> {
  const found = look(named);
  if (typeof found === 'string') {
    yield {
      path: named,
      problem: /^https?:\/\//.test(named) ? 'only files are read: fetch it, and pipe it in as "-"' : found,
    };
  } else if (found.isDirectory()) {
    let empty = true;
    for (const input of loadFolder(named, { names, seen: new Set() })) {
      empty = false;
      yield input;
    }
    if (empty) yield { path: named, problem: `no ${names.described} file in it` };
  } else if (found.isFile()) {
    yield loadFile(named, found.size);
  } else {
    // A pipe, as the shell makes it of <(command).
    yield await loadText(named, createReadStream(named));
  }
}

/** What is at a path, or why that cannot be said. */
function look(at: string): Stats | string {
  try {
    return statSync(at);
  } catch (error) {
    return reasonOf(error);
  }
}

const EXTENSIONS = ['.yaml', '.yml', '.json'];
const MANIFEST_NAMES: FileNames = {
  accepts: (name) => EXTENSIONS.includes(path.extname(name).toLowerCase()),
  described: '.yaml, .yml or .json',
};

interface Walk {
  readonly names: FileNames;
  /** Real paths of folders. */
  readonly seen: Set<string>;
}

/** In the order of the names, all levels down; names with a dot in front belong to tools, and to mounted ConfigMaps. */
function* loadFolder(folder: string, walk: Walk): Generator<Input> {
  let names: readonly string[];
  try {
    const real = realpathSync(folder);
    // A symbolic link can lead back to where we are.
    if (walk.seen.has(real)) return;
    walk.seen.add(real);
    names = readdirSync(folder).sort();
  } catch (error) {
    yield { path: folder, problem: reasonOf(error) };
    return;
  }
  for (const name of names) {
    if (!name.startsWith('.') && name !== 'node_modules') yield* loadEntry(path.join(folder, name), walk);
  }
}

function* loadEntry(entry: string, walk: Walk): Generator<Input> {
  const wanted = walk.names.accepts(path.basename(entry));
  const found = look(entry);
  if (typeof found === 'string') {
    if (wanted) yield { path: entry, problem: found };
  } else if (found.isDirectory()) {
    yield* loadFolder(entry, walk);
  } else if (wanted && found.isFile()) {
    yield loadFile(entry, found.size);
  }
}

const MAX_MEBIBYTES = 64;
const MAX_BYTES = MAX_MEBIBYTES * 1024 * 1024;
const TOO_LARGE = `larger than ${MAX_MEBIBYTES} MiB: split it`;

function loadFile(file: string, size: number): Input {
  if (size > MAX_BYTES) return { path: file, problem: TOO_LARGE };
  try {
    return decode(file, readFileSync(file));
  } catch (error) {
    return { path: file, problem: reasonOf(error) };
  }
}

async function loadText(label: string, stream: Bytes): Promise<Input> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      size += bytes.length;
      // Leaving the loop closes the stream.
      if (size > MAX_BYTES) return { path: label, problem: TOO_LARGE };
      chunks.push(bytes);
    }
  } catch (error) {
    return { path: label, problem: reasonOf(error) };
  }
  return decode(label, Buffer.concat(chunks));
}

function decode(label: string, bytes: Buffer): Input {
  const problem = problemIn(bytes);
  return problem === undefined ? { path: label, text: bytes.toString('utf8') } : { path: label, problem };
}

function problemIn(bytes: Buffer): string | undefined {
  const start = bytes.subarray(0, 2).toString('hex');
  if (start === 'fffe' || start === 'feff') return 'UTF-16 text: save it as UTF-8';
  if (bytes.includes(0)) return 'not a text file: there are NUL bytes in it';
  if (isUtf8(bytes)) return undefined;
  return `not UTF-8 text, from line ${badLine(bytes)} on`;
}

/** No UTF-8 sequence has a line break inside, so lines can be looked at one by one. */
function badLine(bytes: Buffer): number {
  let line = 1;
  for (let from = 0; from < bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end + 1;
    if (!isUtf8(bytes.subarray(from, to))) break;
    from = to;
  }
  return line;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'a symbolic link that leads to itself',
  EISDIR: 'a folder, where a file was expected',
};

export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) throw error;
  return REASONS[code] ?? `cannot be read (${code})`;
}
