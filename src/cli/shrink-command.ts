/** The command-line definition of `shrink`. */
import { type Command, Option } from 'commander';
import { configOption, pluginOption, policyOption, type Result } from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addShrink(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('shrink')
    .description('Write a test suite with the smallest recorded review of each distinct decision')
    .argument('<FILE|DIR|-...>', 'Recordings of serve; "-" is standard input')
    .addOption(new Option('--out <DIR>', 'Directory for suite.yaml and reviews/').makeOptionMandatory())
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(pluginOption())
    .option('--force', 'Replace files that shrink did not write, or that have changed since')
    .addHelpText('after', SHRINK_EXAMPLES)
    .action(async (paths, flags) => {
      const { shrink } = await import('./shrink/shrink.ts');
      result.code = await shrink(paths, flags, terminal);
    });
}

const SHRINK_EXAMPLES = `
Decisions are the same if the kind, the operation, allowed or denied, and the
set of policies and rules with findings, their outcomes, and their actions are
equal.

Examples:
  # Write tests for your policies from what the cluster was asked, and run them
  tidewaiter shrink recordings/ -p policies/ --out tests/
  tidewaiter test tests/

Exit codes: 0 success, 2 some input could not be read, but the suite is written
from the others, or nothing was written`;
