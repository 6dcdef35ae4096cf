/** The ARGs before the first FROM of a Dockerfile, and what `FROM` makes of them. */
import { quoteValue } from '../../image/quote.ts';
import type { Instruction, Word } from './dockerfile-lines.ts';

/** Its default: undefined where there is none. */
export type Arguments = ReadonlyMap<string, Word | undefined>;

export function argumentsOf({ words }: Instruction): readonly (readonly [string, Word | undefined])[] {
  return words.map((word) => {
    const equals = word.text.indexOf('=');
    if (equals === -1) return [word.text, undefined];
    return [word.text.slice(0, equals), unquoted(from(word, equals + 1))];
  });
}

export function from({ text, offsets }: Word, start: number, end = text.length): Word {
  return { text: text.slice(start, end), offsets: offsets.slice(start, end) };
}

export function unquoted(word: Word): Word {
  const quote = word.text.charAt(0);
  const quoted = (quote === '"' || quote === "'") && word.text.length > 1 && word.text.endsWith(quote);
  return quoted ? from(word, 1, word.text.length - 1) : word;
}

export type Expanded =
  | { readonly ok: true; readonly text: string; readonly names: readonly string[] }
  | { readonly ok: false; readonly problem: string };

const VARIABLE = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+])([^{}$]*))?\}|)/g;

/** A default may use the ARGs above it. */
export function expand(text: string, known: Arguments, depth = 0): Expanded {
  const names: string[] = [];
  let expanded = '';
  let at = 0;
  for (const found of text.matchAll(VARIABLE)) {
    const [whole, plain, braced, operator, word = ''] = found;
    const name = plain ?? braced;
    if (name === undefined) return { ok: false, problem: `what ${quoteValue(text)} stands for cannot be told` };
    const value = operate(defaultOf(name, known, depth), operator, word);
    if (value === undefined)
      return { ok: false, problem: `ARG ${name} has no default here, so only who builds knows the image` };
    names.push(name);
    expanded += text.slice(at, found.index) + value;
    at = found.index + whole.length;
  }
  return { ok: true, text: expanded + text.slice(at), names };
}

const MAX_DEPTH = 10;

function defaultOf(name: string, known: Arguments, depth: number): string | undefined {
  const word = known.get(name);
  if (word === undefined || depth > MAX_DEPTH) return undefined;
  const expanded = expand(word.text, known, depth + 1);
  return expanded.ok ? expanded.text : undefined;
}

/** `${name:-word}` and `${name:+word}`, with and without the colon, as in a shell. */
function operate(value: string | undefined, operator: string | undefined, word: string): string | undefined {
  if (operator === undefined) return value;
  const set = operator.startsWith(':') ? Boolean(value) : value !== undefined;
  if (operator.endsWith('-')) return set ? value : word;
  return set ? word : '';
}
