/** `<<NAME` in a line, and the lines up to NAME that are its body. */
import { type TracedText, textAt } from '../traced-text.ts';
import { lex } from './lexer.ts';
import { type Lines, take } from './lines.ts';

export interface HereDocument {
  /** The line that ends it. */
  readonly name: string;
  /** `<<-`: that line may be indented with tabs. */
  readonly indented: boolean;
}

/** Here the escape is a backslash, whatever the directive says. */
const LINE = { escape: '\\', raw: true, variable: undefined };
const NAME = { escape: '\\', raw: false, variable: undefined };
const MARKER = /^\d*<<(-?)[\t\n\f\r ]*([^<]*)$/;

/** A marker is a word of its own. A line that is no shell words, such as one with an open quote, has none. */
export function hereDocumentsOf(line: TracedText): readonly HereDocument[] {
  if (!line.text.includes('<<')) return [];
  const lexed = lex(line, LINE);
  return lexed.ok ? lexed.words.flatMap(hereDocumentOf) : [];
}

function hereDocumentOf(word: TracedText): readonly HereDocument[] {
  const [, dash, written = ''] = MARKER.exec(word.text) ?? [];
  const name = lex(textAt(written), NAME);
  const [only, ...others] = name.ok ? name.words : [];
  return only === undefined || others.length > 0 ? [] : [{ name: only.text, indented: dash === '-' }];
}

/** One body behind the other. The first that nothing ends, or undefined. */
export function skipHereDocuments(lines: Lines, documents: readonly HereDocument[]): HereDocument | undefined {
  return documents.find((document) => !skipBody(lines, document));
}

function skipBody(lines: Lines, { name, indented }: HereDocument): boolean {
  for (let line = take(lines); line !== undefined; line = take(lines)) {
    const text = indented ? line.text.replace(/^\t+/, '') : line.text;
    if (text === name) return true;
  }
  return false;
}
