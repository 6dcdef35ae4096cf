/** What the definitions of commands share: their options, and where the exit code goes. */
import { InvalidArgumentError, Option } from 'commander';

/** The exit code of the command that ran. */
export type Result = { code: number };

export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

export function nonEmpty(value: string): string {
  if (value === '') throw new InvalidArgumentError('It must not be empty.');
  return value;
}

export const policyOption = (description: string): Option =>
  new Option('-p, --policy <FILE|FOLDER>', description).argParser(collect);

export const configOption = (): Option =>
  new Option('-c, --config <FILE>', 'configuration file (default: tidewaiter.yaml, if there is one)');
