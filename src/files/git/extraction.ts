/** Writes files of a revision into a temporary directory, for programs that read files. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import { contentsOf, withoutPointer } from './blobs.ts';
import type { GitFile } from './tree.ts';
import type { TreeIndex } from './tree-index.ts';

/** The directory is removed at the end. */
export async function withTemporaryDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'tidewaiter-revision-')));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const MAX_FILES = 20_000;
const MAX_MEBIBYTES = 256;

/** A file that is not in the directory, and a sentence fragment that says why. */
export interface Unwritten {
  readonly file: string;
  readonly problem: string;
}

export interface ExtractOptions {
  /** The root of the repository. */
  readonly root: string;
  readonly directory: string;
  /** The targets of links come from it. */
  readonly index: TreeIndex;
  /** Ends the extraction. */
  readonly stop: AbortSignal | undefined;
}

export function pathIn(directory: string, root: string, file: string): string {
  return path.join(directory, path.relative(root, file));
}

/** Links are made after all files, so nothing is written through a link; those that lead out of the directory are removed. */
export async function extract(files: readonly GitFile[], options: ExtractOptions): Promise<readonly Unwritten[]> {
  const links = new Map<GitFile, string>();
  const unwritten: Unwritten[] = [];
  const all = new Set(files);
  let size = 0;
  for (let round = files; round.length > 0;) {
    if (all.size > MAX_FILES) throw tooMuch(`${MAX_FILES} files`);
    const before = links.size;
    for await (const [file, content] of untilStopped(contentsOf(round), options)) {
      const found = withoutPointer(file, content);
      size += 'bytes' in found ? found.bytes.length : 0;
      if (size > MAX_MEBIBYTES * 1024 * 1024) throw tooMuch(`${MAX_MEBIBYTES} MiB`);
      if ('problem' in found) unwritten.push({ file: file.path, problem: found.problem });
      else if (file.isLink) links.set(file, found.bytes.toString('utf8'));
      else unwritten.push(...written(file, found.bytes, options));
    }
    const known = all.size;
    for (const [link, text] of [...links].slice(before))
      for (const target of targetsOf(link, text, options)) all.add(target);
    round = [...all].slice(known);
  }
  return [...unwritten, ...linked(links, options)];
}

async function* untilStopped<T>(items: AsyncIterable<T>, { stop }: Pick<ExtractOptions, 'stop'>): AsyncGenerator<T> {
  for await (const item of items) {
    if (stop?.aborted === true) return;
    yield item;
  }
}

function tooMuch(limit: string): UserError {
  return new UserError(
    `--since: the charts and kustomizations that differ have more than ${limit} in the revision; check fewer directories in one run`,
  );
}

function targetsOf({ path: link }: GitFile, text: string, { index }: ExtractOptions): readonly GitFile[] {
  const target = path.resolve(path.dirname(link), text);
  const file = index.file(target);
  return file === undefined ? index.under(target) : [file];
}

function written({ path: file }: GitFile, bytes: Buffer, { directory, root }: ExtractOptions): readonly Unwritten[] {
  const at = pathIn(directory, root, file);
  try {
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, bytes, { flag: 'wx', mode: 0o600 });
    return [];
  } catch (error) {
    const code = codeOf(error);
    if (['EEXIST', 'ENOTDIR', 'EISDIR'].includes(code))
      return [{ file, problem: 'the directory has another file of this name, or of one that differs only in case' }];
    throw new UserError(`--since: cannot write files of the revision to ${quoteValue(directory, 256)}: ${code}`);
  }
}

function linked(links: ReadonlyMap<GitFile, string>, { directory, root }: ExtractOptions): readonly Unwritten[] {
  const unwritten: Unwritten[] = [];
  for (const [{ path: link }, target] of links) {
    const at = pathIn(directory, root, link);
    try {
      mkdirSync(path.dirname(at), { recursive: true });
      symlinkSync(target, at);
    } catch (error) {
      unwritten.push({ file: link, problem: `the link cannot be created: ${codeOf(error)}` });
    }
  }
  for (const { path: link } of links.keys()) {
    const at = pathIn(directory, root, link);
    if (leadsInto(directory, at)) continue;
    rmSync(at, { force: true });
    unwritten.push({ file: link, problem: 'the link leads out of the repository, or to nothing' });
  }
  return unwritten;
}

function leadsInto(directory: string, at: string): boolean {
  try {
    return realpathSync(at).startsWith(`${directory}${path.sep}`);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENOTDIR', 'ENAMETOOLONG'].includes(codeOf(error))) return false;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
