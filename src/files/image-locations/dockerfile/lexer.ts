/** Lexes words like BuildKit (frontend/dockerfile/shell/lex.go): quotes, escapes, variables, and the ends of words. */
import { EMPTY, isSpace, slice, type TracedText, TracedTextBuilder, untraced } from '../traced-text.ts';
import { replaceIn, substitute } from './substitution.ts';

export type Variable =
  | { readonly state: 'set'; readonly value: TracedText }
  /** `plain`: why `$name` alone cannot be read; undefined: it is empty. */
  | { readonly state: 'unset'; readonly plain: string | undefined }
  | { readonly state: 'unknown'; readonly problem: string };

export interface LexOptions {
  readonly escape: string;
  /** Quotes and escapes stay as they are written. */
  readonly raw: boolean;
  /** undefined: variables stay as they are written. */
  readonly variable: ((name: string) => Variable) | undefined;
}

export type LexResult =
  | { readonly ok: true; readonly whole: TracedText; readonly words: readonly TracedText[] }
  | { readonly ok: false; readonly problem: string };

export function lex(source: TracedText, options: LexOptions): LexResult {
  try {
    return { ok: true, ...new Lexer(source, options).until('', options.raw, false) };
  } catch (error) {
    if (error instanceof LexError) return { ok: false, problem: error.message };
    throw error;
  }
}

class LexError extends Error {}

/** No image is this long, and each ARG can double the length of the one before. */
export const MAX_LENGTH = 4096;
const MAX_DEPTH = 100;

interface Piece {
  readonly whole: TracedText;
  readonly words: readonly TracedText[];
}

/** Splits words at unquoted, unescaped blanks. */
class WordList {
  private readonly word: TracedTextBuilder;
  private readonly all: TracedText[] = [];

  constructor(word: TracedTextBuilder) {
    this.word = word;
    word.take();
  }

  add(piece: TracedText): void {
    this.word.add(piece);
  }

  addSplit(piece: TracedText): void {
    for (let index = 0; index < piece.text.length; index += 1) {
      const one = slice(piece, index, index + 1);
      if (!isSpace(one.text)) this.word.add(one);
      else this.end();
    }
  }

  end(): readonly TracedText[] {
    if (this.word.length > 0) this.all.push(this.word.take());
    return this.all;
  }
}

class Lexer {
  private readonly source: TracedText;
  private readonly options: LexOptions;
  private readonly word = new TracedTextBuilder();
  private at = 0;
  private depth = 0;
  private keepsEscapes: boolean;

  constructor(source: TracedText, options: LexOptions) {
    this.source = source;
    this.options = options;
    this.keepsEscapes = options.raw;
  }

  /**
   * Reads up to `stop`; '' is the end of the text. All levels share the current word: an inner level discards what the outer
   * level had of it.
   */
  until(stop: string, keepsEscapes: boolean, doubles: boolean): Piece {
    const before = this.keepsEscapes;
    this.keepsEscapes = keepsEscapes;
    this.depth += 1;
    if (this.depth > MAX_DEPTH)
      throw new LexError(`${quoted(this.source.text)} has more than ${MAX_DEPTH} substitutions in each other`);
    const whole = new TracedTextBuilder();
    const words = new WordList(this.word);
    for (let char = this.peek(); char !== ''; char = this.peek()) {
      if (char === stop) {
        this.at += 1;
        this.depth -= 1;
        this.keepsEscapes = before;
        return { whole: whole.take(), words: words.end() };
      }
      whole.add(this.step(char, words, doubles));
      if (this.options.variable !== undefined && whole.length > MAX_LENGTH)
        throw new LexError(`${quoted(this.source.text)} is too long for an image`);
    }
    if (stop !== '') throw new LexError(`${quoted(this.source.text)} has no "${stop}" at its end`);
    return { whole: whole.take(), words: words.end() };
  }

