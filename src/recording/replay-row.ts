/**
 * The result of one review: what `replay` evaluates, counts, merges, and prints. A row is plain JSON, so that another thread or
 * another machine can evaluate it.
 */
import type { Difference } from './compare.ts';
import type { FindingChange, ReplayChange } from './comparison.ts';
import type { RecordedEndpoint } from './format.ts';
import type { ObjectView } from './object-view.ts';
import type { Outcome, OutcomeFinding } from './outcome.ts';
import type { Owner } from './owner.ts';
import type { RowSaid } from './said-comparison.ts';

export interface ReplayRow {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly document: number;
  /** Of a line of a recording; null: a review without one. */
  readonly id: string | null;
  readonly uid: string;
  /** null: both are evaluated. */
  readonly endpoint: RecordedEndpoint | null;
  readonly operation: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** null for cluster-scoped objects. */
  readonly namespace: string | null;
  readonly name: string;
  readonly owner: Owner;
  /** The team that the object names; null: none. */
  readonly team: string | null;
  /** Who sent the request; null: unknown. */
  readonly user: string | null;
  /** How often it occurred. */
  readonly count: number;
  /** More occurrences of a review that has a row already: its line is also in an earlier, shorter copy of the file. */
  readonly again?: true | undefined;
  /** In UTC; null: unknown. */
  readonly first: string | null;
  readonly last: string | null;
  /** More than one occurrence. */
  readonly occurrences?: readonly Occurrence[] | undefined;
  /** The decision of the policies. */
  readonly allowed: boolean;
  /** The other side of the comparison; null: there is none. */
  readonly comparedWith: 'recorded' | 'against' | 'expected' | 'said' | null;
  /** null: there is nothing to compare with. */
  readonly change: ReplayChange | null;
  /** Both sides, if they differ. */
  readonly before?: OutcomeTexts | undefined;
  readonly after?: OutcomeTexts | undefined;
  /** The findings that differ. */
  readonly findings?: readonly FindingChange[] | undefined;
  /** Why the request is denied, as far as that does not differ. */
  readonly denials?: readonly OutcomeFinding[] | undefined;
  /** Who denies it; only if the other side is what other policies said. */
  readonly said?: RowSaid | undefined;
  /** What differs from the expected result. */
  readonly differences?: readonly Difference[] | undefined;
  /** Facts that were needed, and that the recording does not have. */
  readonly missing?: readonly string[] | undefined;
  /** The exact response bytes of `serve`. */
  readonly answers?: Answers | undefined;
  /** Only for reports that show objects, and of reviews that they list. */
  readonly view?: ObjectView | undefined;
}

/** What is counted of a review that is not listed, when nothing needs its row. */
export type CountedRow = Pick<
  ReplayRow,
  'id' | 'first' | 'last' | 'count' | 'again' | 'occurrences' | 'allowed' | 'said' | 'missing'
> & { readonly change: 'same' };

export type CountableRow = ReplayRow | CountedRow;

export function isWhole(row: CountableRow): row is ReplayRow {
  return 'file' in row;
}

/** Reviews that differ, and those with nothing to compare with. */
export function isListed({ change }: Pick<ReplayRow, 'change'>): boolean {
  return change !== 'same';
}

/** Reviews that a report shows one by one: those that are denied, and those that differ. */
export function isShown({ allowed, change }: Pick<ReplayRow, 'allowed' | 'change'>): boolean {
  return !allowed || (change !== 'same' && change !== null);
}

export type OutcomeTexts = Omit<Outcome, 'findings'>;

export type Answers = { readonly [Endpoint in RecordedEndpoint]?: string | undefined };

export interface Occurrence {
  readonly count: number;
  readonly first: string;
  readonly last: string;
}

/** Returns the row of a review with all its occurrences, or nothing if there is none. */
export function withOccurrences<Row extends CountableRow>(
  row: Row,
  occurrences: readonly Occurrence[],
): Row | undefined {
  const [one] = occurrences;
  if (one === undefined) return undefined;
  const total = occurrences.reduce((sum, { count }) => sum + count, 0);
  // Times in UTC with milliseconds compare as text.
  const first = occurrences.reduce((least, each) => (each.first < least ? each.first : least), one.first);
  const last = occurrences.reduce((most, each) => (each.last > most ? each.last : most), one.last);
  return { ...row, count: total, first, last, ...(occurrences.length === 1 ? {} : { occurrences }) };
}
