/**
 * Positions of values in a text: maps offsets to lines and columns, and JSON pointers to offsets (the outline of a document). An
 * outline is a flat table with about 24 bytes for each value.
 */
import { pointerSegments } from '../../pod/pointer.ts';

/** `line` and `column` count from 1, columns in UTF-16 units as editors do; `text.slice(offset)` starts at the place. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

const BYTE_ORDER_MARK = 0xfeff;

export function lineTable(text: string): (offset: number) => Position {
  const starts = lineStarts(text);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: Math.max(offset - (starts[low] ?? 0), 0) + 1, offset };
  };
}

const MANY_LINES = 4096;

/** A table of many lines has four bytes for each, because the eight of a list would be as much as half of some texts. */
function lineStarts(text: string): Uint32Array | readonly number[] {
  const starts = [text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0];
  if (text.includes('\r')) {
    for (const { index, 0: end } of text.matchAll(/\r\n?|\n/g)) starts.push(index + end.length);
  } else {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  }
  return starts.length < MANY_LINES ? starts : new Uint32Array(starts);
}

/** The name of a row in its parent: the key of a map; `ITEM` in a list; `UNNAMED` if no pointer leads there. */
export type RowName = string | typeof ITEM | typeof UNNAMED;
export const ITEM = Symbol('item');
export const UNNAMED = Symbol('unnamed');

/** The columns of a row: offset of the key, offset of the value, first row after its descendants. */
const WIDTH = 3;
const VALUE = 1;
const END = 2;
/** The number of rows from which a map or list is indexed on the first lookup. */
const LARGE = 64;

export interface Outline {
  readonly names: RowName[];
  /** Numbers, because memory outside of the heap costs more time for each document than for all in one table. */
  readonly cells: number[];
  // Most documents have none of these.
  /** Rows whose value is in another row. */
  links?: Map<number, number>;
  /** Children of large maps and lists by segment; filled by `locate`. */
  indexes?: Map<number, ReadonlyMap<string, number>>;
  /** Entries from a merge key. */
  merged?: Set<number>;
  /** The YAML types of keys that are not strings, such as a number. */
  keyKinds?: Map<number, string>;
}

export function createOutline(): Outline {
  return { names: [], cells: [] };
}

/** Opens a row: rows added until `closeRow` are its descendants. */
export function openRow(outline: Outline, name: RowName, keyOffset: number): number {
  const row = outline.names.push(name) - 1;
  outline.cells.push(keyOffset, keyOffset, 0);
  return row;
}

/** An item has no key, so its key offset is the offset of its value. */
export function placeValue(outline: Outline, row: number, offset: number): void {
  if (typeof outline.names[row] !== 'string') outline.cells[row * WIDTH] = offset;
  outline.cells[row * WIDTH + VALUE] = offset;
}

export function closeRow(outline: Outline, row: number): void {
  outline.cells[row * WIDTH + END] = outline.names.length;
}

/** Links a row to `target`, which contains its value: the row is an alias, or an entry from a merge key. */
export function linkRow(outline: Outline, row: number, target: number): void {
  const from = standsFor(outline, target);
  outline.cells[row * WIDTH + VALUE] = cell(outline, from, VALUE);
  (outline.links ??= new Map()).set(row, from);
}

/** The entries of a map in text order, each name with its row; a name may come twice. */
export function entriesOf(outline: Outline, row: number): readonly (readonly [string, number])[] {
  const entries: (readonly [string, number])[] = [];
  eachChild(outline, standsFor(outline, row), (name, child) => {
    if (typeof name === 'string') entries.push([name, child]);
  });
  return entries;
}

/** Reports whether a map has a name twice; entries from a merge key do not count. */
export function repeatsName(outline: Outline, row: number): boolean {
  const from = standsFor(outline, row);
  // Most rows are scalars, which have no children.
  if (cell(outline, from, END) - from <= 2) return false;
  const names = new Set<string>();
  let count = 0;
  eachChild(outline, from, (name, child) => {
    if (typeof name !== 'string' || isMerged(outline, child)) return;
    names.add(name);
    count += 1;
  });
  return names.size < count;
}

export function itemsOf(outline: Outline, row: number): readonly number[] {
  const items: number[] = [];
  eachChild(outline, standsFor(outline, row), (name, child) => {
    if (name === ITEM) items.push(child);
  });
  return items;
}

/** Returns the rows of `root` and its descendants. */
export function* rowsOf(outline: Outline, root: number): Generator<number> {
  const end = cell(outline, root, END);
  for (let row = root; row < end; row += 1) yield row;
}

/** Reports whether the descendants of a row are elsewhere in the table. */
export function isLinked(outline: Outline, row: number): boolean {
  return outline.links?.has(row) === true;
}

export function isMerged(outline: Outline, row: number): boolean {
  return outline.merged?.has(row) === true;
}

export function keyOffsetOf(outline: Outline, row: number): number {
  return cell(outline, row, 0);
}

/** The offset of the value (or its key) at `pointer`, or of its nearest parent that exists. */
export function locate(outline: Outline, root: number, pointer: string, of: 'key' | 'value'): number {
  let row = root;
  for (const segment of pointerSegments(pointer)) {
    const child = childAt(outline, standsFor(outline, row), segment);
    if (child === undefined) break;
    row = child;
  }
  return cell(outline, row, of === 'key' ? 0 : VALUE);
}

function childAt(outline: Outline, row: number, segment: string): number | undefined {
  if (cell(outline, row, END) - row < LARGE) return childrenOf(outline, row).get(segment);
  outline.indexes ??= new Map();
  let index = outline.indexes.get(row);
  if (index === undefined) outline.indexes.set(row, (index = childrenOf(outline, row)));
  return index.get(segment);
}

/** A later entry replaces an earlier entry with the same name, as in the value. */
function childrenOf(outline: Outline, row: number): ReadonlyMap<string, number> {
  const children = new Map<string, number>();
  let items = 0;
  eachChild(outline, row, (name, child) => {
    if (typeof name === 'string') children.set(name, child);
    else if (name === ITEM) children.set(String(items++), child);
  });
  return children;
}

function eachChild(outline: Outline, row: number, visit: (name: RowName, child: number) => void): void {
  const end = cell(outline, row, END);
  for (let child = row + 1; child < end; child = cell(outline, child, END)) {
    visit(outline.names[child] ?? UNNAMED, child);
  }
}

function standsFor(outline: Outline, row: number): number {
  return outline.links?.get(row) ?? row;
}

function cell(outline: Outline, row: number, column: number): number {
  return outline.cells[row * WIDTH + column] ?? 0;
}
