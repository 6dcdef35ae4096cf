/** The messages of commander for a wrong command line, in the form of all other messages. */
import { quoteValue } from '../image/quote.ts';
import { orList, orValues } from '../image/or-list.ts';

/** `text`: `error: …` as commander 15 writes it, with its line break. */
export function usageMessage(text: string): string {
  const message = text.replace(/^error: /, '').trimEnd();
  for (const [shape, format] of SHAPES) {
    const match = shape.exec(message);
    if (match !== null) return `${format(match)}\n`;
  }
  return `${message}\n`;
}

type Format = (match: readonly (string | undefined)[]) => string;

const SHAPES: readonly (readonly [shape: RegExp, format: Format])[] = [
  [
    /^option '([^']*)' argument '(.*)' is invalid\. (.*)$/s,
    ([, flags, value, why]) => invalid(flagOf(flags), value, why),
  ],
  [
    /^command-argument value '(.*)' is invalid for argument '([^']*)'\. (.*)$/s,
    ([, value, name, why]) => invalid(name, value, why),
  ],
  [/^option '([^']*)' argument missing$/, ([, flags]) => `${flagOf(flags)} requires a value: ${spelling(flags)}`],
  [/^missing required argument '([^']*)'$/, ([, name]) => `the argument ${name} is required`],
  [
    /^option '([^']*)' cannot be used with option '([^']*)'$/,
    ([, flags, others]) => `${flagOf(flags)} and ${flagOf(others)} are both set; remove one of them`,
  ],
  [
    /^too many arguments(?: for '[^']*')?\. Expected (\d+) arguments? but got (\d+): (.*)\.$/s,
    ([, expected, found, words]) =>
      `too many arguments (expected ${expected}, found ${found}): ${quoteValue(words ?? '')}`,
  ],
  [
    /^unknown (option|command) '(.*?)'(?:\n\(Did you mean (?:one of )?(.*)\?\))?$/s,
    ([, kind, name, similar]) => `unknown ${kind} ${quoteValue(name ?? '')}${suggestion(similar)}`,
  ],
];

function invalid(name: string | undefined, value = '', why = ''): string {
  const choices = /^Allowed choices are (.*)\.$/.exec(why)?.[1];
  const reason = choices === undefined ? why : `expected ${orValues(choices.split(', '))}`;
  const problem = `${name}: invalid value ${quoteValue(value)}`;
  return reason.startsWith('expected ') ? `${problem} (${reason})` : `${problem}: ${reason}`;
}

/** `-o, --output <FORMAT>` is `--output`. */
function flagOf(flags = ''): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}

/** `-o, --output <FORMAT>` is `--output FORMAT`. */
function spelling(flags = ''): string {
  return flags.replace(/^-\w, /, '').replaceAll(/[<>]|\.\.\./g, '');
}

function suggestion(similar: string | undefined): string {
  if (similar === undefined) return '';
  return `; did you mean ${orList(similar.split(', ').map((name) => quoteValue(name)))}?`;
}
