/** `check --since`: only objects that differ from a git revision are evaluated. */
import type { RevisionOptions } from '../files/revision/revision.ts';
import type { FailedUnit } from '../files/revision/units.ts';
import { type InputNotice, namedFew } from '../files/skipped-files.ts';
import { fileText } from '../files/location-text.ts';
import { quoteValue } from '../image/quote.ts';
import { count } from '../report/paint.ts';
import type { EvaluateOptions } from './evaluate-files.ts';

interface SinceOptions extends RevisionOptions {
  readonly since: string | undefined;
}

/** Finds the revision at once, so that a fault in it is reported before anything is evaluated. */
export async function selectSince(
  paths: readonly string[],
  { since, ...options }: SinceOptions,
): Promise<EvaluateOptions['select']> {
  if (since === undefined) return undefined;
  const { openRevision } = await import('../files/revision/revision.ts');
  const revision = openRevision(since, paths, options);
  return async (loaded, stop) => {
    const { unread, failed, ...changes } = await revision.changesTo(loaded, stop);
    return { ...changes, notices: [...unreadNotices(since, unread), ...failedNotices(since, failed)] };
  };
}

function unreadNotices(since: string, files: readonly string[]): readonly InputNotice[] {
  const [file] = files;
  if (file === undefined) return [];
  const them = files.length === 1 ? 'it' : 'them';
  const message = `${count(files.length, 'path')} cannot be read at ${quoteValue(since)}, so the objects in ${them} count as new: ${namedFew(files.map(fileText))}`;
  return [{ file, line: null, column: null, message }];
}

function failedNotices(since: string, failed: readonly FailedUnit[]): readonly InputNotice[] {
  const [first] = failed;
  if (first === undefined) return [];
  const units = [...new Set(failed.map(({ unit }) => unit))].map((unit) => quoteValue(unit, MAX_NAME));
  const [its, reason] = units.length === 1 ? ['its', ''] : ['their', 'the first reason is '];
  const message = `${namedFew(units)} cannot be rendered at ${quoteValue(since)}, so all of ${its} objects count as new: ${reason}${first.reason}`;
  return [{ file: first.unit, line: null, column: null, message }];
}

const MAX_NAME = 256;
