/**
 * Positions of values in a text: maps offsets to lines and columns, and JSON pointers to offsets (the outline of a document). An
 * outline is a flat table with about 24 bytes for each value: the outlines of 8,000 documents need 5 MB.
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

function lineStarts(text: string): readonly number[] {
  const starts = [text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0];
  if (text.includes('\r')) {
    for (const { index, 0: end } of text.matchAll(/\r\n?|\n/g)) starts.push(index + end.length);
  } else {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  }
  return starts;
}

/** The name of a row in its parent: the key of a map; `ITEM` in a list; `UNNAMED` if no pointer leads there. */
export type RowName = string | typeof ITEM | typeof UNNAMED;
export const ITEM = Symbol('item');
export const UNNAMED = Symbol('unnamed');

/** The columns of a row: offset of the key, offset of the value, first row after its descendants, linked row. */
const WIDTH = 4;
const VALUE = 1;
const END = 2;
const LINK = 3;
/** The number of rows from which a map or list is indexed on the first lookup. */
const LARGE = 64;

export interface Outline {
  readonly names: RowName[];
  cells: Uint32Array;
  /** Children of large maps and lists by segment; filled by `locate`. */
  readonly indexes: Map<number, ReadonlyMap<string, number>>;
  /** Entries from a merge key. */
  readonly merged: Set<number>;
  /** The YAML types of keys that are not strings, such as a number. */
  readonly keyKinds: Map<number, string>;
}

export function createOutline(): Outline {
  return { names: [], cells: new Uint32Array(64 * WIDTH), indexes: new Map(), merged: new Set(), keyKinds: new Map() };
}

/** Opens a row: rows added until `closeRow` are its descendants. */
export function openRow(outline: Outline, name: RowName, keyOffset: number): number {
  const row = outline.names.push(name) - 1;
  if ((row + 1) * WIDTH > outline.cells.length) {
    const grown = new Uint32Array(outline.cells.length * 2);
    grown.set(outline.cells);
    outline.cells = grown;
  }
  outline.cells[row * WIDTH] = keyOffset;
  outline.cells[row * WIDTH + VALUE] = keyOffset;
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
  outline.cells[row * WIDTH + LINK] = from + 1;
}

/** The entries of a map in text order, each name with its row; a name may come twice. */
export function entriesOf(outline: Outline, row: number): readonly (readonly [string, number])[] {
  const entries: (readonly [string, number])[] = [];
  eachChild(outline, standsFor(outline, row), (name, child) => {
    if (typeof name === 'string') entries.push([name, child]);
  });
  return entries;
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
  return cell(outline, row, LINK) !== 0;
}

export function isMerged(outline: Outline, row: number): boolean {
  return outline.merged.has(row);
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
  const link = cell(outline, row, LINK);
  return link === 0 ? row : link - 1;
}

function cell(outline: Outline, row: number, column: number): number {
  return outline.cells[row * WIDTH + column] ?? 0;
}
