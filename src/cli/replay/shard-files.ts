/** Reads the results of all shards of a replay, and rejects those that do not belong together. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../error/user-error.ts';
import { isIrregular, reasonOf } from '../../files/load-text.ts';
import { createChunkMemory } from '../../files/chunk-memory.ts';
import { type LineChunk, lineChunks } from '../../files/recording-chunks.ts';
import { quoteValue } from '../../image/quote.ts';
import { isObject } from '../../pod/pointer.ts';
import { VERSION } from '../../version.ts';
import { directoryProblem } from '../new-files.ts';
import { requireAlike } from './shard-match.ts';
import {
  SHARD_FORMAT,
  type ShardEnd,
  type ShardFile,
  type ShardHead,
  type ShardItem,
  shardOfName,
} from './shard-result.ts';
import type { Shard } from './shard.ts';

/** Returns the results of all shards, in their order. Throws a UserError that names the shards that are missing or do not match. */
export async function loadShards(directory: string): Promise<readonly ShardFile[]> {
  const named = namedFiles(directory);
  const files: ShardFile[] = [];
  for (const { file, shard } of named) files.push(await loadShard(file, shard));
  requireAlike(files);
  return files;
}

interface NamedFile {
  readonly file: string;
  readonly shard: Shard;
}

const MAX_NAMED = 10;

/** Directories inside are read as well: CI systems unpack each artifact into one. */
function namedFiles(directory: string): readonly NamedFile[] {
  const found = listFiles(directory).flatMap((name) => {
    const shard = shardOfName(path.basename(name));
    return shard === undefined ? [] : [{ file: path.join(directory, name), shard }];
  });
  const [first] = found;
  if (first === undefined)
    throw new UserError(
      `${directory}: no results of shards found (shard-1-of-N.ndjson and others); write them with --shard I/N --out DIR`,
    );
  const other = found.find(({ shard }) => shard.count !== first.shard.count);
  if (other !== undefined)
    throw new UserError(
      `${directory}: results of different replays: ${first.file} is one of ${first.shard.count} shards, ${other.file} one of ${other.shard.count}; remove the others`,
    );
  const byIndex = Map.groupBy(found, ({ shard }) => shard.index);
  for (const [index, [one, twin]] of byIndex)
    if (one !== undefined && twin !== undefined)
      throw new UserError(
        `${directory}: shard ${index} is there twice: ${one.file} and ${twin.file}; remove one of them`,
      );
  const { count } = first.shard;
  const missing = Array.from({ length: count }, (_, at) => at + 1).filter((index) => !byIndex.has(index));
  if (missing.length > 0) throw new UserError(`${directory}: ${missingText(missing, count)} missing`);
  return found.toSorted((one, two) => one.shard.index - two.shard.index);
}

function missingText(missing: readonly number[], count: number): string {
  const shown = missing.slice(0, MAX_NAMED).join(', ');
  const rest = missing.length - MAX_NAMED;
  if (missing.length === 1) return `shard ${shown} of ${count} is`;
  return `shards ${shown}${rest > 0 ? ` and ${rest} more` : ''} of ${count} are`;
}

function listFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
  } catch (error) {
    throw new UserError(`${directory}: ${directoryProblem(error)} (set by --merge)`);
  }
}

async function loadShard(file: string, shard: Shard): Promise<ShardFile> {
  if (isIrregular(file)) throw new UserError(`${file}: not a regular file`);
  const digest = createHash('sha256');
  let head: ShardHead | undefined;
  let last: Buffer | undefined;
  for await (const chunk of lineChunks(createReadStream(file))) {
    if ('error' in chunk) throw new UserError(`${file}: ${reasonOf(chunk.error)}`);
    if (last !== undefined) digest.update(last);
    head ??= headOf(file, firstLine(chunk), shard);
    last = addLines(digest, chunk);
  }
  if (head === undefined) throw new UserError(`${file}: the file is empty; run shard ${shard.index} again`);
  return { file, head, end: endOf({ file, shard }, last, digest) };
}

function firstLine({ bytes }: LineChunk): string {
  return bytes.toString('utf8', 0, bytes.indexOf('\n'));
}

/** Adds all lines except for the last one, which is returned. */
function addLines(digest: Hash, { bytes }: LineChunk): Buffer {
  const at = bytes.lastIndexOf('\n', bytes.length - 2) + 1;
  digest.update(bytes.subarray(0, at));
  return bytes.subarray(at);
}

function headOf(file: string, line: string, { index, count }: Shard): ShardHead {
  const head = parsed(line);
  if (!isHead(head)) {
    const format = isObject(head) ? head['format'] : undefined;
    const found = typeof format === 'string' ? quoteValue(format) : 'no result of a shard';
    throw new UserError(`${file}: expected ${quoteValue(SHARD_FORMAT)}, found ${found}`);
  }
  if (head.tidewaiter !== VERSION)
    throw new UserError(
      `${file}: the result is from tidewaiter ${quoteValue(head.tidewaiter)}, and this is ${VERSION}; merge with the version of the shards`,
    );
  if (head.shard !== index || head.shards !== count)
    throw new UserError(`${file}: contains shard ${head.shard} of ${head.shards}, and not that of its name`);
  return head;
}

/** The digest shows that the rest is as it was written. */
function isHead(value: unknown): value is ShardHead {
  return isObject(value) && value['format'] === SHARD_FORMAT && typeof value['tidewaiter'] === 'string';
}

function endOf({ file, shard }: NamedFile, line: Buffer | undefined, digest: Hash): ShardEnd {
  const value = parsed(line?.toString() ?? '');
  if (!isObject(value) || !isObject(value['end']))
    throw new UserError(`${file}: the file is not complete; run shard ${shard.index} again`);
  if (value['digest'] !== digest.digest('hex'))
    throw new UserError(`${file}: the file was changed after it was written; run shard ${shard.index} again`);
  return value as unknown as ShardEnd;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The items of all shards in the order of the input, in constant memory. */
export async function* mergedItems(files: readonly ShardFile[]): AsyncGenerator<ShardItem, void> {
  const streams = await Promise.all(
    files.map(async ({ file }) => {
      const items = itemsIn(file);
      return { items, next: await nextOf(items) };
    }),
  );
  for (;;) {
    const first = streams.reduce((least, each) => (comesBefore(each.next, least.next) ? each : least));
    if (first.next === undefined) return;
    yield first.next;
    first.next = await nextOf(first.items);
  }
}

async function nextOf(items: AsyncGenerator<ShardItem, void>): Promise<ShardItem | undefined> {
  const { value } = await items.next();
  return value ?? undefined;
}

function comesBefore(one: ShardItem | undefined, other: ShardItem | undefined): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  return one.source - other.source < 0 || (one.source === other.source && one.at < other.at);
}

/** Of each of up to 1000 files that are read at the same time. */
const READ_BYTES = 16 * 1024;

async function* itemsIn(file: string): AsyncGenerator<ShardItem, void> {
  const source = createReadStream(file, { highWaterMark: READ_BYTES });
  for await (const chunk of lineChunks(source, createChunkMemory(READ_BYTES))) {
    if ('error' in chunk) throw new UserError(`${file}: ${reasonOf(chunk.error)}`);
    for (const text of chunk.bytes.toString().split('\n')) {
      const value = text === '' ? undefined : parsed(text);
      if (isObject(value) && ('row' in value || 'error' in value)) yield value as unknown as ShardItem;
    }
  }
}
