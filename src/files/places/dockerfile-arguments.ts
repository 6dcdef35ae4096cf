/** The ARGs before the first FROM of a Dockerfile, and what `FROM` makes of them. */
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
  const problems: string[] = [];
  const expanded = text.replaceAll(
    VARIABLE,
    (whole: string, plain?: string, braced?: string, operator?: string, word = '') => {
      const name = plain ?? braced;
      if (name === undefined) {
        problems.push(`what "${whole}" stands for cannot be told`);
        return whole;
      }
      names.push(name);
      const value = defaultOf(name, known, depth);
      const used = operate(value, operator, String(word));
      if (used === undefined) problems.push(`ARG ${name} has no default, so only who builds knows the image`);
      return used ?? '';
    },
  );
  const [problem] = problems;
  return problem === undefined ? { ok: true, text: expanded, names } : { ok: false, problem };
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
