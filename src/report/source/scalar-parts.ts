/** What of a key or a scalar in YAML can be shown. */
import type { Token } from '../../files/yaml/cursor.ts';
import { type Frame, isPrivateIn } from './frames.ts';
import type { Part } from './parts.ts';
import { isHarmless, isShown } from './shown-values.ts';

const KEY = /^[\p{L}\p{M}\w./$-]{1,100}$/u;

export function isKeyShown(key: string): boolean {
  return KEY.test(key);
}

export function keyParts(text: string, at: number, token: Token): readonly Part[] {
  const key = token.text;
  if (!isKeyShown(key) && key !== '<<') return [];
  return isWritten(text, at, token) ? [{ from: at, to: at + key.length + 2 * quotesAt(text, at) }] : [];
}

/** Without escapes and template expressions. */
function isWritten(text: string, at: number, { text: value }: Token): boolean {
  return text.startsWith(value, at + quotesAt(text, at));
}

function quotesAt(text: string, at: number): number {
  return /["']/.test(text.charAt(at)) ? 1 : 0;
}

export interface PlacedScalar {
  readonly token: Token;
  readonly at: number;
  /** The end of the token before. */
  readonly before: number;
  /** The start of the token after. */
  readonly next: number;
}

/** Up to the end of the line: a block scalar begins on the next. */
const HEADER = /\s*(?:&[\w-]+\s+)?([|>][-+\d]*)[ \t]*(?:#[^\n]*)?\r?\n/y;
const QUOTED = /"(?:[^"\\]|\\[^])*"|'(?:[^']|'')*'/y;

export function scalarParts(text: string, scalar: PlacedScalar, frame: Frame): readonly Part[] {
  const { token, at, next } = scalar;
  const isPrivate = isPrivateIn(frame);
  const block = blockParts(text, scalar, isPrivate);
  if (block !== undefined) return block;
  const to = ownEnd(text, at, token) ?? endBefore(text, at, next);
  const isAlways = !isPrivate && isAddress(token.text, frame) && isWritten(text, at, token);
  return [isAlways ? { from: at, to } : { from: at, to, scalar: { isPrivate } }];
}

function isAddress(text: string, { key, parent, isItem, isList, isInEntry }: Frame): boolean {
  return isList || isInEntry ? isHarmless(text, key) : isShown({ key, parent, isItem, text });
}

/** The header and the text of a block scalar; undefined: the scalar has another style. */
function blockParts(text: string, scalar: PlacedScalar, isPrivate: boolean): readonly Part[] | undefined {
  const { at, before, next } = scalar;
  HEADER.lastIndex = before;
  const [header, sign] = HEADER.exec(text) ?? [];
  if (header === undefined || sign === undefined || HEADER.lastIndex > at + 1) return undefined;
  const from = before + header.indexOf(sign);
  const content = before + header.trimEnd().length;
  return [
    { from, to: from + sign.length },
    { from: content, to: Math.max(content, endBefore(text, content, next)), scalar: { isPrivate } },
  ];
}

/** The end of a scalar on one line, or in quotes. */
function ownEnd(text: string, at: number, token: Token): number | undefined {
  if (token.plain && text.startsWith(token.text, at)) return at + token.text.length;
  QUOTED.lastIndex = at;
  return !token.plain && QUOTED.test(text) && QUOTED.lastIndex - at >= token.text.length ? QUOTED.lastIndex : undefined;
}

function endBefore(text: string, from: number, next: number): number {
  return from + text.slice(from, next).trimEnd().length;
}
