/** The command-line definition of `suggest`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { collect, configOption, outputOption, type Result } from './command-options.ts';
import type { Terminal } from './terminal.ts';
import { timeOptions } from './time-options.ts';

export function addSuggest(program: Command, result: Result, terminal: Terminal): void {
  const command = program
    .command('suggest')
    .description('Derive the strictest policies that deny nothing of a recording, and what each next step would deny')
    .addOption(
      new Option('--from <FILE|DIR>', 'Recordings, AdmissionReviews, or manifests in JSON or YAML; repeatable')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .addOption(configOption())
    .addOption(outputOption('suggest'));
  for (const option of timeOptions()) command.addOption(option);
  command
    .option('--out <DIR>', 'Also write the policies to images.yaml in this directory')
    .option('--force', 'With --out: replace the file if it exists')
    .addOption(new Option('--steps <N>', 'Next steps to list').argParser(positive).default(20))
    .addOption(
      new Option('--allow <WHAT>', 'What image-registry lists: registries, or each repository')
        .choices(['registry', 'repository'])
        .default('registry'),
    )
    .option('--include-denied', 'Also count reviews that were denied when they were recorded')
    .addHelpText('after', SUGGEST_EXAMPLES)
    .action(async (flags) => {
      const { suggest } = await import('./suggest/suggest.ts');
      result.code = await suggest(flags, terminal);
    });
}

const MAX_STEPS = 1000;

function positive(value: string): number {
  const number = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (number >= 1 && number <= MAX_STEPS) return number;
  throw new InvalidArgumentError(`expected a number from 1 to ${MAX_STEPS}`);
}

const SUGGEST_EXAMPLES = `
A step denies reviews that the policies allow. Steps are in the order of the
share of reviews that they deny, the least first.

Examples:
  # Print policies for what the cluster was asked, and the next steps
  tidewaiter suggest --from recordings/

  # Write the policies, and compare the decisions
  tidewaiter suggest --from recordings/ --out policies/
  tidewaiter replay recordings/ -p policies/

  # Steps with the policy of each, as data
  tidewaiter suggest --from recordings/ -o json

Exit codes: 0 success, 2 some input could not be read, but other results are
still printed, or nothing was written: a file exists, or no image was found`;
