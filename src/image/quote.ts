/** Formats values from users in messages: quoted, on one line, shortened, without invisible characters. */

/**
 * Control, format (including bidi and zero-width), surrogate, private, and unassigned characters, line separators, and all
 * spaces except U+0020, which terminals, log viewers, and readers can misinterpret.
 */
export const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

const UNPRINTABLE = new RegExp(`${INVISIBLE.source}|["\\\\]`, 'u');

/**
 * Azure Pipelines runs `##vso[…]` as a command wherever it is in a line, and GitHub Actions `##[…]`. The second of two `#` is
 * escaped.
 */
const COMMAND = '##';

/** Fast path for nearly all values, at a tenth of the cost. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Marks the end of a shortened value. */
export const CUT = '…';

/** Returns `"text"` with special characters as `\u....`, and with `…` after `max` characters. */
export function quoteValue(text: string, max = 200): string {
  if (text.length <= max && (PLAIN.test(text) || !UNPRINTABLE.test(text)) && !text.includes(COMMAND))
    return `"${text}"`;
  let shown = '';
  for (const character of text) {
    const escaped = escapeAfter(shown, character);
    if (shown.length + escaped.length > max) return `"${shown}${CUT}"`;
    shown += escaped;
  }
  return `"${shown}"`;
}

/** Returns text from a cluster on one line: whitespace as single spaces, other invisible characters as `\u....`, at most `max`. */
export function printable(text: string, max: number): string {
  if (text.length <= max && isOneLine(text) && !text.includes(COMMAND)) return text;
  // Joined at the end: a text that grows by characters keeps a piece of memory for each of them.
  const shown: string[] = [];
  let length = 0;
  // A character of the result can take several of the text, but no whole message of megabytes is read.
  for (const character of text
    .slice(0, 4 * max)
    .replace(/[\t\n\v\f\r ]+/g, ' ')
    .trim()) {
    const escaped = /["\\]/.test(character) ? character : escapeAfter(shown.at(-1) ?? '', character);
    length += escaped.length;
    if (length > max) return [...shown, CUT].join('');
    shown.push(escaped);
  }
  return [...shown, ...(text.length > 4 * max ? [CUT] : [])].join('');
}

function isOneLine(text: string): boolean {
  return /^[ -~]*$/.test(text) && !text.includes('  ') && text.trim() === text;
}

/** Returns the text with invisible characters as `\u....`. */
export function escapeUnprintable(text: string): string {
  let shown = '';
  for (const character of text) shown += /["\\]/.test(character) ? character : escapeAfter(shown, character);
  return shown;
}

/** Returns a text of many lines, or of an author, without the commands of pipelines. */
export function withoutCommands(text: string): string {
  return text.includes(COMMAND) ? text.replaceAll('##', '#\\u0023') : text;
}

function escapeAfter(shown: string, character: string): string {
  return character === '#' && shown.endsWith('#') ? escapeUnit(character.charCodeAt(0)) : escapeCharacter(character);
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  if (!UNPRINTABLE.test(character)) return character;
  return Array.from({ length: character.length }, (_, index) => escapeUnit(character.charCodeAt(index))).join('');
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/** Quotes an argument of a command that users copy into a shell. */
export function shellWord(text: string): string {
  return /^[\w.:/@=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
