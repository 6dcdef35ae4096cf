/** Puts reviews of the same kind with the same result together, such as those of one Deployment on several days. */
import type { Occurrence, ReplayRow } from '../../recording/replay-row.ts';
import { extend } from '../replay/groups.ts';
import { occurrencesOf } from './time-steps.ts';

interface AlikeRow extends Omit<ReplayRow, 'count' | 'first' | 'last' | 'occurrences'> {
  count: number;
  first: string | null;
  last: string | null;
  readonly occurrences: Occurrence[];
}

export interface AlikeRows {
  readonly add: (row: ReplayRow) => void;
  rows(): readonly ReplayRow[];
}

export function alikeRows(): AlikeRows {
  const rows = new Map<string, AlikeRow>();
  return {
    add(row) {
      // A review that is not from a recording of a server is always a row.
      const key = row.id === null ? String(rows.size) : keyOf(row);
      const known = rows.get(key);
      if (known === undefined) {
        rows.set(key, { ...row, occurrences: [...occurrencesOf(row)] });
        return;
      }
      known.count += row.count;
      extend(known, row);
      for (const occurrence of occurrencesOf(row)) known.occurrences.push(occurrence);
    },
    rows: () => [...rows.values()],
  };
}

function keyOf(row: ReplayRow): string {
  const { owner, team, namespace, kind, operation, user, endpoint } = row;
  const { change, allowed, findings, denials, before, after } = row;
  const object = [owner, team, namespace, kind, operation, user, endpoint];
  return JSON.stringify([object, change, allowed, findings, denials, before?.patch, after?.patch]);
}
