/** What is wrong with a YAML text, in words for the person who wrote it. */
import { MAX_DEPTH } from './json.ts';

export const MISPLACED = 'this does not fit here: look at the indentation, and put a text with ": " in it in quotes';
export const TOO_DEEP = `maps and lists are nested more than ${MAX_DEPTH} deep`;

export const STRAY = 'kubectl takes nothing but a comment after "---": start a new line';
export const IGNORED = 'kubectl ignores what follows here: start a new document with a line "---"';

export interface Problem {
  /** From the start of the document's text. */
  readonly offset: number;
  /** A sentence fragment. */
  readonly problem: string;
}

/** Ends the reading of a document; never leaves it. */
export class Refusal extends Error {
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(problem);
    this.name = 'Refusal';
    this.offset = offset;
  }
}

const CONTROL = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x84\x86-\x9F\uFFFE\uFFFF]/;
/** go-yaml ends a line at these, most editors and other parsers do not: what one person reviews another one runs. */
const HIDDEN_LINE_BREAK = /[\x85\u2028\u2029]/;
const MARK_AT_LINE_START = /(?<=^|[\r\n])\uFEFF/;
const ODD = new RegExp(`${CONTROL.source}|${HIDDEN_LINE_BREAK.source}`);

export function oddCharacterIn(text: string): Problem | undefined {
  const found = ODD.exec(text);
  if (found !== null) {
    const [character] = found;
    const code = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    const problem = HIDDEN_LINE_BREAK.test(character)
      ? `the invisible character ${code}, which kubectl takes for the end of a line: remove it`
      : `the control character ${code}, which YAML does not allow`;
    return { offset: found.index, problem };
  }
  const mark = MARK_AT_LINE_START.exec(text);
  // go-yaml's scanner looks for it in a wrong place: sometimes it is a letter, sometimes it takes other letters with it.
  if (mark !== null)
    return { offset: mark.index, problem: 'an invisible byte order mark (U+FEFF) at the start of a line: remove it' };
  if (text.isWellFormed()) return undefined;
  return { offset: text.search(/\p{Surrogate}/u), problem: 'half of a character (a lone UTF-16 surrogate)' };
}
