/** What is wrong with a YAML text, in words for the person who wrote it. */

/** js-yaml's reasons -> ours. A reason that is not here is passed on: better a bare word than a wrong one. */
const WORDING: readonly (readonly [RegExp, string])[] = [
  [/^tab characters must not/, 'a tab cannot indent here: use spaces'],
  [
    /^bad indentation of a mapping entry/,
    'this does not fit here: look at the indentation, and put a text with ": " in it in quotes',
  ],
  [/^bad indentation of a sequence entry/, 'this does not fit here: look at the indentation of the list'],
  [/^nesting exceeded/, 'maps and lists are nested more than 100 deep'],
  [/within a (single|double) quoted scalar/, 'a quote is never closed'],
  [/within a flow collection/, 'a "{" or "[" is never closed'],
  [/^missed comma/, 'expected "," or the end of the list or map'],
  [/^expected the node content, but found ','/, 'expected a value before ","'],
  [/^expected ':' after a mapping key/, 'expected "key: value": there is no ":" after the key'],
  [/a multiline key may not be/, 'expected "key: value": there is no ":" after the key'],
  [/^a whitespace character is expected after the key-value separator/, 'expected a space after ":"'],
  [/^end of the stream or a document separator/, 'expected the end of the document: this belongs to no key above'],
  [
    /^unknown escape sequence|^expected hexadecimal/,
    'unknown escape after "\\" in double quotes: write "\\\\" for a backslash',
  ],
  [/^expected valid JSON character/, 'a control character must be escaped'],
  [/^directives end mark|directive/, 'kubectl reads no "%" lines: remove it'],
  [/^alias node should not/, 'an alias (*name) cannot have an anchor or a tag'],
  [/^name of an (anchor|alias)/, 'the name after "&" or "*" is missing'],
  [/^duplication of (a|an) (tag|anchor) property/, 'a value has two anchors or two tags'],
  [/^undeclared tag handle|^tag |^named tag|verbatim tag/, 'this tag (!name) is malformed'],
  [
    /block scalar|^repeat of|^a line break is expected/,
    'the line of "|" or ">" takes only an indentation digit, "+" or "-" and a comment',
  ],
];

/** A sentence fragment. Templates are what people most often take for manifests. */
export function wordsFor(reason: string, text: string): string {
  const words = WORDING.find(([pattern]) => pattern.test(reason))?.[1] ?? reason;
  return text.includes('{{') ? `${words} (a Helm template? Render it first: helm template)` : words;
}

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
  if (text.isWellFormed()) return undefined;
  return { offset: text.search(/\p{Surrogate}/u), problem: 'half of a character (a lone UTF-16 surrogate)' };
}
