/** Writes the result of a shard to a file, which gets its name when it is complete. */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../error/user-error.ts';
import { createDirectory } from '../../files/create-directory.ts';
import { reasonOf } from '../../files/load-text.ts';
import { quoteValue } from '../../image/quote.ts';
import type { NoticeRow } from '../../report/rows.ts';
import { type ShardCounts, type ShardEnd, shardFileName, type ShardHead, type ShardItem } from './shard-result.ts';

export interface ShardWriter {
  add(item: ShardItem): void;
  /** Replaces the file of an earlier run. */
  end(result: { readonly counts: ShardCounts; readonly inputs: string; readonly notices: readonly NoticeRow[] }): void;
  /** Leaves no file. */
  abandon(): void;
}

const OWNER_ONLY = 0o600;
const BUFFER_LENGTH = 256 * 1024;

/** Throws a UserError if the file cannot be written, also later. */
export function shardWriter(directory: string, head: ShardHead): ShardWriter {
  const name = shardFileName({ index: head.shard, count: head.shards });
  const temporary = path.join(directory, `.${name}.${randomBytes(6).toString('hex')}.tmp`);
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      remove(temporary);
      throw new UserError(
        `cannot write the result of the shard to ${quoteValue(directory)}: ${reasonOf(error)} (set by --out)`,
      );
    }
  };
  const file = guarded(() => {
    createDirectory(directory);
    return openSync(temporary, 'wx', OWNER_ONLY);
  });
  const digest = createHash('sha256');
  let text = '';
  const flush = (): void => {
    const bytes = Buffer.from(text);
    text = '';
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
  };
  const add = (line: string): void => {
    digest.update(line);
    text += line;
    if (text.length >= BUFFER_LENGTH) guarded(flush);
  };
  add(lineOf(head));
  return {
    add: (item) => add(lineOf(item)),
    end({ counts, inputs, notices }) {
      text += lineOf({ end: counts, inputs, notices, digest: digest.digest('hex') } satisfies ShardEnd);
      guarded(() => {
        flush();
        fsyncSync(file);
        closeSync(file);
        renameSync(temporary, path.join(directory, name));
      });
    },
    abandon() {
      closeSync(file);
      remove(temporary);
    },
  };
}

/** The directory may not exist. */
function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
