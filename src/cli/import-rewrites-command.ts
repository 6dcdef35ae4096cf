/** The command-line definition of `import-rewrites`. */
import { type Command, Option } from 'commander';
import { collect, type Result } from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addImportRewrites(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('import-rewrites')
    .description('Convert rewrite rules of k8s-image-swapper, harbor-container-webhook, and Kyverno to policies')
    .argument('<FILE|DIR|-...>', 'Configurations, or policies of Kyverno; "-" is standard input')
    .addOption(
      new Option(
        '--registry <HOST>',
        'A registry for rules about any registry; repeatable (default: only docker.io, and the rule is listed)',
      ).argParser(collect),
    )
    .option('--out <DIR>', 'Write the policies to rewrites.yaml in this directory, instead of printing them')
    .option('--force', 'With --out: replace the file if it exists')
    .addHelpText('after', EXAMPLES)
    .action(async (paths, flags) => {
      const { importRewrites } = await import('./rewrites/import-rewrites.ts');
      result.code = await importRewrites(paths, flags, terminal);
    });
}

const EXAMPLES = `
Each entry has a comment with the file and line that it is from. Rules that have
no certain equivalent are not converted, and listed with the reason.

Examples:
  # Print the policies for a configuration
  tidewaiter import-rewrites k8s-image-swapper.yaml

  # Write them, and see what would change
  tidewaiter import-rewrites harbor-webhook.yaml --out policies/
  tidewaiter check deploy/ -p policies/

  # A policy of Kyverno that replaces any registry: name the registries
  tidewaiter import-rewrites replace-image-registry.yaml --registry docker.io --registry quay.io

Exit codes: 0 everything is converted; 1 some rules are not; 2 some input could
not be read, but other results are still printed, or nothing was written`;
