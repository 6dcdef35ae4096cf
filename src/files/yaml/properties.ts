/** Scans anchors, aliases, and tags. */
import { Refusal } from './problems.ts';
import { BLANK_OR_END, classOf, EXCLAMATION, GREATER, IN_TAG, LESS, NAME } from './characters.ts';
import { type Cursor, TOKEN, type Token } from './cursor.ts';

/** Characters that can directly follow the name of an anchor or alias. */
const BEHIND_NAME = '?:,]}%@`';

export function anchorOrAlias(cursor: Cursor, kind: typeof TOKEN.anchor | typeof TOKEN.alias): Token {
  const { text, at } = cursor;
  cursor.at += 1;
  const name = nameAt(cursor);
  if (name === '') throw new Refusal('the name after "&" or "*" is missing', at);
  const next = text.charAt(cursor.at);
  if (!isBlankOrEnd(cursor) && !BEHIND_NAME.includes(next))
    throw new Refusal(
      'the name after "&" or "*" can contain only letters, digits, "-", and "_"; quote strings with other characters',
      at,
    );
  return { kind, at, text: name, plain: false };
}

function nameAt(cursor: Cursor): string {
  const from = cursor.at;
  while ((classOf(cursor.text.charCodeAt(cursor.at)) & NAME) !== 0) cursor.at += 1;
  return cursor.text.slice(from, cursor.at);
}

function isBlankOrEnd({ text, at }: Cursor): boolean {
  return (classOf(text.charCodeAt(at)) & BLANK_OR_END) !== 0;
}

export const STANDARD = 'tag:yaml.org,2002:';

/** Expands tags: `!!str` and `!<tag:yaml.org,2002:str>` become equal, `!` is unchanged; '' for an undeclared handle. */
export function tag(cursor: Cursor): Token {
  const { text, at } = cursor;
  cursor.at += 1;
  const full = text.charCodeAt(cursor.at) === LESS ? verbatim(cursor, at) : shorthand(cursor, at);
  if (!isBlankOrEnd(cursor)) throw malformed(at);
  return { kind: TOKEN.tag, at, text: full, plain: false };
}

export function malformed(at: number): Refusal {
  return new Refusal('malformed tag (!name)', at);
}

function verbatim(cursor: Cursor, start: number): string {
  cursor.at += 1;
  const uri = uriAt(cursor, start);
  if (uri === '' || cursor.text.charCodeAt(cursor.at) !== GREATER) throw malformed(start);
  cursor.at += 1;
  return uri;
}

function shorthand(cursor: Cursor, start: number): string {
  const name = nameAt(cursor);
  if (cursor.text.charCodeAt(cursor.at) !== EXCLAMATION) return `!${name}${uriAt(cursor, start)}`;
  cursor.at += 1;
  const uri = uriAt(cursor, start);
  // Other handles would have to be declared with %TAG, before a "---": kubectl has split the file there.
  if (uri === '') throw malformed(start);
  return name === '' ? STANDARD + uri : '';
}

function uriAt(cursor: Cursor, start: number): string {
  const from = cursor.at;
  while ((classOf(cursor.text.charCodeAt(cursor.at)) & (NAME | IN_TAG)) !== 0) cursor.at += 1;
  const uri = cursor.text.slice(from, cursor.at);
  if (!uri.includes('%')) return uri;
  try {
    return decodeURIComponent(uri);
  } catch (error) {
    if (error instanceof URIError) throw malformed(start);
    throw error;
  }
}
