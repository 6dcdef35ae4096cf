/**
 * Parses YAML and JSON texts to values with positions. The values are those that kubectl would send; schema.ts and scalar-values.ts
 * list the differences from other YAML parsers. Numbers are JavaScript's: integers beyond 2^53 lose digits.
 */
import { piecesOf } from './documents.ts';
import { outlineJson } from './json.ts';
import { createOutline, lineTable, locate, type Outline, type Position } from './positions.ts';
import { messageIn } from './program-output.ts';
import { templateFault } from './templates.ts';
import { IGNORED, oddCharacterIn, type Problem, Refusal, STRAY } from './problems.ts';
import { parseText } from './parser.ts';
import { type RepeatedKey, repeatedKeysIn } from './repeated-keys.ts';
import { readEvents, type ReadYaml } from './schema.ts';

export type { Position } from './positions.ts';

/**
 * `index` is the zero-based number of the document in the file, without documents that have no value (blank, comments, `null`).
 * `line` is the line of the value or of the problem.
 */
export type ParsedDocument =
  | {
      readonly ok: true;
      readonly index: number;
      readonly line: number;
      readonly value: unknown;
      /**
       * Position of the value at an RFC 6901 pointer, or of its nearest existing parent. A value from an alias or a merge key is
       * at its own text.
       */
      positionOf(pointer: string): Position;
      /** The same for the key of the value; for an item of a list, the item. */
      keyPositionOf(pointer: string): Position;
      /** Keys that are repeated in a map; the last one is used. */
      repeatedKeys(): readonly RepeatedKey[];
    }
  | {
      readonly ok: false;
      readonly index: number;
      readonly line: number;
      readonly column: number;
      /** A sentence fragment. */
      readonly problem: string;
    };

/** A document that could be parsed. */
export type ValidDocument = Extract<ParsedDocument, { readonly ok: true }>;

interface File {
  readonly text: string;
  readonly positionAt: (offset: number) => Position;
  /** The outline of all YAML documents in the file. */
  readonly outline: Outline;
  readonly documents: ParsedDocument[];
}

/** Never throws; takes time proportional to the length of the text. */
export function parseDocuments(text: string): readonly ParsedDocument[] {
  const file: File = { text, positionAt: lineTable(text), outline: createOutline(), documents: [] };
  for (const piece of piecesOf(text)) {
    if (piece.kind === 'yaml') addYaml(file, piece.from, piece.to);
    else if (piece.kind === 'json') addJson(file, piece.from, piece.value);
    else addProblem(file, piece.from, { offset: 0, problem: piece.kind === 'stray' ? STRAY : IGNORED });
  }
  return file.documents;
}

/** `from`: the offset of the document. */
function addProblem({ documents, positionAt }: File, from: number, { offset, problem, bracketAt }: Problem): void {
  const { line, column } = positionAt(from + offset);
  const bracket = bracketAt === undefined ? undefined : positionAt(from + bracketAt);
  const place = bracket === undefined ? '' : ` at ${bracket.line}:${bracket.column}`;
  documents.push({ ok: false, index: documents.length, line, column, problem: `${problem}${place}` });
}

type Find = (pointer: string, of: 'key' | 'value') => number;

/** The outline of the document, and its row there. */
type LazyOutline = () => readonly [outline: Outline, root: number];

function addValue({ documents, positionAt }: File, value: unknown, find: Find, outlined: LazyOutline): void {
  documents.push({
    ok: true,
    index: documents.length,
    line: positionAt(find('', 'value')).line,
    value,
    positionOf: (pointer) => positionAt(find(pointer, 'value')),
    keyPositionOf: (pointer) => positionAt(find(pointer, 'key')),
    repeatedKeys: () => repeatedKeysIn(...outlined(), positionAt),
  });
}

/** JSON.parse reports no positions, and most documents need none, so the first lookup creates the outline. */
function addJson(file: File, from: number, value: unknown): void {
  let outline: Outline | undefined;
  const find: Find = (pointer, of) => {
    if (pointer === '') return from;
    outline ??= outlineJson(file.text, from);
    return locate(outline, 0, pointer, of);
  };
  // Not stored: every document is checked for repeated keys, and most need nothing else.
  addValue(file, value, find, () => [outline ?? outlineJson(file.text, from), 0]);
}

function addYaml(file: File, from: number, to: number): void {
  const { outline } = file;
  const { root, problem } = readYaml(file.text.slice(from, to), from, outline);
  if (root !== undefined) {
    const find: Find = (pointer, of) => locate(outline, root.row, pointer, of);
    addValue(file, root.value, find, () => [outline, root.row]);
  }
  if (problem !== undefined) addProblem(file, from, problem);
}

function readYaml(text: string, base: number, outline: Outline): ReadYaml {
  const odd = oddCharacterIn(text);
  if (odd !== undefined) return { root: undefined, problem: odd };
  try {
    const { root, problem } = readEvents(parseText(text), base, outline);
    return { root, problem: problem && (templateFault(text, problem.offset, faultIn) ?? problem) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const fault = { offset: error.offset, problem: error.message, bracketAt: error.bracketAt };
    return {
      root: undefined,
      problem: templateFault(text, fault.offset, faultIn) ?? messageIn(text) ?? fault,
    };
  }
}

function faultIn(text: string): number | undefined {
  try {
    return readEvents(parseText(text), 0, createOutline()).problem?.offset;
  } catch (error) {
    if (error instanceof Refusal) return error.offset;
    throw error;
  }
}
