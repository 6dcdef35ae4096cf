/** A line of an input file with an ellipsis instead of what is not shown. */
import { CUT } from '../../image/quote.ts';
import type { Extent, Part, Parts } from './parts.ts';
import { shownParts } from './shown-values.ts';

/** The value that a finding is about. Offsets of the file. */
export interface ShownValue extends Extent {
  /** The value if it is an image, which may be written in quotes, or in parts. */
  readonly image: string | null;
  /** The place in the object says that the value can be a secret. */
  readonly isPrivate: boolean;
}

export interface ShownLine {
  readonly text: string;
  /** The part of the value on the line, from 0; undefined: the line has none. */
  readonly mark: Extent | undefined;
}

interface Content {
  readonly parts: Parts;
  readonly value: ShownValue | undefined;
}

export function shownLine(text: string, line: Extent, { parts, value }: Content): ShownLine {
  const near = partsWithin(parts, line);
  const always = near.filter(({ scalar }) => scalar === undefined).map((part) => clip(part, line));
  const own = value && partOfValue(text, line, value);
  const inValue = value && own ? valueParts(text, { own, near, always, value }) : [];
  const shown = [...always, ...inValue].toSorted((one, other) => one.from - other.from);
  const { written, columns } = write(text, pieces(line, shown, own));
  const mark = own && { from: columns.get(own.from) ?? written.length, to: columns.get(own.to) ?? written.length };
  return { text: written.trimEnd(), mark };
}

interface Written {
  readonly written: string;
  /** By offsets of the file. */
  readonly columns: ReadonlyMap<number, number>;
}

function write(text: string, all: readonly Piece[]): Written {
  const columns = new Map<number, number>();
  let written = '';
  for (const piece of all) {
    const part = text.slice(piece.from, piece.to);
    // One ellipsis is enough for a text that the value begins or ends in.
    const isRest = !piece.isShown && written.endsWith(CUT) && /^\S/.test(part);
    columns.set(piece.from, written.length - (isRest ? CUT.length : 0));
    written += piece.isShown ? part : hidden(part).slice(isRest ? CUT.length : 0);
    columns.set(piece.to, written.length);
  }
  return { written, columns };
}

function clip({ from, to }: Extent, line: Extent): Extent {
  return { from: Math.max(from, line.from), to: Math.min(to, line.to) };
}

/** The part of the value on a line, without its indentation; undefined: the line has none. */
function partOfValue(text: string, line: Extent, value: ShownValue): Extent | undefined {
  if (value.from > line.to || value.to < line.from) return undefined;
  const { from, to } = clip(value, line);
  const part = text.slice(from, to);
  const begin = value.from >= line.from ? from : from + part.length - part.trimStart().length;
  const end = from + part.trimEnd().length;
  return end > begin || value.from >= line.from ? { from: begin, to: Math.max(begin, end) } : undefined;
}

interface OwnPart {
  readonly own: Extent;
  readonly near: Parts;
  readonly always: readonly Extent[];
  readonly value: ShownValue;
}

/** What is shown of the value because a finding is about it. Of an object, nothing is. */
function valueParts(text: string, { own, near, always, value }: OwnPart): readonly Extent[] {
  const scalar = near.find((part) => part.scalar !== undefined && part.from <= own.from && part.to >= own.to)?.scalar;
  if (scalar === undefined && always.some((part) => part.from < own.to && part.to > own.from)) return [];
  const isPrivate = value.isPrivate || scalar?.isPrivate !== false || text.slice(value.from, value.to).includes('\n');
  const parts = shownParts(text.slice(own.from, own.to), { image: value.image, isPrivate });
  return parts.map(({ from, to }) => ({ from: own.from + from, to: own.from + to }));
}

interface Piece extends Extent {
  readonly isShown: boolean;
}

/** The line in pieces, which also end where the value begins and ends. */
function pieces(line: Extent, shown: readonly Extent[], own: Extent | undefined): readonly Piece[] {
  const all: Piece[] = [];
  let at = line.from;
  const add = (to: number, isShown: boolean): void => {
    const cuts = own === undefined ? [] : [own.from, own.to].filter((cut) => cut > at && cut < to);
    for (const cut of [...cuts, to]) {
      if (cut > at) all.push({ from: at, to: cut, isShown });
      at = Math.max(at, cut);
    }
  };
  for (const { from, to } of shown) {
    add(from, false);
    add(to, true);
  }
  add(line.to, false);
  return all;
}

/** Blanks stay, so that the text keeps its place; a comment stays recognizable. */
function hidden(text: string): string {
  const content = text.trim();
  if (content === '') return text;
  const lead = text.slice(0, text.length - text.trimStart().length);
  return `${lead}${content.startsWith('#') ? `# ${CUT}` : CUT}${text.slice(text.trimEnd().length)}`;
}

function partsWithin(parts: Parts, { from, to }: Extent): readonly Part[] {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((parts[middle]?.from ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  const first = low;
  while (low < parts.length && (parts[low]?.from ?? to) < to) low += 1;
  // A scalar over several lines begins before them.
  return parts.slice(Math.max(0, first - 1), low).filter((part) => part.to > from && part.from < to);
}
