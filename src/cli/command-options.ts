/** Options that several commands share. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { FAIL_ON, type FailOn } from '../report/check.ts';
import { formatsFor, type ReportCommand } from '../report/index.ts';
import { defaultText, type Flag, optionOf, type ValueSchema } from '../config/key.ts';
import { KEYS, ROWS } from '../config/keys.ts';
import { dayStart } from '../go/date.ts';
import { isName, LABEL } from '../policy/name-language.ts';

/** Receives the exit code of the command that runs. */
export type Result = { code: number };

export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

function nonEmpty(value: string): string {
  if (value !== '') return value;
  throw new InvalidArgumentError('The path is empty.');
}

/** Policies match namespaces by name, so an impossible name would match nothing. */
export function namespaceName(value: string): string {
  if (isName(value, LABEL)) return value;
  throw new InvalidArgumentError('Use lowercase letters, digits, and inner hyphens, at most 63 characters.');
}

/** `shop,payments`, also repeated. */
export function namespaceNames(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...value.split(',').map(namespaceName)];
}

/** `--fail-on warn --fail-on nothing`, or `--fail-on warn,nothing`. */
export function levelsOf(value: string, before: readonly FailOn[]): readonly FailOn[] {
  const levels = value.split(',').map((text) => FAIL_ON.find((level) => level === text));
  if (levels.some((level) => level === undefined))
    throw new InvalidArgumentError(`Allowed choices are ${FAIL_ON.join(', ')}.`);
  return [...before, ...levels.filter((level) => level !== undefined)];
}

/** Rejects empty paths, which come from unset variables in scripts. */
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

/** Collects values as commander does: the first value replaces the default. */
function several(defaultValue: unknown): (value: string, before: unknown) => readonly unknown[] {
  return (value, before) => (before === defaultValue || !Array.isArray(before) ? [value] : [...before, value]);
}

export function takesFile(placeholder: string): boolean {
  return /FILE|DIR/.test(placeholder);
}

/** The option of a key of the configuration. */
export function configuredBy({ flag, schema }: { readonly flag: Flag; readonly schema: ValueSchema }): Option {
  const { short, value, help, isRepeatable } = flag;
  const byDefault = defaultText(schema);
  const option = new Option(
    `${short === undefined ? '' : `-${short}, `}${optionOf(flag)} <${value}>`,
    byDefault === undefined ? help : `${help} (default: ${byDefault})`,
  );
  return isRepeatable ? option.argParser(collect) : option;
}

/** Those of all keys that have one. */
export function serverOptions(): readonly Option[] {
  return [...ROWS.values()].flatMap(({ flag, schema }) => (flag === undefined ? [] : [configuredBy({ flag, schema })]));
}

export const policyOption = (): Option => configuredBy(KEYS.policies);

export const pluginOption = (): Option => configuredBy(KEYS.plugins);

export const configOption = (): Option =>
  new Option('-c, --config <FILE>', 'Configuration file (default: tidewaiter.yaml, if it exists)');

export const namespaceOption = (): Option =>
  new Option(
    '-n, --namespace <NAME>',
    'Namespace for objects that do not specify one (default: that of the context with --cluster, otherwise "default")',
  ).argParser(namespaceName);

/** The ServiceAccount of new Pods, for commands that have no Pod. */
export const accountOptions = (): readonly Option[] => [
  ...clusterOptions(),
  new Option(
    '-n, --namespace <NAME>',
    'With --cluster: namespace of the ServiceAccount (default: that of the context)',
  ).argParser(namespaceName),
  new Option('--service-account <NAME>', 'With --cluster: ServiceAccount whose pull secrets apply (default: default)'),
];

/** For commands, --cluster is a switch: the files that follow it are not its value. */
export const clusterOptions = (): readonly Option[] => [
  new Option(
    '--cluster',
    'Read objects from the cluster of the current context; implied by --context and --kubeconfig',
  ),
  configuredBy(KEYS.context),
  configuredBy(KEYS.kubeconfig),
];

/** Milliseconds since 1970. */
function dayOf(value: string): number {
  const start = dayStart(value);
  if (start === undefined) throw new InvalidArgumentError('Expected a date in the form YYYY-MM-DD.');
  return start;
}

export const nowOption = (): Option =>
  new Option(
    '--now <DATE>',
    'Evaluate as of this date, YYYY-MM-DD, for example to test when exceptions expire (default: today)',
  ).argParser(dayOf);

export function outputOption(command: ReportCommand): Option {
  const formats = formatsFor(command);
  return new Option('-o, --output <FORMAT>', 'Output format').choices(formats).default(formats[0]);
}
