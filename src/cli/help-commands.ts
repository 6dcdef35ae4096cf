/** The command-line definitions of `rules`, `kinds`, `schema`, and `completion`. */
import { Argument, type Command, Option } from 'commander';
import { collect, configOption, pluginOption, type Result, textOrJson } from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addRules(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('rules')
    .description('List the rules with their purpose and the data they need')
    .addOption(configOption())
    .addOption(pluginOption())
    .addOption(textOrJson('Output format'))
    .addHelpText('after', '\nExit codes: 0 success, 2 unreadable input')
    .action(async (flags) => {
      const { listRules } = await import('./rules.ts');
      result.code = await listRules(flags, terminal);
    });
}

export function addKinds(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('kinds')
    .description('Print entries for the key "kinds", for custom kinds with Pods or images')
    .addOption(
      new Option('--from-crd <FILE|DIR|->', 'CustomResourceDefinitions; repeatable')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .addHelpText('after', KINDS_EXAMPLES)
    .action(async (flags) => {
      const { printCrdKinds } = await import('./crd-kinds.ts');
      result.code = await printCrdKinds(flags, terminal);
    });
}

const KINDS_EXAMPLES = `
Examples:
  # Print the entries for the CRDs of an operator
  tidewaiter kinds --from-crd crds/

  # Those of a cluster
  kubectl get crd -o yaml | tidewaiter kinds --from-crd -

Locations that tidewaiter already knows are left out. A comment names locations
that the schema does not describe.

Exit codes: 0 success; 2 a file cannot be read, or contains no
CustomResourceDefinition`;

export function addSchema(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('schema')
    .description('Print a JSON Schema for editors')
    .argument(
      '[NAME]',
      'policy, exception, list, test-suite, config, or all (every kind of document in a policy directory)',
      'all',
    )
    .addHelpText('after', SCHEMA_EXAMPLES)
    .addOption(configOption())
    .addOption(pluginOption())
    .action(async (name, flags) => {
      const { printSchema } = await import('./schema.ts');
      result.code = await printSchema(name, flags, terminal);
    });
}

const SCHEMA_EXAMPLES = `
Examples:
  # Save the schema of policies
  tidewaiter schema policy > policy.schema.json

  # Use it in an editor with yaml-language-server: start the policy file with this line
  # yaml-language-server: $schema=policy.schema.json

Exit codes: 0 success, 2 unknown schema or unreadable input`;

export function addCompletion(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('completion')
    .description('Print a shell completion script')
    .addArgument(new Argument('<SHELL>', 'Your shell').choices(SHELLS))
    .addHelpText('after', COMPLETION_EXAMPLES)
    .action(async (shell) => {
      const { completionScript } = await import('./completion-script.ts');
      result.code = completionScript(shell, terminal);
    });
  program
    .command('complete', { hidden: true })
    .description('Print completions for a shell')
    .argument('[WORD...]', 'Words of the command line, after "--"')
    .action(async (words) => {
      const { complete } = await import('./complete.ts');
      result.code = await complete(words, program, terminal);
    });
}

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'];

const COMPLETION_EXAMPLES = `
Add the line for your shell to its startup file:
  bash         source <(tidewaiter completion bash)
  zsh          source <(tidewaiter completion zsh)
  fish         tidewaiter completion fish | source
  powershell   tidewaiter completion powershell | Out-String | Invoke-Expression

Exit codes: 0 success, 2 unknown shell`;
