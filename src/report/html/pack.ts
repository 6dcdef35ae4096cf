/**
 * The compact form of the report in the page, and back. Each text is stored once, and findings and reviews are columns of
 * numbers: with 50,000 findings, a third of the size of objects. A row becomes an object only when it is read. The texts that
 * nobody searches, such as those of excerpts, are parsed when the first of them is read.
 */
import { excerptCodec, podsCodec, timesCodec } from './pack-lists.ts';
import type { ReportData, ReportFinding, Review, Run } from './report-data.ts';
import { createTexts, type TextAt, type Texts } from './texts.ts';

/** A number for each row, or one for all of them. */
type Column = number | readonly number[];

interface Packed extends Omit<ReportData, 'runs'> {
  /** The first is null. */
  readonly strings: Strings;
  /** The texts that cannot be searched, as JSON. Their numbers continue those of `strings`. */
  readonly others: string;
  readonly runs: readonly PackedRun[];
}

export type Strings = readonly (string | null)[];

type RunHead = Omit<Run, 'findings' | 'reviews'>;

interface PackedRun extends RunHead {
  readonly findings: PackedRows;
  readonly reviews: PackedRows;
}

interface PackedRows {
  readonly length: number;
  readonly columns: Readonly<Record<string, Column>>;
}

interface Codec {
  readonly write: (value: never, texts: Texts) => number;
  readonly read: (cell: number, textAt: TextAt) => unknown;
}

const text = {
  write: (value: string | null, texts: Texts): number => texts.at(value),
  read: (cell: number, textAt: TextAt): string | null => textAt(cell),
};

const number = {
  write: (value: number | null): number => value ?? -1,
  read: (cell: number): number | null => (cell < 0 ? null : cell),
};

const FINDING = {
  id: text,
  review: number,
  container: text,
  containerKind: text,
  image: text,
  registry: text,
  pointer: text,
  policy: text,
  rule: text,
  outcome: text,
  message: text,
  remedy: text,
  exception: text,
  before: text,
  after: text,
  file: text,
  line: number,
  column: number,
  excerpt: excerptCodec,
} as const satisfies Record<keyof ReportFinding, Codec>;

const REVIEW = {
  apiVersion: text,
  kind: text,
  namespace: text,
  name: text,
  owner: text,
  operation: text,
  object: text,
  user: text,
  count: number,
  first: text,
  last: text,
  times: timesCodec,
  change: text,
  before: text,
  after: text,
  pods: podsCodec,
} as const satisfies Record<keyof Review, Codec>;

export function pack({ runs, ...rest }: ReportData): string {
  const texts = createTexts();
  const columnsOf = (isSearched: boolean): readonly PackedColumns[] =>
    runs.map(({ findings, reviews }) => ({
      findings: packColumns(findings, FINDING, { isSearched, texts }),
      reviews: packColumns(reviews, REVIEW, { isSearched, texts }),
    }));
  const first = columnsOf(true);
  const searched = texts.list.length;
  const others = columnsOf(false);
  const packed = runs.map(({ findings, reviews, ...head }, at) => ({
    ...head,
    findings: { length: findings.length, columns: { ...first[at]?.findings, ...others[at]?.findings } },
    reviews: { length: reviews.length, columns: { ...first[at]?.reviews, ...others[at]?.reviews } },
  }));
  const strings = texts.list.slice(0, searched);
  const unsearched = JSON.stringify(texts.list.slice(searched));
  return JSON.stringify({ ...rest, strings, others: unsearched, runs: packed } satisfies Packed);
}

interface PackedColumns {
  readonly findings: PackedRows['columns'];
  readonly reviews: PackedRows['columns'];
}

interface ColumnOptions {
  /** The columns that the search of the page reads, or the others. */
  readonly isSearched: boolean;
  readonly texts: Texts;
}

function packColumns<T extends object>(
  rows: readonly T[],
  codecs: Readonly<Record<keyof T & string, Codec>>,
  { isSearched, texts }: ColumnOptions,
): PackedRows['columns'] {
  const columns = Object.entries<Codec>(codecs)
    .filter(([, codec]) => (codec === text) === isSearched)
    .map(([name, { write }]) => {
      const cells = rows.map((row) => write(row[name as keyof T] as never, texts));
      const [first = 0] = cells;
      return [name, cells.every((cell) => cell === first) ? first : cells] as const;
    });
  return Object.fromEntries(columns);
}

/** The rows of a table: its cells, and each row as an object. */
export interface Rows<T> {
  readonly length: number;
  readonly cells: Readonly<Record<keyof T, Int32Array>>;
  readonly at: (index: number) => T;
}

export interface RunView {
  readonly head: RunHead;
  readonly findings: Rows<ReportFinding>;
  readonly reviews: Rows<Review>;
}

export interface ReportView extends Omit<ReportData, 'runs'> {
  /** Those that can be searched. */
  readonly strings: Strings;
  readonly runs: readonly RunView[];
}

/** `json` is what `pack` returned. */
export function openReport(json: string): ReportView {
  const { strings, others, runs, ...rest } = JSON.parse(json) as Packed;
  const textAt = textsIn(strings, others);
  const views = runs.map(({ findings, reviews, ...head }) => ({
    head,
    findings: rowsOf<ReportFinding>(findings, FINDING, textAt),
    reviews: rowsOf<Review>(reviews, REVIEW, textAt),
  }));
  return { ...rest, strings, runs: views };
}

function textsIn(strings: Strings, others: string): TextAt {
  let parsed: Strings | undefined;
  return (index) => {
    if (index < strings.length) return strings[index] ?? null;
    parsed ??= JSON.parse(others) as Strings;
    return parsed[index - strings.length] ?? null;
  };
}

function rowsOf<T>(
  { length, columns }: PackedRows,
  codecs: Readonly<Record<keyof T & string, Codec>>,
  textAt: TextAt,
): Rows<T> {
  const names = Object.keys(codecs) as (keyof T & string)[];
  const cells = Object.fromEntries(names.map((name) => [name, cellsOf(columns[name], length)])) as Rows<T>['cells'];
  const at = (index: number): T =>
    Object.fromEntries(names.map((name) => [name, codecs[name].read(cells[name][index] ?? 0, textAt)])) as T;
  return { length, cells, at };
}

function cellsOf(column: Column | undefined, length: number): Int32Array {
  return typeof column === 'object' ? new Int32Array(column) : new Int32Array(length).fill(column ?? 0);
}

/** Returns all rows as objects. */
export function unpack(json: string): ReportData {
  const { version, tool, created, rules, origin, runs } = openReport(json);
  return {
    version,
    tool,
    created,
    rules,
    origin,
    runs: runs.map(({ head, findings, reviews }) => ({ ...head, ...all({ findings, reviews }) })),
  };
}

function all({ findings, reviews }: Omit<RunView, 'head'>): Pick<Run, 'findings' | 'reviews'> {
  return {
    findings: Array.from({ length: findings.length }, (_, index) => findings.at(index)),
    reviews: Array.from({ length: reviews.length }, (_, index) => reviews.at(index)),
  };
}
