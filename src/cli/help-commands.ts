/** `explain`, `rules`, `schema` and `completion`: the commands that help people who write policies and manifests. */
import { Argument, type Command, Option } from 'commander';
import { configOption, namespaceOption, pluginOption, type Result } from './command-options.ts';
import type { Terminal } from './terminal.ts';

const textOrJson = (description: string): Option =>
  new Option('-o, --output <FORMAT>', description).choices(['text', 'json']).default('text');

export function addExplain(program: Command, result: Result, terminal: Terminal): void {
  const explain = program.command('explain').description('explain what something means');
  addExplainImage(explain, result, terminal);
  addExplainRule(explain, result, terminal);
  addExplainCredentials(explain, result, terminal);
  addExplainPod(explain, result, terminal);
}

function addExplainImage(explain: Command, result: Result, terminal: Terminal): void {
  explain
    .command('image')
    .description('how container runtimes read an image reference')
    .argument(
      '[REF...]',
      'references; "-" reads one a line from standard input, a line that begins with \'"\' is a JSON string',
    )
    .addOption(textOrJson('how to print; json is one object a line'))
    .option('--resolve', 'ask the registry, too: credentials in the order they are tried, digest, platforms, size, age')
    .addOption(configOption())
    .option(
      '--pull-secret <FILE...>',
      'with --resolve: Secret manifests in the order of imagePullSecrets, "-" is standard input; repeatable',
    )
    .addHelpText('after', EXPLAIN_IMAGE_CODES)
    .action(async (references, flags) => {
      const { explainImages } = await import('./explain/image.ts');
      result.code = await explainImages(references, flags, terminal);
    });
}

const EXPLAIN_IMAGE_CODES = `
Exit codes: 0 explained, 1 not a reference, 2 something could not be read.
With --resolve: 0 it can be pulled, 1 the registry says no, 2 could not tell.`;

function addExplainRule(explain: Command, result: Result, terminal: Terminal): void {
  explain
    .command('rule')
    .description('why a rule exists, its parameters, an example, and what to do about a finding')
    .argument('<NAME>', 'a rule, as "tidewaiter rules" lists them')
    .addOption(configOption())
    .addOption(pluginOption())
    .addOption(textOrJson('how to print'))
    .action(async (name, flags) => {
      const { explainRule } = await import('./explain/rule.ts');
      result.code = await explainRule(name, flags, terminal);
    });
}

function addExplainCredentials(explain: Command, result: Result, terminal: Terminal): void {
  explain
    .command('credentials')
    .description('which credentials the kubelet tries for an image, in its order; passwords are never shown')
    .argument('[IMAGE]', 'image reference')
    .option(
      '--pull-secret <FILE...>',
      'Secret manifests in the order of imagePullSecrets, "-" is standard input; repeatable',
    )
    .addOption(textOrJson('how to print; json is one object a line'))
    .addHelpText('after', '\nExit codes: 0 found, 1 none or the kubelet refuses them, 2 something could not be read.')
    .action(async (image, flags) => {
      const { explainCredentials } = await import('./explain/credentials.ts');
      result.code = await explainCredentials(image, flags, terminal);
    });
}

function addExplainPod(explain: Command, result: Result, terminal: Terminal): void {
  explain
    .command('pod')
    .description(
      'a picture of each workload: ports, volumes, containers in the order they start, and how each image is pulled',
    )
    .argument(
      '<FILE|FOLDER|-...>',
      'manifests, "-" is standard input; Secrets and ServiceAccounts in them say which credentials there are',
    )
    .addOption(configOption())
    .addOption(namespaceOption())
    .addOption(textOrJson('how to print; json is one object a line'))
    .addHelpText('after', '\nExit codes: 0 shown, 1 no workload there, 2 something could not be read.')
    .action(async (paths, flags) => {
      const { explainPod } = await import('./explain/pod.ts');
      result.code = await explainPod(paths, flags, terminal);
    });
}

export function addRules(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('rules')
    .description('list the rules: what each asks, and what it needs to know')
    .addOption(configOption())
    .addOption(pluginOption())
    .addOption(textOrJson('how to print'))
    .action(async (flags) => {
      const { listRules } = await import('./rules.ts');
      result.code = await listRules(flags, terminal);
    });
}

export function addSchema(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('schema')
    .description('print a JSON Schema, for editors')
    .argument(
      '[NAME]',
      'policy, exception, list, test-suite, config, or all: every kind of document that a folder of policies can hold',
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
  tidewaiter schema policy > policy.schema.json
  # yaml-language-server: $schema=policy.schema.json    as the first line of a policy, in editors with that language server`;

export function addCompletion(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('completion')
    .description('print a script that lets your shell complete commands, options and names')
    .addArgument(new Argument('<SHELL>', 'your shell').choices(SHELLS))
    .addHelpText('after', COMPLETION_EXAMPLES)
    .action(async (shell) => {
      const { completionScript } = await import('./completion-script.ts');
      result.code = completionScript(shell, terminal);
    });
  program
    .command('complete', { hidden: true })
    .description('answer a shell: what could come next')
    .argument('[WORD...]', 'the words so far, after "--"')
    .action(async (words) => {
      const { complete } = await import('./complete.ts');
      result.code = await complete(words, program, terminal);
    });
}

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'];

const COMPLETION_EXAMPLES = `
In the file that your shell reads when it starts:
  bash         source <(tidewaiter completion bash)
  zsh          source <(tidewaiter completion zsh)
  fish         tidewaiter completion fish | source
  powershell   tidewaiter completion powershell | Out-String | Invoke-Expression`;
