/** Groups the rows of a changelog, so that each reviewer finds their own. */
import path from 'node:path';
import { parseReference } from '../image/reference.ts';
import type { PinChange } from './pin-changes.ts';

export const PIN_GROUPINGS = ['registry', 'repository', 'directory'] as const;
export type PinGrouping = (typeof PIN_GROUPINGS)[number];

interface ChangeGroup {
  /** undefined: the rows are not grouped. */
  readonly name: string | undefined;
  readonly rows: readonly [PinChange, ...PinChange[]];
}

/** Sorted by name. A change in several directories is in each of their groups, with the files there. */
export function groupsOf(changes: readonly PinChange[], grouping: PinGrouping | undefined): readonly ChangeGroup[] {
  const named = changes.flatMap((change) => namedRows(change, grouping));
  const groups = Map.groupBy(named, ({ name }) => name);
  return [...groups]
    .toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1))
    .flatMap(([name, [first, ...rest]]) =>
      first === undefined ? [] : [{ name, rows: [first.row, ...rest.map(({ row }) => row)] }],
    );
}

interface NamedRow {
  readonly name: string | undefined;
  readonly row: PinChange;
}

function namedRows(change: PinChange, grouping: PinGrouping | undefined): readonly NamedRow[] {
  if (grouping === 'directory') {
    const byDirectory = Map.groupBy(change.files, (file) => path.dirname(file));
    return [...byDirectory].map(([name, files]) => ({ name, row: { ...change, files } }));
  }
  return [{ name: grouping && nameOf(change, grouping), row: change }];
}

function nameOf({ image, rewritten, pinned }: PinChange, grouping: 'registry' | 'repository'): string {
  const parsed = parseReference(pinned ?? rewritten ?? image);
  if (!parsed.ok) return 'other';
  return grouping === 'registry' ? parsed.reference.domain : parsed.reference.repository;
}
