/** Messages for problems of YAML texts. */
import { MAX_DEPTH } from './json.ts';

export const MISPLACED = 'unexpected content; check the indentation, and quote strings that contain ": "';
export const TOO_DEEP = `maps and lists are nested more than ${MAX_DEPTH} deep`;

export const STRAY = 'kubectl accepts only a comment after "---"; start a new line';
export const IGNORED = 'kubectl ignores the text after "..."; start a new document with a line "---"';

export interface Problem {
  /** Offset from the start of the document's text. */
  readonly offset: number;
  /** A sentence fragment. */
  readonly problem: string;
  /** Offset of a bracket whose end was expected; its position ends the message. */
  readonly bracketAt?: number | undefined;
  /** A template expression causes it. */
  readonly isTemplate?: true;
}

/** Ends the parsing of a document; caught inside the parser. */
export class Refusal extends Error {
  readonly offset: number;
  readonly bracketAt: number | undefined;

  constructor(problem: string, offset: number, bracketAt?: number) {
    super(problem);
    this.name = 'Refusal';
    this.offset = offset;
    this.bracketAt = bracketAt;
  }
}

const CONTROL = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x84\x86-\x9F\uFFFE\uFFFF]/;
/** go-yaml ends a line at these characters, unlike most editors and parsers, so a reviewed text can differ from the parsed text. */
const HIDDEN_LINE_BREAK = /[\x85\u2028\u2029]/;
const MARK_AT_LINE_START = /(?<=^|[\r\n])\uFEFF/;
const ODD = new RegExp(`${CONTROL.source}|${HIDDEN_LINE_BREAK.source}`);

export function oddCharacterIn(text: string): Problem | undefined {
  const found = ODD.exec(text);
  if (found !== null) {
    const [character] = found;
    const code = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    const problem = HIDDEN_LINE_BREAK.test(character)
      ? `the invisible character ${code} ends a line for kubectl; remove it`
      : `the control character ${code} is not allowed in YAML`;
    return { offset: found.index, problem };
  }
  const mark = MARK_AT_LINE_START.exec(text);
  // go-yaml's scanner expects it elsewhere: sometimes it becomes a letter, sometimes it removes other letters.
  if (mark !== null)
    return { offset: mark.index, problem: 'invisible byte order mark (U+FEFF) at the start of a line; remove it' };
  if (text.isWellFormed()) return undefined;
  return { offset: text.search(/\p{Surrogate}/u), problem: 'half of a character (lone UTF-16 surrogate)' };
}
