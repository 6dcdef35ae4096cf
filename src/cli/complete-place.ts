/** Where the unfinished word of a command line is. */
import type { Command, Option } from 'commander';
import { NAME } from '../report/command-lines.ts';

/** The position of the unfinished word. */
export interface Place {
  readonly command: Command;
  /** The option whose value is being typed. */
  readonly option: Option | undefined;
  /** The earlier arguments. */
  readonly args: readonly string[];
  /** The earlier options by their long flags; a switch has an empty value. */
  readonly given: ReadonlyMap<string, string>;
  /** Whether `--` has ended the options. */
  readonly onlyArguments: boolean;
  readonly isByKubectl: boolean;
}

/** Walks over the words before the unfinished one. */
export function walk(program: Command, words: readonly string[]): Place {
  const start: Place = {
    command: program,
    option: undefined,
    args: [],
    given: new Map(),
    onlyArguments: false,
    isByKubectl: program.name() !== NAME,
  };
  return words.reduce(step, start);
}

function step(place: Place, word: string): Place {
  const { command, option, onlyArguments } = place;
  if (option !== undefined) return withGiven({ ...place, option: undefined }, option, word);
  if (onlyArguments || !word.startsWith('-') || word === '-') return stepOver(place, word);
  if (word === '--') return { ...place, onlyArguments: true };
  const typed = typedOption(command, word);
  if (typed === undefined) return place;
  return typed.value === undefined && takesValue(typed.option)
    ? { ...place, option: typed.option }
    : withGiven(place, typed.option, typed.value ?? '');
}

function withGiven(place: Place, { long }: Option, value: string): Place {
  return { ...place, given: new Map([...place.given, [long ?? '', value]]) };
}

function stepOver(place: Place, word: string): Place {
  const { command, args } = place;
  if (args.length === 0 && word === 'help' && command.commands.length > 0) return place;
  const next = args.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
  return next === undefined ? { ...place, args: [...args, word] } : { ...place, command: next };
}

interface TypedOption {
  readonly option: Option;
  /** undefined: the word has none. */
  readonly value: string | undefined;
}

/** Reads `-n`, `-nshop`, `--namespace`, and `--namespace=shop`. */
export function typedOption({ options }: Command, word: string): TypedOption | undefined {
  const [, flag, value] = /^(--[^=]*)(?:=(.*))?$/s.exec(word) ?? /^(-.)(.+)?$/s.exec(word) ?? [];
  const option = options.find(({ short, long }) => flag !== undefined && (short === flag || long === flag));
  return option === undefined ? undefined : { option, value };
}

export function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}
