/** Other people's text in our sentences, where quotes around it would be in the way. */
import { quoteValue } from '../image/quote.ts';

/** On one line, nothing invisible in it, cut when long. */
export function plainWords(text: string, max: number): string {
  return quoteValue(text.trim(), max)
    .slice(1, -1)
    .replace(/\\(["\\])/g, '$1');
}

/** `column 7`, or `line 2, column 7` where there are several. */
export function placeIn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  const column = (lines.at(-1)?.length ?? 0) + 1;
  return text.trimEnd().includes('\n') ? `line ${lines.length}, column ${column}` : `column ${column}`;
}
