/** The text of a YAML or JSON scalar, with the offset of each character in the file. */
import type { DocumentContext } from './document-context.ts';
import { spanOf } from './edit-target.ts';
import { joined, untraced, type TracedText, textAt } from './traced-text.ts';

/** The characters of folded or escaped text have no offsets. */
export function writtenAt({ text, document }: DocumentContext, pointer: string, value: string): TracedText {
  const { offset, column } = document.positionOf(pointer);
  const span = spanOf(text, offset, value);
  if (span?.literal) return textAt(value, span.from);
  return blockAt(text, { offset, indent: column - 1 }, value) ?? untraced(value);
}

interface Block {
  /** Offset of the first letter. */
  readonly offset: number;
  readonly indent: number;
}

/** Maps a block scalar (`|`): its lines without the common indentation. */
function blockAt(text: string, { offset, indent }: Block, value: string): TracedText | undefined {
  const empty = /^\n*/.exec(value)?.[0] ?? '';
  const lines: TracedText[] = [untraced(empty)];
  let at = offset;
  for (const line of value.slice(empty.length).split(/(?<=\n)/)) {
    const content = line.replace(/\n$/, '');
    const found = text.indexOf('\n', at);
    const end = found === -1 ? text.length : found;
    if (text.slice(at, end).replace(/\r$/, '').trimEnd() !== content.trimEnd()) return undefined;
    lines.push(textAt(content, at), { text: line.slice(content.length), offsets: line.endsWith('\n') ? [end] : [] });
    at = end + 1 + (isBlank(text, end + 1) ? 0 : indent);
  }
  return joined(lines);
}

function isBlank(text: string, from: number): boolean {
  return /^[ \t]*\r?(?:\n|$)/.test(text.slice(from, text.indexOf('\n', from) + 1 || text.length));
}
