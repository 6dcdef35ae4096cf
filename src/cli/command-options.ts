/** What the definitions of commands share: their options, and where the exit code goes. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { FAIL_ON, type FailOn } from '../report/check.ts';
import { formatsFor, type ReportCommand } from '../report/index.ts';
import { type Flag, optionOf } from '../config/key.ts';
import { KEYS, ROWS } from '../config/keys.ts';
import { dayStart } from '../go/date.ts';
import { isName, LABEL } from '../policy/name-language.ts';

/** The exit code of the command that ran. */
export type Result = { code: number };

export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

function nonEmpty(value: string): string {
  if (value !== '') return value;
  throw new InvalidArgumentError('A path cannot be empty.');
}

/** Policies name namespaces, so in one that cannot be, nothing would be found. */
function namespaceName(value: string): string {
  if (isName(value, LABEL)) return value;
  throw new InvalidArgumentError('Use lowercase letters, digits, and inner hyphens, at most 63 characters.');
}

/** `--fail-on warn --fail-on nothing`, or `--fail-on warn,nothing`. */
export function levelsOf(value: string, before: readonly FailOn[]): readonly FailOn[] {
  const levels = value.split(',').map((text) => FAIL_ON.find((level) => level === text));
  if (levels.some((level) => level === undefined))
    throw new InvalidArgumentError(`Allowed choices are ${FAIL_ON.join(', ')}.`);
  return [...before, ...levels.filter((level) => level !== undefined)];
}

/** No option and no argument takes an empty path: it is what an unset variable in a script leaves behind. */
export function requirePaths(command: Command): void {
  for (const option of command.options) {
    const { flags, parseArg, variadic, defaultValue } = option;
    if (!takesFile(flags)) continue;
    const parse = parseArg ?? (variadic ? several(defaultValue) : undefined);
    option.argParser((value: string, before: unknown) => parse?.(nonEmpty(value), before) ?? nonEmpty(value));
  }
  for (const argument of command.registeredArguments) {
    const { variadic, defaultValue } = argument;
    if (!takesFile(argument.name())) continue;
    const parse = variadic ? several(defaultValue) : (value: string): unknown => value;
    argument.argParser((value: string, before: unknown) => parse(nonEmpty(value), before));
  }
}

/** As commander collects them: the first one takes the place of the default. */
function several(defaultValue: unknown): (value: string, before: unknown) => readonly unknown[] {
  return (value, before) => (before === defaultValue || !Array.isArray(before) ? [value] : [...before, value]);
}

export function takesFile(placeholder: string): boolean {
  return /FILE|FOLDER/.test(placeholder);
}

/** The option of a key of the configuration. */
export function configuredBy({ flag }: { readonly flag: Flag }): Option {
  const { short, value, help, isRepeatable } = flag;
  const option = new Option(`${short === undefined ? '' : `-${short}, `}${optionOf(flag)} <${value}>`, help);
  return isRepeatable ? option.argParser(collect) : option;
}

/** Those of all keys that have one. */
export function serverOptions(): readonly Option[] {
  return [...ROWS.values()].flatMap(({ flag }) => (flag === undefined ? [] : [configuredBy({ flag })]));
}

export const policyOption = (): Option => configuredBy(KEYS.policies);

export const pluginOption = (): Option => configuredBy(KEYS.plugins);

export const configOption = (): Option =>
  new Option('-c, --config <FILE>', 'configuration file (default: tidewaiter.yaml, if there is one)');

export const namespaceOption = (): Option =>
  new Option('-n, --namespace <NAME>', 'namespace of objects that name none')
    .argParser(namespaceName)
    .default('default');

/** Milliseconds since 1970. */
function dayOf(value: string): number {
  const start = dayStart(value);
  if (start === undefined) throw new InvalidArgumentError('It must be a day: YYYY-MM-DD.');
  return start;
}

export const nowOption = (): Option =>
  new Option('--now <DATE>', 'judge as if it were this day, YYYY-MM-DD: exceptions expire (default: today)').argParser(
    dayOf,
  );

export function outputOption(command: ReportCommand): Option {
  const formats = formatsFor(command);
  return new Option('-o, --output <FORMAT>', 'how to print').choices(formats).default(formats[0]);
}
