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
      /** A template expression causes the problem. */
      readonly isTemplate: boolean;
    };

/** A document that could be parsed. */
export type ValidDocument = Extract<ParsedDocument, { readonly ok: true }>;

interface File {
  readonly text: string;
  readonly positionAt: (offset: number) => Position;
  /** The number of documents so far. */
  documents: number;
}

/** Never throws; takes time proportional to the length of the text. */
export function parseDocuments(text: string): readonly ParsedDocument[] {
  return [...documentsIn(text)];
}

/** The same, one document at a time. */
export function* documentsIn(text: string): Generator<ParsedDocument> {
  const file: File = { text, positionAt: lineTable(text), documents: 0 };
  for (const piece of piecesOf(text)) {
    if (piece.kind === 'yaml') yield* yamlIn(file, piece.from, piece.to);
    else if (piece.kind === 'json') yield jsonIn(file, piece.from, piece.value);
    else yield problemIn(file, piece.from, { offset: 0, problem: piece.kind === 'stray' ? STRAY : IGNORED });
  }
}

/** `from`: the offset of the document. */
function problemIn(file: File, from: number, found: Problem): ParsedDocument {
  const { positionAt } = file;
  const { offset, problem, bracketAt, isTemplate = false } = found;
  const { line, column } = positionAt(from + offset);
  const bracket = bracketAt === undefined ? undefined : positionAt(from + bracketAt);
  const place = bracket === undefined ? '' : ` at ${bracket.line}:${bracket.column}`;
  return { ok: false, index: file.documents++, line, column, problem: `${problem}${place}`, isTemplate };
}

type Find = (pointer: string, of: 'key' | 'value') => number;

/** The outline of the document, and its row there. */
type LazyOutline = () => readonly [outline: Outline, root: number];

function documentOf(file: File, value: unknown, find: Find, outlined: LazyOutline): ParsedDocument {
  const { positionAt } = file;
  return {
    ok: true,
    index: file.documents++,
    line: positionAt(find('', 'value')).line,
    value,
    positionOf: (pointer) => positionAt(find(pointer, 'value')),
    keyPositionOf: (pointer) => positionAt(find(pointer, 'key')),
    repeatedKeys: () => repeatedKeysIn(...outlined(), positionAt),
  };
}

/** JSON.parse reports no positions, and most documents need none, so the first lookup creates the outline. */
function jsonIn(file: File, from: number, value: unknown): ParsedDocument {
  let outline: Outline | undefined;
  const find: Find = (pointer, of) => {
    if (pointer === '') return from;
    outline ??= outlineJson(file.text, from);
    return locate(outline, 0, pointer, of);
  };
  // Not stored: every document is checked for repeated keys, and most need nothing else.
  return documentOf(file, value, find, () => [outline ?? outlineJson(file.text, from), 0]);
}

/** Yields a value, a problem, or both. */
function* yamlIn(file: File, from: number, to: number): Generator<ParsedDocument> {
  const outline = createOutline();
  const { root, problem } = readYaml(file.text.slice(from, to), from, outline);
  if (root !== undefined) {
    const find: Find = (pointer, of) => locate(outline, root.row, pointer, of);
    yield documentOf(file, root.value, find, () => [outline, root.row]);
  }
  if (problem !== undefined) yield problemIn(file, from, problem);
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
