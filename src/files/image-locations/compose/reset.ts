/** Values that a Compose file removes from the files that it is merged with. */
import type { DocumentContext } from '../document-context.ts';

/** `!reset` removes the value from another file and ignores its own value. */
export function isReset({ text, document }: DocumentContext, pointer: string): boolean {
  const { offset } = document.positionOf(pointer);
  return /!reset\s+(?:&\S+\s+)?$/.test(text.slice(Math.max(0, offset - 200), offset));
}
