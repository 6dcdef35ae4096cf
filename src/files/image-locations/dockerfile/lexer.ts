/** Words as BuildKit reads them (frontend/dockerfile/shell/lex.go): quotes, escapes, variables, and where a word ends. */
import { EMPTY, madeUp, slice, type Word, WordBuilder } from '../traced-text.ts';
import { replaceIn } from './patterns.ts';
import { substitute } from './substitution.ts';
import { Words } from './words.ts';

export type Variable =
  | { readonly state: 'set'; readonly value: Word }
  /** `plain`: why `$name` alone cannot be read; undefined: it is empty. */
  | { readonly state: 'unset'; readonly plain: string | undefined }
  | { readonly state: 'unknown'; readonly problem: string };

export interface Reading {
  readonly escape: string;
  /** Quotes and escapes stay as they are written. */
  readonly raw: boolean;
  /** undefined: variables stay as they are written. */
  readonly variable: ((name: string) => Variable) | undefined;
}

export type Lexed =
  | { readonly ok: true; readonly whole: Word; readonly words: readonly Word[] }
  | { readonly ok: false; readonly problem: string };

export function lex(source: Word, reading: Reading): Lexed {
  try {
    return { ok: true, ...new Lexer(source, reading).until('', reading.raw, false) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, problem: error.message };
    throw error;
  }
}

class Unreadable extends Error {}

/** No image is as long; and each ARG can double the one before. */
export const MAX_LENGTH = 4096;
const MAX_DEPTH = 100;

interface Piece {
  readonly whole: Word;
  readonly words: readonly Word[];
}

class Lexer {
  private readonly source: Word;
  private readonly reading: Reading;
  private readonly word = new WordBuilder();
  private at = 0;
  private depth = 0;
  private keepsEscapes: boolean;

  constructor(source: Word, reading: Reading) {
    this.source = source;
    this.reading = reading;
    this.keepsEscapes = reading.raw;
  }

  /** Up to `stop`, '' is the end. The word at hand is one for all levels: an inner one forgets what the outer had of it. */
  until(stop: string, keepsEscapes: boolean, doubles: boolean): Piece {
    const before = this.keepsEscapes;
    this.keepsEscapes = keepsEscapes;
    this.depth += 1;
    if (this.depth > MAX_DEPTH)
      throw new Unreadable(`${quoted(this.source.text)} has more than ${MAX_DEPTH} substitutions in each other`);
    const whole = new WordBuilder();
    const words = new Words(this.word);
    for (let char = this.peek(); char !== ''; char = this.peek()) {
      if (char === stop) {
        this.at += 1;
        this.depth -= 1;
        this.keepsEscapes = before;
        return { whole: whole.take(), words: words.end() };
      }
      whole.add(this.step(char, words, doubles));
      if (this.reading.variable !== undefined && whole.length > MAX_LENGTH)
        throw new Unreadable(`${quoted(this.source.text)} is too long for an image`);
    }
    if (stop !== '') throw new Unreadable(`${quoted(this.source.text)} has no "${stop}" at its end`);
    return { whole: whole.take(), words: words.end() };
  }

  private step(char: string, words: Words, doubles: boolean): Word {
    if (char === '$') {
      const value = this.dollar();
      words.addSplit(value);
      return value;
    }
    if (char === "'" || char === '"' || char === '<') {
      const value = char === '<' ? this.less() : char === '"' ? this.double(doubles) : this.single(doubles);
      words.add(value);
      return value;
    }
    const plain = this.take();
    if (char !== this.reading.escape) {
      words.addSplit(plain);
      return plain;
    }
    const escaped = this.take();
    const value = this.keepsEscapes ? pair(plain, escaped) : escaped;
    words.add(value);
    return value;
  }

  private peek(): string {
    return this.source.text.charAt(this.at);
  }

  private take(): Word {
    this.at += 1;
    return slice(this.source, this.at - 1, this.at);
  }

  /** A here-document may have blanks between << and its name. */
  private less(): Word {
    const start = this.at;
    this.at += 1;
    if (this.peek() !== '<') return slice(this.source, start, this.at);
    this.at += 1;
    while (['\t', '\r', ' '].includes(this.peek())) this.at += 1;
    return slice(this.source, start, this.at);
  }

