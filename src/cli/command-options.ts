/** What the definitions of commands share: their options, and where the exit code goes. */
import { InvalidArgumentError, Option } from 'commander';
import { FAIL_ON, type FailOn } from '../report/check.ts';
import { dayStart } from '../policy/day.ts';
import { isName, LABEL } from '../policy/name-language.ts';

/** The exit code of the command that ran. */
export type Result = { code: number };

export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

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

export const policyOption = (description: string): Option =>
  new Option('-p, --policy <FILE|FOLDER>', description).argParser(collect);

export const pluginOption = (): Option =>
  new Option('--plugin <FILE>', 'TypeScript or JavaScript module with more rules; repeatable').argParser(collect);

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
