/** The command-line definition of `init`. */
import { Argument, type Command, Option } from 'commander';
import { clusterOptions, configOption, ignoreOption, renderOptions, type Result } from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addInit(program: Command, result: Result, terminal: Terminal): void {
  const command = program
    .command('init')
    .description('Write a starting policy that denies nothing today, and tests for it')
    .addArgument(new Argument('[FILE|DIR...]', 'Manifests in YAML or JSON').default(['.'], '"."'))
    .addOption(configOption());
  for (const option of [...clusterOptions(), ...renderOptions()]) command.addOption(option);
  command
    .option('--pre-commit', 'Also write .pre-commit-config.yaml')
    .addOption(new Option('--ci <NAME>', 'Also write a pipeline').choices(['github', 'gitlab']))
    .option('--force', 'Replace files that exist')
    .option('--dry-run', 'Only print the files')
    .addOption(ignoreOption())
    .addHelpText('after', INIT_EXAMPLES)
    .action(async (paths, flags) => {
      const { init } = await import('./init/init.ts');
      result.code = await init(paths, flags, terminal);
    });
}

const INIT_EXAMPLES = `
Files:
  policies/images.yaml  A policy with the registries of today, and each rule that
                        has no violation; the others warn or are left out
  policy-tests/         A test suite (see tidewaiter test)

Examples:
  # Print what would be written
  tidewaiter init deploy/ --dry-run

  # Start with the manifests in this directory, and check each commit
  tidewaiter init --pre-commit --ci github

  # Start with charts and kustomizations as they are deployed
  tidewaiter init --helm --helm-values production.yaml --kustomize

  # Start with what runs in a cluster; you need "list" on all kinds of workloads
  tidewaiter init --context production

Exit codes: 0 success, 2 nothing was written: a file exists, or no image was
found`;
