/** Here-documents: `<<NAME` in a line, with the lines up to NAME as the body. */
import { type TracedText, textAt } from '../traced-text.ts';
import { lex } from './lexer.ts';
import { type Lines, take } from './lines.ts';

export interface HereDocument {
  /** The line that ends it. */
  readonly name: string;
  /** `<<-`: that line may be indented with tabs. */
  readonly indented: boolean;
}

/** The escape is always a backslash here, even if a directive changes it. */
const LINE = { escape: '\\', raw: true, variable: undefined };
const NAME = { escape: '\\', raw: false, variable: undefined };
const MARKER = /^\d*<<(-?)[\t\n\f\r ]*([^<]*)$/;

/** A marker is a separate word. A line that is not valid shell, for example with an unclosed quote, has no markers. */
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

/** Skips the bodies in order. Returns the first here-document that is not closed, or undefined. */
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
