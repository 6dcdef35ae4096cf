/**
 * Completes a command line from the definitions of the commands. A shell passes the words so far, of which the last is unfinished.
 * The output is one candidate per line, `value<TAB>description`, then `:4`, or `:0` if file names are also candidates.
 */
import type { Argument, Command, Option } from 'commander';
import { UserError } from '../error/user-error.ts';
import { takesFile } from './command-options.ts';
import type { Terminal } from './terminal.ts';

interface Candidate {
  readonly value: string;
  readonly description: string;
}

interface Completion {
  readonly candidates: readonly Candidate[];
  /** Whether the shell completes file names. */
  readonly files: boolean;
}

const FILES = ':0';
const NO_FILES = ':4';

export async function complete(words: readonly string[], program: Command, terminal: Terminal): Promise<number> {
  const typed = words.at(-1) ?? '';
  const { candidates, files } = await completionAt(walk(program, words.slice(0, -1)), typed);
  // After `--output=`, only the value is completed; shells keep the text before it.
  const start = typed.startsWith('--') ? typed.slice(typed.indexOf('=') + 1) : typed;
  const lines = candidates
    .filter(({ value }) => value.startsWith(start))
    .map(({ value, description }) => `${value}\t${description}\n`);
  terminal.out(`${lines.join('')}${files ? FILES : NO_FILES}\n`);
  return 0;
}

/** The position of the unfinished word. */
interface Place {
  readonly command: Command;
  /** The option whose value is being typed. */
  readonly option: Option | undefined;
  /** The number of earlier arguments. */
  readonly index: number;
  /** Whether `--` has ended the options. */
  readonly onlyArguments: boolean;
}

function walk(program: Command, words: readonly string[]): Place {
  return words.reduce<Place>(step, { command: program, option: undefined, index: 0, onlyArguments: false });
}

function step(place: Place, word: string): Place {
  const { command, option, onlyArguments } = place;
  if (option !== undefined) return { ...place, option: undefined };
  if (onlyArguments || !word.startsWith('-') || word === '-') return stepOver(place, word);
  return word === '--' ? { ...place, onlyArguments: true } : { ...place, option: valueOption(command, word) };
}

function stepOver(place: Place, word: string): Place {
  const { command, index } = place;
  if (index === 0 && word === 'help' && command.commands.length > 0) return place;
  const next = index === 0 ? command.commands.find((one) => one.name() === word) : undefined;
  return next === undefined ? { ...place, index: index + 1 } : { ...place, command: next };
}

/** Returns the option of a flag if the option takes a value. */
function valueOption(command: Command, flag: string): Option | undefined {
  return command.options.find(({ short, long, required, optional }) => {
    return (short === flag || long === flag) && (required || optional);
  });
}

async function completionAt({ command, option, index, onlyArguments }: Place, typed: string): Promise<Completion> {
  if (option !== undefined) return valuesOf(option);
  if (!onlyArguments && typed.startsWith('-')) {
    const equals = typed.indexOf('=');
    const named = equals < 0 ? undefined : valueOption(command, typed.slice(0, equals));
    return named === undefined ? { candidates: optionsOf(command, typed), files: false } : valuesOf(named);
  }
  const commands = index === 0 && !onlyArguments ? commandsOf(command) : [];
  if (commands.length > 0) return { candidates: commands, files: false };
  return argumentsOf(command, index);
}

async function valuesOf({ argChoices = [], flags, long }: Option): Promise<Completion> {
  const values = long === '--context' ? await contextNames() : argChoices;
  return { candidates: values.map((value) => ({ value, description: '' })), files: takesFile(flags) };
}

/** Returns the contexts of the kubeconfig; none if a file cannot be read. */
async function contextNames(): Promise<readonly string[]> {
  const { loadConfig } = await import('../config/config.ts');
  const { kubeconfigFiles, loadKubeconfig } = await import('../cluster/kubeconfig.ts');
  try {
    const { cluster, env, originOf } = (await loadConfig({})).config;
    const { contexts } = loadKubeconfig(kubeconfigFiles(cluster.kubeconfig, env), originOf);
    return [...contexts.keys()].filter((name) => /^[^\p{C}\s]+$/u.test(name));
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

function optionsOf(command: Command, typed: string): readonly Candidate[] {
  const short = /^-[^-]?$/.test(typed);
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap((option) =>
      [short ? option.short : undefined, option.long].flatMap((value) =>
        value === undefined || value === null ? [] : [{ value, description: option.description }],
      ),
    );
}

function commandsOf(command: Command): readonly Candidate[] {
  if (command.commands.length === 0) return [];
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ value: one.name(), description: one.description() }));
}

async function argumentsOf(command: Command, index: number): Promise<Completion> {
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[index] ?? (last?.variadic ? last : undefined);
  if (argument === undefined) return { candidates: [], files: false };
  return { candidates: await namesFor(command, argument), files: takesFile(argument.name()) };
}

/** Names of arguments that are loaded with the command, so its definition cannot list them. */
const NAMES: Readonly<Record<string, () => Promise<readonly Candidate[]>>> = {
  rule: async () => {
    const { RULES } = await import('../policy/rules/index.ts');
    return RULES.map(({ name, description }) => ({ value: name, description }));
  },
  schema: async () => {
    const { SCHEMA_NAMES } = await import('./schema.ts');
    return SCHEMA_NAMES.map((value) => ({ value, description: '' }));
  },
};

async function namesFor(command: Command, { argChoices = [] }: Argument): Promise<readonly Candidate[]> {
  const choices = argChoices.map((value) => ({ value, description: '' }));
  return [...choices, ...((await NAMES[command.name()]?.()) ?? [])];
}
