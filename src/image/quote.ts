/** How values of other people appear in our messages: in quotes, on one line, cut when long, nothing invisible in them. */

// Control, format (bidi and zero width among them), surrogate, private and unassigned characters, line separators, and
// every space but the plain one: a terminal, a log viewer or a reader would take them for something else.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}|["\\]/u;

/** Nearly every value is of these alone, and to see that costs a tenth. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Stands where the rest of a long value is left out. */
export const CUT = '…';

/** `"text"`, special characters as `\u....`, at most `max` characters between the quotes and then `…`. */
export function quoteValue(text: string, max = 200): string {
  if (text.length <= max && (PLAIN.test(text) || !UNPRINTABLE.test(text))) return `"${text}"`;
  let shown = '';
  for (const character of text) {
    const escaped = escapeCharacter(character);
    if (shown.length + escaped.length > max) return `"${shown}${CUT}"`;
    shown += escaped;
  }
  return `"${shown}"`;
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  if (!UNPRINTABLE.test(character)) return character;
  return Array.from({ length: character.length }, (_, index) => escapeUnit(character.charCodeAt(index))).join('');
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
