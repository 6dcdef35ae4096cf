/**
 * Puts reviews of the same kind with the same result together, such as those of one Deployment on several days. Those that do not
 * fit into memory are in a temporary file.
 */
import { hash } from 'node:crypto';
import { createSpool } from '../../files/spool.ts';
import type { ReplayRow } from '../../recording/replay-row.ts';
import { extend } from '../replay/groups.ts';
import { addMinutes, type MinuteCounts } from './time-steps.ts';

/** A row with the numbers of all that are alike. */
export interface AlikeRow {
  readonly row: ReplayRow;
  readonly minutes: MinuteCounts;
}

export interface AlikeRows {
  readonly add: (row: ReplayRow) => void;
  /** After all rows, in their order, once. */
  rows(): Generator<AlikeRow, void>;
  /** After `rows`. */
  readonly leftOut: () => LeftOutReviews;
  readonly close: () => void;
}

/** Reviews that are not listed, as often as they occurred. */
export interface LeftOutReviews {
  readonly all: number;
  readonly newlyDenied: number;
  readonly denied: number;
}

/** More take browsers too long, and too much memory here. */
export const MAX_FINDINGS = 50_000;

interface Kind {
  readonly isNewlyDenied: boolean;
  readonly isDenied: boolean;
}

interface Alike extends Kind {
  readonly findings: number;
  count: number;
  first: string | null;
  last: string | null;
  readonly minutes: MinuteCounts;
}

export function alikeRows(): AlikeRows {
  const spool = createSpool();
  const all: Alike[] = [];
  const known = knownTexts<Alike>();
  const limit = findingLimit();
  const list = (row: ReplayRow, text: string | undefined): Alike | undefined => {
    const kind = { isNewlyDenied: row.change === 'newly-denied', isDenied: !row.allowed };
    const alike = { ...kind, findings: findingCount(row), count: 0, first: null, last: null, minutes: [] };
    if (!limit.keeps(alike, row.count)) return undefined;
    all.push(alike);
    if (text !== undefined) known.set(text, alike);
    spool.add(JSON.stringify({ ...row, occurrences: undefined, answers: undefined } satisfies ReplayRow));
    return alike;
  };
  return {
    add(row) {
      // A review that is not from a recording of a server is always a row.
      const text = row.id === null ? undefined : textOf(row);
      const alike = (text === undefined ? undefined : known.get(text)) ?? list(row, text);
      if (alike === undefined) return;
      alike.count += row.count;
      extend(alike, row);
      addMinutes(alike.minutes, row);
    },
    *rows() {
      let at = 0;
      for (const text of spool.texts()) {
        const alike = all[at++];
        if (alike === undefined) return;
        const { count, first, last, minutes } = alike;
        // Written by list.
        if (limit.lists(alike)) yield { row: { ...(JSON.parse(text) as ReplayRow), count, first, last }, minutes };
      }
    },
    leftOut: limit.leftOut,
    close: () => spool.close(),
  };
}

interface FindingLimit {
  /** Until all rows are known, there are as many new denials as others. */
  readonly keeps: (alike: Alike, count: number) => boolean;
  /** In their order, of those that are kept. New denials come first, the others get what is left. */
  readonly lists: (alike: Alike) => boolean;
  readonly leftOut: () => LeftOutReviews;
}

function findingLimit(): FindingLimit {
  const kept = { newlyDenied: 0, others: 0 };
  const leftOut = { all: 0, newlyDenied: 0, denied: 0 };
  let listed = 0;
  const leaveOut = ({ isNewlyDenied, isDenied }: Kind, count: number): false => {
    leftOut.all += count;
    if (isNewlyDenied) leftOut.newlyDenied += count;
    if (isDenied) leftOut.denied += count;
    return false;
  };
  return {
    keeps(alike, count) {
      const kind = alike.isNewlyDenied ? 'newlyDenied' : 'others';
      if (kept[kind] + alike.findings > MAX_FINDINGS) return leaveOut(alike, count);
      kept[kind] += alike.findings;
      return true;
    },
    lists(alike) {
      if (alike.isNewlyDenied) return true;
      listed += alike.findings;
      return kept.newlyDenied + listed <= MAX_FINDINGS || leaveOut(alike, alike.count);
    },
    leftOut: () => leftOut,
  };
}

/** About as many as the report has; a row without findings has one. */
function findingCount({ findings = [], denials = [] }: ReplayRow): number {
  return Math.max(1, findings.length + denials.length);
}

/** What alike rows have in common. */
function textOf(row: ReplayRow): string {
  const { owner, team, namespace, kind, operation, user, endpoint } = row;
  const { change, allowed, findings, denials, before, after } = row;
  const object = [owner, team, namespace, kind, operation, user, endpoint];
  return JSON.stringify([object, change, allowed, findings, denials, before?.patch, after?.patch]);
}

interface KnownTexts<T> {
  readonly get: (text: string) => T | undefined;
  readonly set: (text: string, value: T) => void;
}

/** Characters of texts that are kept. Of the others, only hashes are, which take time. */
const MAX_TEXTS = 4_000_000;

function knownTexts<T>(): KnownTexts<T> {
  const texts = new Map<string, T>();
  const hashes = new Map<string, T>();
  let length = 0;
  return {
    get: (text) => texts.get(text) ?? (hashes.size === 0 ? undefined : hashes.get(hash('sha256', text, 'base64'))),
    set(text, value) {
      length += text.length;
      if (length <= MAX_TEXTS) texts.set(text, value);
      else hashes.set(hash('sha256', text, 'base64'), value);
    },
  };
}