  private single(doubles: boolean): Word {
    const result = new WordBuilder();
    const open = this.take();
    if (this.reading.raw) result.add(open);
    for (let char = this.peek(); char !== "'"; char = this.peek()) {
      if (char === '') throw new Unreadable(`a quote in ${quoted(this.source.text)} has no end`);
      const one = this.take();
      if (doubles && char === this.reading.escape) result.add(one);
      result.add(one);
    }
    const close = this.take();
    if (this.reading.raw) result.add(close);
    return result.take();
  }

  private double(doubles: boolean): Word {
    const result = new WordBuilder();
    const open = this.take();
    if (this.reading.raw) result.add(open);
    for (let char = this.peek(); char !== '"'; char = this.peek()) {
      if (char === '') throw new Unreadable(`a quote in ${quoted(this.source.text)} has no end`);
      if (char === '$') result.add(this.dollar());
      else if (char === this.reading.escape) result.add(this.escapedInDouble(doubles));
      else result.add(this.take());
    }
    const close = this.take();
    if (this.reading.raw) result.add(close);
    return result.take();
  }

  /** Of ", $ and itself it is an escape, else a character as any. */
  private escapedInDouble(doubles: boolean): Word {
    const escape = this.take();
    const next = this.peek();
    if (next === '') return EMPTY;
    if (next === '"' || next === '$' || next === this.reading.escape)
      return this.keepsEscapes ? pair(escape, this.take()) : this.take();
    return this.keepsEscapes && (!this.reading.raw || doubles) ? pair(escape, escape) : escape;
  }

  private dollar(): Word {
    const sign = this.take();
    if (this.peek() !== '{') {
      const name = this.name();
      return name.text === '' ? sign : this.plain(name.text, pair(sign, name));
    }
    this.at += 1;
    if (['', '{', '}', ':'].includes(this.peek()))
      throw new Unreadable(`${quoted(this.source.text)} has a substitution without a name`);
    const name = this.name().text;
    const operator = this.take().text;
    if (operator === '}') return this.plain(name, madeUp(`\${${name}}`));
    if (operator === '/') return this.replacement(name);
    if (operator === ':') return this.operation(name, this.take().text, ':');
    if ('+-?#%'.includes(operator) && operator !== '') return this.operation(name, operator, '');
    throw this.unknown();
  }

  private name(): Word {
    const rest = this.source.text.slice(this.at);
    const found = /^(?:\p{Nd}+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(rest)?.[0] ?? '';
    this.at += found.length;
    return slice(this.source, this.at - found.length, this.at);
  }

  private plain(name: string, written: Word): Word {
    const variable = this.reading.variable?.(name);
    if (variable === undefined) return written;
    if (variable.state === 'unset' && variable.plain !== undefined) throw new Unreadable(variable.plain);
    return valueOf(variable) ?? EMPTY;
  }

  private operation(name: string, operator: string, colon: string): Word {
    const isPattern = operator === '#' || operator === '%';
    if (colon === ':' && isPattern) throw this.unknown();
    const { whole: word } = this.until('}', isPattern, isPattern);
    const variable = this.reading.variable?.(name);
    if (variable === undefined) return madeUp(`\${${name}${colon}${operator}${word.text}}`);
    const result = substitute(valueOf(variable), { operator, word, emptyIsUnset: colon === ':' });
    if (result === 'unknown') throw this.unknown();
    if (result === 'required') throw new Unreadable(`ARG ${name} must be set at build time`);
    return result;
  }

  private unknown(): Unreadable {
    return new Unreadable(`${quoted(this.source.text)} has a substitution that BuildKit does not know`);
  }

  private replacement(name: string): Word {
    const all = this.peek() === '/';
    if (all) this.at += 1;
    const { whole: pattern } = this.until('/', true, true);
    const { whole: text } = this.until('}', true, false);
    const variable = this.reading.variable?.(name);
    if (variable === undefined) return madeUp(`\${${name}/${pattern.text}/${text.text}}`);
    const result = replaceIn(valueOf(variable) ?? EMPTY, { pattern: pattern.text, text, all });
    if (result === undefined) throw this.unknown();
    return result;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

function pair(one: Word, other: Word): Word {
  return { text: one.text + other.text, offsets: [...one.offsets, ...other.offsets] };
}

/** undefined: it is not set. */
function valueOf(variable: Variable): Word | undefined {
  if (variable.state === 'unknown') throw new Unreadable(variable.problem);
  return variable.state === 'set' ? variable.value : undefined;
}
