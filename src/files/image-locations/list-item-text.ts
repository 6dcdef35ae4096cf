/** Finds the text of a list item, for its removal from a YAML or JSON list. */
import type { EditTarget } from '../../pinning/image-location.ts';
import type { DocumentContext } from './document-context.ts';
import { closingQuote } from './edit-target.ts';

/** Creates the target that removes an item, which is not the first one, with its line or comma. Comments and anchors stay. */
export function removeItem({ text, document }: DocumentContext, pointer: string): EditTarget {
  const list = document.positionOf(pointer.slice(0, pointer.lastIndexOf('/'))).offset;
  const { offset } = document.positionOf(pointer);
  const range = text.charAt(list) === '[' ? flowItem(text, offset) : blockItem(text, offset);
  if (range === undefined || /[#&]/.test(text.slice(range.from, range.to))) return NOT_REMOVABLE;
  return { ok: true, ...range, before: '', after: '' };
}

const NOT_REMOVABLE: EditTarget = {
  ok: false,
  reason: 'the repeated entry has a comment or an anchor (&name), or is not on lines of its own; remove it by hand',
};

interface Range {
  readonly from: number;
  readonly to: number;
}

/** `, {a: 1}` with the comma in front; undefined also if a comment is beside it. */
function flowItem(text: string, offset: number): Range | undefined {
  const from = lastInk(text, offset);
  const to = closingBracket(text, offset);
  if (text.charAt(from) !== ',' || to === undefined) return undefined;
  return /^[ \t]*,?[ \t]*#/.test(text.slice(to, lineEnd(text, to))) ? undefined : { from, to };
}

/** Returns the offset after the bracket that closes the one at `offset`. */
function closingBracket(text: string, offset: number): number | undefined {
  let depth = 0;
  for (let at = offset; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"' || character === "'") at = closingQuote(text, at + 1, character);
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth === 0) return character === '}' ? at + 1 : undefined;
  }
  return undefined;
}

/** The lines of the item; undefined also if the line in front is a comment, which can be about it. */
function blockItem(text: string, offset: number): Range | undefined {
  const dash = lastInk(text, offset);
  const start = lineStart(text, dash);
  const indent = dash - start;
  const before = lastInk(text, start);
  if (text.charAt(dash) !== '-' || !/^ *$/.test(text.slice(start, dash))) return undefined;
  if (/^[ \t]*#/.test(text.slice(lineStart(text, before), before + 1))) return undefined;
  let end = lineEnd(text, dash);
  for (let at = end; at < text.length; at = lineEnd(text, at)) {
    const ink = /^ *[^\s]/.exec(text.slice(at, lineEnd(text, at)));
    if (ink !== null && ink[0].length <= indent + 1) break;
    if (ink !== null) end = lineEnd(text, at);
  }
  // At the end of a file without a line break, the one in front goes.
  return text.charAt(end - 1) === '\n' ? { from: start, to: end } : { from: before + 1, to: end };
}

/** Returns the offset of the last character before `at` that is not whitespace. */
function lastInk(text: string, at: number): number {
  let ink = at - 1;
  while (ink > 0 && /\s/.test(text.charAt(ink))) ink -= 1;
  return ink;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Returns the offset after the line break. */
function lineEnd(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline === -1 ? text.length : newline + 1;
}
