/** Formats text from users for messages without quotes. */
import { quoteValue } from '../image/quote.ts';

/** Returns one line without invisible characters, cut to `max` characters. */
export function plainWords(text: string, max: number): string {
  return quoteValue(text.trim(), max)
    .slice(1, -1)
    .replace(/\\(["\\])/g, '$1');
}

/** `column 7`, or `line 2, column 7` if the text has several lines. */
export function placeIn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  const column = (lines.at(-1)?.length ?? 0) + 1;
  return text.trimEnd().includes('\n') ? `line ${lines.length}, column ${column}` : `column ${column}`;
}