  private step(char: string, words: WordList, doubles: boolean): TracedText {
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
    if (char !== this.options.escape) {
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

  private take(): TracedText {
    this.at += 1;
    return slice(this.source, this.at - 1, this.at);
  }

  /** Allows blanks between << and the name of a here-document. */
  private less(): TracedText {
    const start = this.at;
    this.at += 1;
    if (this.peek() !== '<') return slice(this.source, start, this.at);
    this.at += 1;
    while (['\t', '\r', ' '].includes(this.peek())) this.at += 1;
    return slice(this.source, start, this.at);
  }

  private single(doubles: boolean): TracedText {
    const result = new TracedTextBuilder();
    const open = this.take();
    if (this.options.raw) result.add(open);
    for (let char = this.peek(); char !== "'"; char = this.peek()) {
      if (char === '') throw new LexError(`a quote in ${quoted(this.source.text)} has no end`);
      const one = this.take();
      if (doubles && char === this.options.escape) result.add(one);
      result.add(one);
    }
    const close = this.take();
    if (this.options.raw) result.add(close);
    return result.take();
  }

  private double(doubles: boolean): TracedText {
    const result = new TracedTextBuilder();
    const open = this.take();
    if (this.options.raw) result.add(open);
    for (let char = this.peek(); char !== '"'; char = this.peek()) {
      if (char === '') throw new LexError(`a quote in ${quoted(this.source.text)} has no end`);
      if (char === '$') result.add(this.dollar());
      else if (char === this.options.escape) result.add(this.escapedInDouble(doubles));
      else result.add(this.take());
    }
    const close = this.take();
    if (this.options.raw) result.add(close);
    return result.take();
  }

  /** Escapes only ", $, and the escape character; otherwise it is an ordinary character. */
  private escapedInDouble(doubles: boolean): TracedText {
    const escape = this.take();
    const next = this.peek();
    if (next === '') return EMPTY;
    if (next === '"' || next === '$' || next === this.options.escape)
      return this.keepsEscapes ? pair(escape, this.take()) : this.take();
    return this.keepsEscapes && (!this.options.raw || doubles) ? pair(escape, escape) : escape;
  }

  private dollar(): TracedText {
    const sign = this.take();
    if (this.peek() !== '{') {
      const name = this.name();
      return name.text === '' ? sign : this.plain(name.text, pair(sign, name));
    }
    this.at += 1;
    if (['', '{', '}', ':'].includes(this.peek()))
      throw new LexError(`${quoted(this.source.text)} has a substitution without a name`);
    const name = this.name().text;
    const operator = this.take().text;
    if (operator === '}') return this.plain(name, untraced(`\${${name}}`));
    if (operator === '/') return this.replacement(name);
    if (operator === ':') return this.operation(name, this.take().text, ':');
    if ('+-?#%'.includes(operator) && operator !== '') return this.operation(name, operator, '');
    throw this.unknown();
  }

  private name(): TracedText {
    const rest = this.source.text.slice(this.at);
    const found = /^(?:\p{Nd}+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(rest)?.[0] ?? '';
    this.at += found.length;
    return slice(this.source, this.at - found.length, this.at);
  }

  private plain(name: string, written: TracedText): TracedText {
    const variable = this.options.variable?.(name);
    if (variable === undefined) return written;
    if (variable.state === 'unset' && variable.plain !== undefined) throw new LexError(variable.plain);
    return valueOf(variable) ?? EMPTY;
  }

  private operation(name: string, operator: string, colon: string): TracedText {
    const isPattern = operator === '#' || operator === '%';
    if (colon === ':' && isPattern) throw this.unknown();
    const { whole: word } = this.until('}', isPattern, isPattern);
    const variable = this.options.variable?.(name);
    if (variable === undefined) return untraced(`\${${name}${colon}${operator}${word.text}}`);
    const result = substitute(valueOf(variable), { operator, word, emptyIsUnset: colon === ':' });
    if (result === 'unknown') throw this.unknown();
    if (result === 'required') throw new LexError(`ARG ${name} must be set at build time`);
    return result;
  }

  private unknown(): LexError {
    return new LexError(`${quoted(this.source.text)} has a substitution that BuildKit does not know`);
  }

  private replacement(name: string): TracedText {
    const all = this.peek() === '/';
    if (all) this.at += 1;
    const { whole: pattern } = this.until('/', true, true);
    const { whole: text } = this.until('}', true, false);
    const variable = this.options.variable?.(name);
    if (variable === undefined) return untraced(`\${${name}/${pattern.text}/${text.text}}`);
    const result = replaceIn(valueOf(variable) ?? EMPTY, { pattern: pattern.text, text, all });
    if (result === undefined) throw this.unknown();
    return result;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

function pair(one: TracedText, other: TracedText): TracedText {
  return { text: one.text + other.text, offsets: [...one.offsets, ...other.offsets] };
}

/** Returns undefined if the variable is not set. */
function valueOf(variable: Variable): TracedText | undefined {
  if (variable.state === 'unknown') throw new LexError(variable.problem);
  return variable.state === 'set' ? variable.value : undefined;
}
