/** The ARGs before the first FROM of a Dockerfile (BuildKit: dockerfile2llb, buildMetaArgs), and their values in `FROM`. */
import { isSpace, slice, type TracedText, untraced } from '../traced-text.ts';
import type { Instruction } from './instructions.ts';
import { lex, type LexResult, MAX_LENGTH, type Variable } from './lexer.ts';

export interface Declaration {
  readonly name: string;
  /** The line of the instruction. */
  readonly line: number;
  /** The text after the equals sign. */
  readonly written: TracedText;
  /** Without quotes, and with the values of other ARGs. */
  readonly value: TracedText;
}

export interface Scope {
  /** Declarations with a default, in order; a later declaration replaces an earlier one with the same name. */
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Resolves variables and removes quotes and escapes. */
  readonly expand: (word: TracedText) => LexResult;
}

/** An ARG that a build sets. */
export interface GivenArgument {
  readonly build: string;
  /** undefined: not known, or not the same in all builds. */
  readonly value: string | undefined;
}

/** `given`: the ARGs that builds set. */
export function scopeOf(
  instructions: readonly Instruction[],
  escape: string,
  given: ReadonlyMap<string, GivenArgument>,
): Scope {
  const variables = new Map<string, Variable>();
  const declarations = new Map<string, Declaration>();
  const variable = (name: string): Variable => variables.get(name) ?? undeclared(name);
  const expand = (word: TracedText): LexResult => lex(word, { escape, raw: false, variable });
  const declare = ({ name, written }: Pair, line: number): void => {
    const argument = given.get(name);
    if (argument !== undefined) {
      variables.set(name, givenVariable(name, argument));
      return;
    }
    if (written === undefined) {
      // The ARG keeps its value.
      if (variable(name).state === 'unset') variables.set(name, { state: 'unset', plain: withoutDefault(name) });
      return;
    }
    const lexed = expand(written);
    variables.set(name, asVariable(name, lexed));
    declarations.delete(name);
    if (lexed.ok) declarations.set(name, { name, line, written, value: lexed.whole });
  };
  for (const { first, rest } of instructions) for (const pair of pairsOf(rest, escape)) declare(pair, first);
  return { declarations, expand };
}

export function asVariable(name: string, lexed: LexResult): Variable {
  if (!lexed.ok) return { state: 'unknown', problem: lexed.problem };
  return lexed.whole.text.length > MAX_LENGTH
    ? { state: 'unknown', problem: `ARG ${name} is too long for an image` }
    : { state: 'set', value: lexed.whole };
}

function givenVariable(name: string, { build, value }: GivenArgument): Variable {
  return value === undefined || value.length > MAX_LENGTH
    ? { state: 'unknown', problem: setByBuild(name, build) }
    : { state: 'set', value: untraced(value) };
}

export function setByBuild(name: string, build: string): string {
  return `ARG ${name} is set in "args" of ${build}; write the value into the Dockerfile to have it pinned`;
}

function withoutDefault(name: string): string {
  return `ARG ${name} has no default, so the image is known only at build time`;
}

/** The ARGs that BuildKit declares. */
const BUILT_IN = /^(?:(?:BUILD|TARGET)(?:PLATFORM|OS|OSVERSION|ARCH|VARIANT)|TARGETSTAGE)$/;

export function undeclared(name: string): Variable {
  return BUILT_IN.test(name)
    ? { state: 'unknown', problem: `${name} is known only at build time` }
    : { state: 'unset', plain: undefined };
}

export interface Pair {
  readonly name: string;
  /** undefined: no equals sign. */
  readonly written: TracedText | undefined;
}

export function pairsOf(rest: TracedText, escape: string): readonly Pair[] {
  return wordsOf(rest, escape).map((word) => {
    const equals = word.text.indexOf('=');
    return equals === -1
      ? { name: word.text, written: undefined }
      : { name: word.text.slice(0, equals), written: slice(word, equals + 1) };
  });
}

/** Splits words at unquoted, unescaped blanks, and keeps quotes and escapes (parser: parseWords). */
function wordsOf(rest: TracedText, escape: string): readonly TracedText[] {
  const words: TracedText[] = [];
  for (let at = 0; at < rest.text.length;) {
    if (isSpace(rest.text.charAt(at))) at += 1;
    else {
      const end = endOfWord(rest.text, at, escape);
      words.push(slice(rest, at, end));
      at = end;
    }
  }
  return words;
}

function endOfWord(text: string, start: number, escape: string): number {
  let quote = '';
  let at = start;
  for (; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote === '' && isSpace(char)) return at;
    if (char === escape && quote !== "'") at += 1;
    else if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
  }
  return Math.min(at, text.length);
}
