/** Reads files of a revision by `git cat-file`, which runs no filters. */
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import { isIrregular, MAX_BYTES, TOO_LARGE } from '../load-text.ts';
import { notRun, type Repository } from './repository.ts';
import type { GitFile } from './tree.ts';

export type Content = { readonly bytes: Buffer } | { readonly problem: string };

/** Yields the content of each file, by repository and then in the given order. One file is in memory at a time. */
export async function* contentsOf(files: readonly GitFile[]): AsyncGenerator<readonly [GitFile, Content]> {
  for (const [repository, own] of Map.groupBy(files, (file) => file.repository)) yield* contentsIn(repository, own);
}

async function* contentsIn(
  repository: Repository,
  files: readonly GitFile[],
): AsyncGenerator<readonly [GitFile, Content]> {
  const child = repository.start(['cat-file', '--batch']);
  const failed = Promise.withResolvers<never>();
  // The generator can end before it waits for the failure.
  failed.promise.catch(() => undefined);
  child.on('error', (error) => failed.reject(notRun(error)));
  // If git ends early, its output ends as well, and that is reported.
  child.stdin.on('error', () => undefined);
  child.stdin.end(files.map(({ blob }) => `${blob}\n`).join(''));
  let current = '';
  const next = reader(child.stdout, () => notReturned(current, repository));
  try {
    for (const file of files) {
      current = file.path;
      const header = await Promise.race([next.line(), failed.promise]);
      const size = sizeIn(header, file);
      if (size > MAX_BYTES) await next.skip(size);
      const content = size > MAX_BYTES ? TOO_LARGE : { bytes: await next.bytes(size) };
      await next.skip(1);
      yield [file, content];
    }
  } finally {
    child.kill();
  }
}

function sizeIn(header: string, file: GitFile): number {
  const [name, type, size = ''] = header.split(' ');
  if (name === file.blob && type === 'blob' && /^\d+$/.test(size)) return Number(size);
  throw notReturned(file.path, file.repository);
}

/** Git before 2.45 ends at the first object that a partial clone lacks; later releases name it. */
function notReturned(file: string, repository: Repository): UserError {
  const named = quoteValue(path.relative(repository.root, file), 256);
  const isPartial = repository.run(['config', '--get-regexp', String.raw`^remote\..*\.promisor$`]).status === 0;
  const remedy = isPartial
    ? 'a partial clone downloads it when it is needed, and tidewaiter downloads nothing; run git diff --stat REVISION first, which downloads what differs'
    : 'run git fsck to check the repository';
  return new UserError(`--since: git did not return ${named} of the revision; ${remedy}`);
}

interface Reader {
  readonly line: () => Promise<string>;
  readonly bytes: (length: number) => Promise<Buffer>;
  readonly skip: (length: number) => Promise<void>;
}

function reader(stream: Readable, onEnd: () => Error): Reader {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  const more = async (): Promise<Buffer> => {
    const { done, value } = await chunks.next();
    if (done === true) throw onEnd();
    return value;
  };
  const bytes = async (length: number): Promise<Buffer> => {
    const parts = [rest];
    for (let size = rest.length; size < length;) {
      const part = await more();
      parts.push(part);
      size += part.length;
    }
    const all = Buffer.concat(parts);
    rest = all.subarray(length);
    return all.subarray(0, length);
  };
  return {
    bytes,
    async skip(length) {
      let left = length;
      while (rest.length < left) {
        left -= rest.length;
        rest = await more();
      }
      rest = rest.subarray(left);
    },
    async line() {
      while (!rest.includes(0x0a)) rest = Buffer.concat([rest, await more()]);
      const line = await bytes(rest.indexOf(0x0a) + 1);
      return line.toString('utf8').trimEnd();
    },
  };
}

/** Reports whether the file on disk has the content of the revision. Git names a blob by the hash of its content. */
export function isUnchanged({ path: file, blob, isLink }: GitFile): boolean {
  if (isLink) return false;
  try {
    const stats = lstatSync(file);
    if (!stats.isFile() || stats.size > MAX_BYTES) return false;
    const bytes = readFileSync(file);
    const hash = createHash(blob.length === SHA1_LENGTH ? 'sha1' : 'sha256');
    return hash.update(`blob ${bytes.length}\0`).update(bytes).digest('hex') === blob;
  } catch {
    // A file that cannot be read is reported where it is evaluated.
    return false;
  }
}

const SHA1_LENGTH = 40;

/** Git stores such a text in the place of a large file (github.com/git-lfs/git-lfs, docs/spec.md). */
const LFS_POINTER = /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:.*\n)*?oid sha256:([\da-f]{64})\n/;
const MAX_POINTER_BYTES = 1024;

/** Returns the content of a file in Git LFS from the file on disk if that has not changed. */
export function withoutPointer({ path: file }: GitFile, content: Content): Content {
  if (!('bytes' in content) || content.bytes.length > MAX_POINTER_BYTES) return content;
  const hash = LFS_POINTER.exec(content.bytes.toString('latin1'))?.[1];
  if (hash === undefined) return content;
  if (isIrregular(file)) return content;
  try {
    const bytes = readFileSync(file);
    if (createHash('sha256').update(bytes).digest('hex') === hash) return { bytes };
  } catch {
    // The file was deleted or renamed.
  }
  return { problem: 'stored in Git LFS, so the clone does not have its content' };
}
