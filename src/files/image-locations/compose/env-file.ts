/**
 * Parses a `.env` file as Compose does (compose-go, dotenv/parser.go); compared with its code in `test/oracle/compose`. Problems
 * contain no text of the file, because it can have secrets.
 */
import { interpolate, UNKNOWN, type Values } from './variables.ts';
import { isSpace, untraced } from '../traced-text.ts';

export type EnvFile =
  | { readonly ok: true; readonly values: Values }
  /** `problem` is a sentence fragment. */
  | { readonly ok: false; readonly problem: string };

/** No part of an image is longer; longer values are unknown, so that values made of values stay small. */
const MAX_VALUE = 1024;

export function parseEnvFile(text: string): EnvFile {
  const values = new Map<string, string>();
  const file = { text: text.replace(/^\uFEFF/, ''), at: 0 };
  try {
    while (skipToStatement(file)) readStatement(file, values);
  } catch (error) {
    if (!(error instanceof EnvFileError)) throw error;
    const line = file.text.slice(0, error.at).split('\n').length;
    return { ok: false, problem: `${error.message} in line ${line}` };
  }
  return { ok: true, values };
}

class EnvFileError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

interface Position {
  readonly text: string;
  at: number;
}

/** Skips empty lines and comments; returns false at the end. */
function skipToStatement(file: Position): boolean {
  const { text } = file;
  while (file.at < text.length) {
    if (text.charAt(file.at) === '#') file.at = endOfLine(text, file.at);
    else if (isSpace(text.charAt(file.at))) file.at += 1;
    else return true;
  }
  return false;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** A name without a value has the value of the environment, which is not read. */
function readStatement(file: Position, values: Map<string, string>): void {
  const start = file.at;
  const { name, hasValue } = readName(file);
  if (name.includes(' ')) throw new EnvFileError('a name with a space', start);
  if (hasValue) values.set(name, readValue(file, values));
}

/** Whitespace within a line. */
const BLANKS = /[\t\v\f\r \u0085\u00a0]*/y;
const EXPORT = /export(?=[\t\n\f\r ])/y;
const NAME_END = /[=:\n]/g;
const NOT_IN_NAME = /[^\p{L}\p{N}_.[\]\t\v\f\r \u0085\u00a0-]/u;

function readName(file: Position): { readonly name: string; readonly hasValue: boolean } {
  const { text } = file;
  if (matchAt(EXPORT, file) !== '') matchAt(BLANKS, file);
  if (file.at === text.length) throw new EnvFileError('"export" without a name', file.at);
  NAME_END.lastIndex = file.at;
  const end = NAME_END.exec(text);
  const name = text.slice(file.at, end?.index);
  const wrong = NOT_IN_NAME.exec(name);
  if (wrong !== null) throw new EnvFileError('an unexpected character in a name', file.at + wrong.index);
  // The last line without "=" is a value without a name.
  if (end === null) return { name: '', hasValue: true };
  file.at = end.index + 1;
  matchAt(BLANKS, file);
  return { name: trimEnd(name), hasValue: end[0] !== '\n' };
}

function matchAt(pattern: RegExp, file: Position): string {
  pattern.lastIndex = file.at;
  const [found = ''] = pattern.exec(file.text) ?? [];
  file.at += found.length;
  return found;
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

function readValue(file: Position, values: Values): string {
  const quote = file.text.charAt(file.at);
  if (quote === "'") return bounded(readQuoted(file, quote));
  if (quote === '"') return expanded(withoutEscapes(readQuoted(file, quote)), values);
  const end = endOfLine(file.text, file.at);
  const [value = ''] = file.text.slice(file.at, end).split(' #', 1);
  file.at = Math.min(end + 1, file.text.length);
  return expanded(trimEnd(value), values);
}

/** Escapes stay, except for those of the quote. */
function readQuoted(file: Position, quote: string): string {
  const { text, at: start } = file;
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    const next = text.charAt(at + 1);
    if (char === quote) {
      file.at = at + 1;
      return value;
    }
    if (char === '\\' && at + 1 < text.length) at += 1;
    value += char === '\\' ? (next === quote ? quote : char + next) : char;
  }
  throw new EnvFileError('a value without a closing quote', start);
}

const ESCAPE = /\\(?:[abcfnrtv$"\\]|0\d{0,3})/g;

const ESCAPED: Readonly<Record<string, string>> = {
  '\\$': '$$',
  '\\"': '"',
  '\\\\': '\\',
  '\\a': '\x07',
  '\\b': '\b',
  '\\f': '\f',
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
  '\\v': '\v',
};

/** `\$` becomes `$$`, which is not a variable. Octal escapes have a zero and three digits; without them, only the zero goes. */
function withoutEscapes(value: string): string {
  return value.replace(ESCAPE, (escape) => {
    if (!escape.startsWith('\\0')) return ESCAPED[escape] ?? escape;
    const digits = escape.slice(2);
    return /^[0-3][0-7]{2}$/.test(digits) ? String.fromCodePoint(Number.parseInt(digits, 8)) : `\\${digits}`;
  });
}

function expanded(value: string, values: Values): string {
  return bounded(value.includes('$') ? interpolate(untraced(value), values).text : value);
}

function bounded(value: string): string {
  return value.length > MAX_VALUE || value.includes(UNKNOWN) ? UNKNOWN : value;
}
