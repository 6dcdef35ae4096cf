/** Finds values by their names in texts: in scripts, URLs, JSON, YAML, TOML, XML, properties, and connection strings. */
import { isSecretName } from './secret-names.ts';

export type Replace = (value: string) => string;

/** The name and the sign of `name=value` and `name: value`; JSON in a JSON string has `\"` around the name. */
const NAMED = /(?<![\w.$-])([\w.$-]{1,200})(\\{0,15}["']?[ \t]{0,3}(?::=|=>|[=:])[ \t]{0,3})/g;

/** Replaces the values with secret names. `isNamed` gets what is between the name and the value. */
export function replaceNamed(text: string, isNamed: (sign: string) => boolean, replace: Replace): string {
  let result = '';
  let done = 0;
  for (const { 0: whole, 1: name = '', 2: sign = '', index } of text.matchAll(NAMED)) {
    if (index < done || !isNamed(sign) || !isSecretName(name)) continue;
    const at = index + whole.length;
    const value = valueAt(text, at, { sign, before: text[index - 1] ?? '', nameAt: index });
    if (value === '') continue;
    result += text.slice(done, at) + replace(value);
    done = at + value.length;
  }
  return result + text.slice(done);
}

/** Up to the quote with as many backslashes as the first one. */
const QUOTED = /(\\{0,15})(["'])(?:[^]*?(?<!\\)\1\2|[^]*$)/y;
const REFERENCE = /\[redacted\]|(?:\$\(\w+\)|\$\{\w+\})(?=[\s"';&,|)}\]]|$)/y;
/** A pair in the query of a URL. */
const QUERY_WORD = /[^\s"';&#]+/y;
const WORD = /[^\s"';]+/y;
/** A plain value in YAML, or the value of a header, which can be in quotes with its name. */
const LINE = /[^\n]+/y;
const LINE_IN_QUOTES: Readonly<Record<string, RegExp>> = { '"': /[^\n"]+/y, "'": /[^\n']+/y };
const BLOCK = /[|>][-+\d]{0,3}[ \t]{0,20}\r?\n/y;

interface Around {
  readonly sign: string;
  /** The character before the name. */
  readonly before: string;
  readonly nameAt: number;
}

function valueAt(text: string, at: number, around: Around): string {
  const reference = matchAt(REFERENCE, text, at);
  if (reference !== undefined) return reference;
  return /^:[ \t]/.test(around.sign) ? lineAt(text, at, around) : wordAt(text, at, around);
}

function lineAt(text: string, at: number, { before, nameAt }: Around): string {
  if (matchAt(BLOCK, text, at) !== undefined) return blockAt(text, at, nameAt);
  return matchAt(QUOTED, text, at) ?? matchAt(LINE_IN_QUOTES[before] ?? LINE, text, at) ?? '';
}

/** In a shell, `"a"b'c'` is one word. */
function wordAt(text: string, at: number, { before }: Around): string {
  const bare = /[?&]/.test(before) ? QUERY_WORD : WORD;
  let end = at;
  for (;;) {
    const part = matchAt(QUOTED, text, end) ?? matchAt(bare, text, end);
    if (part === undefined) return text.slice(at, end);
    end += part.length;
  }
}

/** The lines of a block in YAML are indented more than the line of its key. */
function blockAt(text: string, at: number, nameAt: number): string {
  const lineStart = text.lastIndexOf('\n', nameAt) + 1;
  const indent = nameAt - lineStart - text.slice(lineStart, nameAt).trimStart().length;
  let end = text.indexOf('\n', at) + 1;
  while (end < text.length) {
    const next = text.indexOf('\n', end);
    const line = text.slice(end, next < 0 ? text.length : next);
    if (line.trim() !== '' && line.length - line.trimStart().length <= indent) break;
    end += line.length + (next < 0 ? 0 : 1);
  }
  return text.slice(at, end);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** `<password>…</password>` */
const ELEMENT = /(<([\w.:-]{1,200})(?:\s[^<>]{0,200})?>)([^<]{1,10000})(?=<)/g;
/** `key="Password" value="…"`, `"name": "PASSWORD", "value": "…"`, and the same on two lines in YAML. */
const PAIR =
  /\b((?:name|key)\\{0,15}["']?\s{0,3}[=:]\s{0,3}\\{0,15}["']?([\w.$-]{1,200})\\{0,15}["']?,?\s{0,40}\\{0,15}["']?value\\{0,15}["']?\s{0,3}[=:]\s{0,3})/gi;

/** Replaces the values of pairs of a name and a value, and of XML elements. */
export function replacePaired(text: string, replace: Replace): string {
  const withoutElements = text.replace(ELEMENT, (whole, tag: string, name: string, value: string) =>
    isSecretName(name) && value.trim() !== '' ? `${tag}${replace(value)}` : whole,
  );
  let result = '';
  let done = 0;
  for (const { 0: whole, 2: name = '', index } of withoutElements.matchAll(PAIR)) {
    if (index < done || !isSecretName(name)) continue;
    const at = index + whole.length;
    const value = valueAt(withoutElements, at, { sign: '=', before: '', nameAt: index });
    if (value === '') continue;
    result += withoutElements.slice(done, at) + replace(value);
    done = at + value.length;
  }
  return result + withoutElements.slice(done);
}
