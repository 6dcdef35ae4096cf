/**
 * Regular expressions with the syntax and linear time of RE2. No pattern of a policy or an object reaches the engine of
 * JavaScript. A match costs the length of the text times the size of the program; a pattern that is not constant also costs its
 * compilation.
 */
import { RE2JS, RE2JSException } from 're2js';
import { quoteValue } from '../../image/quote.ts';
import { type Budget, CelError, spend } from '../budget.ts';
import { func, method, type Overload, type Run, type Specialize } from '../overload.ts';
import { listOf, type Value } from '../value.ts';
import { plainWords } from '../words.ts';

interface Regex {
  readonly re2: RE2JS;
  readonly size: number;
}

const MAX_PATTERN = 1000;
const MAX_SIZE = 10_000;
/** Steps of the compiler, for each instruction of a pattern. */
const COMPILE_STEPS = 50;

type Use = (regex: Regex, text: string, args: readonly Value[], budget: Budget) => Value;

function compile(pattern: string, budget: Budget | undefined): Regex {
  if (pattern.length > MAX_PATTERN) throw wrong(pattern, `more than ${MAX_PATTERN} characters`);
  const size = sizeOf(pattern);
  if (size > MAX_SIZE) throw wrong(pattern, 'too many repetitions');
  if (budget !== undefined) spend(budget, size * COMPILE_STEPS);
  try {
    const re2 = RE2JS.compile(pattern);
    return { re2, size: re2.programSize() };
  } catch (error) {
    if (error instanceof RE2JSException) throw wrong(pattern, reasonOf(error));
    if (error instanceof RangeError) throw wrong(pattern, 'nested too deeply');
    throw error;
  }
}

function wrong(pattern: string, reason: string): CelError {
  return new CelError(`${quoteValue(pattern, 80)} is not a valid RE2 regular expression: ${reason}`);
}

function reasonOf(error: RE2JSException): string {
  const [, reason = error.message] = /^error parsing regexp: (.*)$/s.exec(error.message) ?? [];
  return plainWords(reason, 100);
}

/** Returns an upper bound of the number of instructions: `x{9}` is nine times `x`, and nested repetitions multiply. */
function sizeOf(pattern: string): number {
  const groups = [0];
  let last = 0;
  const add = (size: number): void => void groups.push((groups.pop() ?? 0) + size);
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    const repeat = repeatAt(pattern, at);
    if (character === '(') {
      groups.push(0);
      last = 0;
    } else if (repeat !== undefined) {
      add(last * repeat.times);
      last *= repeat.times + 1;
      at = repeat.end;
    } else {
      last = 2 + (character === ')' && groups.length > 1 ? (groups.pop() ?? 0) : 0);
      add(last);
    }
  }
  return groups.reduce((sum, size) => sum + size, 0);
}

/** `{3}`, `{3,}`, `{3,5}`; other braces are plain characters. */
function repeatAt(pattern: string, at: number): { readonly times: number; readonly end: number } | undefined {
  if (pattern.charAt(at) !== '{') return undefined;
  const [whole, from = '', to] = /^\{(\d{1,4})(?:,(\d{0,4}))?\}/.exec(pattern.slice(at, at + 12)) ?? [];
  if (whole === undefined) return undefined;
  return { times: Math.max(Number(from), Number(to ?? 0), 1), end: at + whole.length - 1 };
}

function spendMatch({ size }: Regex, length: number, budget: Budget): void {
  spend(budget, 10 + Math.ceil(((length + 1) * size) / 2));
}

/** The pattern is always the second argument. A constant pattern is compiled when the policy loads. */
const using = (use: Use): { readonly run: Run; readonly specialize: Specialize } => {
  const runWith = (regex: Regex): Run => {
    return (args, budget) => use(regex, args[0] as string, args, budget);
  };
  return {
    run: (args, budget) => runWith(compile(args[1] as string, budget))(args, budget),
    specialize: ([, pattern]) => (typeof pattern === 'string' ? runWith(compile(pattern, undefined)) : undefined),
  };
};

const matches = using((regex, text, _args, budget) => {
  spendMatch(regex, text.length, budget);
  return regex.re2.test(text);
});

const find = using((regex, text, _args, budget) => findAll(regex, text, { limit: 1, budget })[0] ?? '');

const all = using((regex, text, args, budget) => {
  const limit = typeof args[2] === 'bigint' && args[2] >= 0n ? Number(args[2]) : Infinity;
  return listOf(findAll(regex, text, { limit, budget }));
});

function findAll(
  regex: Regex,
  text: string,
  { limit, budget }: { readonly limit: number; readonly budget: Budget },
): readonly string[] {
  const found: string[] = [];
  const matcher = regex.re2.matcher(text);
  let from = 0;
  while (found.length < limit) {
    // The search for the next match can go on to the end of the text.
    spendMatch(regex, text.length - from, budget);
    if (!matcher.find()) break;
    // As in Go, no empty match follows directly after another match.
    if (found.length === 0 || matcher.end() > from) found.push(matcher.group() ?? '');
    from = matcher.end();
  }
  return found;
}

export const REGEX: readonly Overload[] = [
  method('string.matches(string): bool', matches.run, matches.specialize),
  func('matches(string, string): bool', matches.run, matches.specialize),
  method('string.find(string): string', find.run, find.specialize),
  method('string.findAll(string): list<string>', all.run, all.specialize),
  method('string.findAll(string, int): list<string>', all.run, all.specialize),
];
