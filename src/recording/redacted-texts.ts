/** Compares texts of a recording, in which removed values can be missing, with texts of today. */
import { MARKER } from './redact/secret-texts.ts';

/** Reports whether a recorded text is the same, except for what was removed from it. */
export function isSameText(recorded: string | undefined, text: string | undefined): boolean {
  if (recorded === text) return true;
  if (recorded === undefined || text === undefined) return false;
  if (recorded.includes(MARKER) && fits(recorded, text)) return true;
  return HAS_REPLACED.test(recorded) && (isCutOf(recorded, text) || isCutOf(text, recorded));
}

/** Values were removed, and user names replaced by hashes, after the server had cut the text. */
const HAS_REPLACED = /\[redacted\]|\buser-[0-9a-f]{8,}\b/;
const CUT = '…';

/** The start of the other text before the cut, and its end. */
function isCutOf(cut: string, text: string): boolean {
  const at = cut.lastIndexOf(CUT);
  return at >= 0 && text.startsWith(cut.slice(0, at)) && text.slice(at).endsWith(cut.slice(at + CUT.length));
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
