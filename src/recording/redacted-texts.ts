/** Compares texts of a recording, in which removed values can be missing, with texts of today. */
import { MARKER } from './redact/secret-texts.ts';

/** Reports whether a recorded text is the same, except for what was removed from it. */
export function isSameText(recorded: string | undefined, text: string | undefined): boolean {
  if (recorded === text) return true;
  return recorded !== undefined && text !== undefined && recorded.includes(MARKER) && fits(recorded, text);
}

/** The pieces between removed values, in their order. */
function fits(recorded: string, text: string): boolean {
  const pieces = recorded.split(MARKER);
  const [head = ''] = pieces;
  const tail = pieces.at(-1) ?? '';
  const end = text.length - tail.length;
  if (!text.startsWith(head) || !text.endsWith(tail)) return false;
  let from = head.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, from);
    if (found < 0) return false;
    from = found + piece.length;
  }
  return from <= end;
}
