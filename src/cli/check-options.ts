/** Options of `check` for what it reports and how its text looks. */
import { InvalidArgumentError, Option } from 'commander';
import { GROUPINGS } from '../report/check-view.ts';
import { collect } from './command-options.ts';

export const selectOptions = (): readonly Option[] => [
  new Option('--only <RULE|POLICY>', 'Report only the findings of this rule or policy; repeatable').argParser(collect),
  new Option('--except <RULE|POLICY>', 'Omit the findings of this rule or policy; repeatable').argParser(collect),
];

export const viewOptions = (): readonly Option[] => [
  new Option(
    '--group-by <WHAT>',
    'How to group the findings in text output (default: file; workload if a terminal has fewer lines than there are findings)',
  ).choices(GROUPINGS),
  new Option(
    '--source-lines <N>',
    'Lines of the file to print before and after each value, 0 to 20 (default: 1 in a terminal with at most 10 findings, otherwise 0)',
  ).argParser(numberOfLines),
];

export const baselineOptions = (): readonly Option[] => [
  new Option(
    '--baseline <FILE>',
    'File of known findings, which are only counted; check exits with 1 for others',
  ).conflicts('writeBaseline'),
  new Option('--write-baseline <FILE>', 'Write the findings of this run to a baseline, and exit with 0').conflicts([
    'only',
    'except',
  ]),
  new Option('--since <REVISION>', 'Only check objects that differ from a git revision, as updates of it').conflicts([
    'baseline',
    'writeBaseline',
    'listFiles',
  ]),
];

export const exceptionOptions = (): readonly Option[] => [
  new Option(
    '--write-exceptions <FILE>',
    'Write ImagePolicyExceptions for the denials and warnings of this run; requires --expires and --owner',
  ).conflicts(['writeBaseline', 'listFiles']),
  new Option('--expires <DATE>', 'With --write-exceptions: expiry date of the exceptions, YYYY-MM-DD'),
  new Option('--owner <TEXT>', 'With --write-exceptions: the team, person, or address that is responsible'),
  new Option('--reason <TEXT>', 'With --write-exceptions: reason for the exceptions (default: the date of the check)'),
];

const MAX_LINES = 20;

function numberOfLines(value: string): number {
  if (/^\d{1,2}$/.test(value) && Number(value) <= MAX_LINES) return Number(value);
  throw new InvalidArgumentError(`expected a number from 0 to ${MAX_LINES}`);
}
