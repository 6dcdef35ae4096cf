/**
 * YAML and JSON text -> values, with the place of every value. Values are what kubectl would send; the differences from
 * YAML as others read it are in yaml-schema.ts and scalars.ts. Numbers are JavaScript's: integers beyond 2^53 lose digits.
 */
import { piecesOf } from './documents.ts';
import { outlineJson } from './json.ts';
import { createOutline, lineTable, locate, type Outline, type Position } from './positions.ts';
import { messageIn } from './program-output.ts';
import { templateFault } from './templates.ts';
import { IGNORED, oddCharacterIn, Refusal, STRAY } from './problems.ts';
import { parseText } from './parser.ts';
import { type RepeatedKey, repeatedKeysIn } from './repeated-keys.ts';
import { readEvents, type ReadYaml } from './schema.ts';

export type { Position } from './positions.ts';

/**
 * `index` counts the documents of a file from 0; documents without a value (blank, comments, `null`) are not there and
 * do not count. `line` is where the value starts, or what is wrong.
 */
export type ParsedDocument =
  | {
      readonly ok: true;
      readonly index: number;
      readonly line: number;
      readonly value: unknown;
      /**
       * Of the value at an RFC 6901 pointer, or of its nearest parent that is there. What came through an alias or a merge
       * key is where its text stands.
       */
      positionOf(pointer: string): Position;
      /** The same for the key of the value; for an item of a list, the item. */
      keyPositionOf(pointer: string): Position;
      /** Keys that stand more than once in one map: the last one counts. */
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
  /** Of all YAML documents of the file. */
  readonly outline: Outline;
  readonly documents: ParsedDocument[];
}

/** Never throws, whatever the text; takes time in proportion to its length. */
export function parseDocuments(text: string): readonly ParsedDocument[] {
  const file: File = { text, positionAt: lineTable(text), outline: createOutline(), documents: [] };
  for (const piece of piecesOf(text)) {
    if (piece.kind === 'yaml') addYaml(file, piece.from, piece.to);
    else if (piece.kind === 'json') addJson(file, piece.from, piece.value);
    else addProblem(file, piece.from, piece.kind === 'stray' ? STRAY : IGNORED);
  }
  return file.documents;
}

function addProblem({ documents, positionAt }: File, offset: number, problem: string): void {
  const { line, column } = positionAt(offset);
  documents.push({ ok: false, index: documents.length, line, column, problem });
}

type Find = (pointer: string, of: 'key' | 'value') => number;

/** The outline of the document, and its row there. */
type Outlined = () => readonly [outline: Outline, root: number];

function addValue({ documents, positionAt }: File, value: unknown, find: Find, outlined: Outlined): void {
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

/** JSON.parse says nothing about places, and mostly nobody asks: the first question makes the outline. */
function addJson(file: File, from: number, value: unknown): void {
  let outline: Outline | undefined;
  const find: Find = (pointer, of) => {
    if (pointer === '') return from;
    outline ??= outlineJson(file.text, from);
    return locate(outline, 0, pointer, of);
  };
  // Not kept: of every document this is asked, and of most nothing else.
  addValue(file, value, find, () => [outline ?? outlineJson(file.text, from), 0]);
}

function addYaml(file: File, from: number, to: number): void {
  const { outline } = file;
  const { root, problem } = readYaml(file.text.slice(from, to), from, outline);
  if (root !== undefined) {
    const find: Find = (pointer, of) => locate(outline, root.row, pointer, of);
    addValue(file, root.value, find, () => [outline, root.row]);
  }
  if (problem !== undefined) addProblem(file, from + problem.offset, problem.problem);
}

function readYaml(text: string, base: number, outline: Outline): ReadYaml {
  const odd = oddCharacterIn(text);
  if (odd !== undefined) return { root: undefined, problem: odd };
  try {
    const { root, problem } = readEvents(parseText(text), base, outline);
    return { root, problem: problem && (templateFault(text, problem.offset, faultIn) ?? problem) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const fault = { offset: error.offset, problem: error.message };
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
