/** The command-line definitions of `explain`, `rules`, `schema`, and `completion`. */
import { Argument, type Command, Option } from 'commander';
import {
  ignoreOption,
  accountOptions,
  clusterOptions,
  collect,
  configOption,
  namespaceOption,
  pluginOption,
  type Result,
} from './command-options.ts';
import type { Terminal } from './terminal.ts';

const textOrJson = (description: string): Option =>
  new Option('-o, --output <FORMAT>', description).choices(['text', 'json']).default('text');

export function addExplain(program: Command, result: Result, terminal: Terminal): void {
  const explain = program
    .command('explain')
    .description('Explain images, rules, credentials, and Pods')
    .helpCommand('help [command]', 'Print help for a command');
  addExplainImage(explain, result, terminal);
  addExplainRule(explain, result, terminal);
  addExplainCredentials(explain, result, terminal);
  addExplainPod(explain, result, terminal);
}

function addExplainImage(explain: Command, result: Result, terminal: Terminal): void {
  const command = explain
    .command('image')
    .description('Show how container runtimes parse an image reference')
    .argument(
      '[REF...]',
      'Image references; "-" reads one per line from standard input (a line that starts with \'"\' is a JSON string)',
    )
    .addOption(textOrJson('Output format; json prints one object per line'))
    .option('--resolve', 'Also query the registry: credentials in order, digest, platforms, size, age')
    .addOption(configOption())
    .addOption(
      new Option(
        '-p, --policy <FILE|DIR>',
        'Also show how the policies in this file or directory rewrite the image, in the namespace of -n (default: default); repeatable',
      ).argParser(collect),
    )
    .option(
      '--pull-secret <FILE...>',
      'With --resolve: Secret manifests in the order of imagePullSecrets; "-" is standard input; repeatable',
    );
  for (const option of accountOptions()) command.addOption(option);
  command.addHelpText('after', EXPLAIN_IMAGE_EXAMPLES).action(async (references, flags) => {
    const { explainImages } = await import('./explain/image.ts');
    result.code = await explainImages(references, flags, terminal);
  });
}

const EXPLAIN_IMAGE_EXAMPLES = `
Examples:
  # Show the registry, repository, tag, and digest of a reference
  tidewaiter explain image nginx

  # Trace a pull with a pull secret
  tidewaiter explain image registry.example.com/shop/web:7 --resolve --pull-secret regcred.yaml

  # Show the names that policies give an image, such as that in a mirror
  tidewaiter explain image nginx:1.27 -p policies/

  # Trace a pull with the pull secrets of new Pods in a namespace
  tidewaiter explain image registry.example.com/shop/web:7 --cluster -n shop

Exit codes: 0 success; 1 a reference is invalid; 2 unreadable input
With --resolve or --cluster: 0 the image can be pulled; 1 it cannot be pulled, or the
reference is invalid; 2 unknown, or unreadable input`;

function addExplainRule(explain: Command, result: Result, terminal: Terminal): void {
  explain
    .command('rule')
    .description('Describe a rule: purpose, parameters, example, and how to fix a finding')
    .argument('<NAME>', 'Name of a rule; for a list, run tidewaiter rules')
    .addOption(configOption())
    .addOption(pluginOption())
    .addOption(textOrJson('Output format'))
    .addHelpText('after', EXPLAIN_RULE_EXAMPLES)
    .action(async (name, flags) => {
      const { explainRule } = await import('./explain/rule.ts');
      result.code = await explainRule(name, flags, terminal);
    });
}

const EXPLAIN_RULE_EXAMPLES = `
Examples:
  # Describe a built-in rule
  tidewaiter explain rule image-tag

  # Describe a custom rule
  tidewaiter explain rule team-images --plugin rules.ts

Exit codes: 0 success, 2 unknown rule or unreadable input`;

function addExplainCredentials(explain: Command, result: Result, terminal: Terminal): void {
  const command = explain
    .command('credentials')
    .description('List the credentials that the kubelet tries for an image, in order, without passwords')
    .argument('[IMAGE]', 'Image reference')
    .option(
      '--pull-secret <FILE...>',
      'Secret manifests in the order of imagePullSecrets; "-" is standard input; repeatable',
    );
  for (const option of accountOptions()) command.addOption(option);
  command
    .addOption(textOrJson('Output format; json prints one object per line'))
    .addHelpText('after', EXPLAIN_CREDENTIALS_EXAMPLES)
    .action(async (image, flags) => {
      const { explainCredentials } = await import('./explain/credentials.ts');
      result.code = await explainCredentials(image, flags, terminal);
    });
}

const EXPLAIN_CREDENTIALS_EXAMPLES = `
Examples:
  # List the credentials of two pull secrets that match an image
  tidewaiter explain credentials registry.example.com/shop/web:7 --pull-secret regcred.yaml ci.yaml

  # List the credentials of new Pods in a namespace
  tidewaiter explain credentials registry.example.com/shop/web:7 --cluster -n shop

Exit codes: 0 a credential matches; 1 no credential matches, or a pull secret
is malformed; 2 invalid reference, unreadable input, or unknown pull secrets`;

function addExplainPod(explain: Command, result: Result, terminal: Terminal): void {
  const command = explain
    .command('pod')
    .description('Show workloads as trees, with credentials; with --cluster, live Pods and why images are not pulled')
    .argument(
      '<FILE|DIR|POD|-...>',
      'Manifests, with the Secrets and ServiceAccounts that they use; "-" is standard input. With --cluster, an argument without "/" and .yaml, .yml, or .json is the name of a Pod',
    )
    .addOption(configOption())
    .addOption(
      new Option(
        '-p, --policy <FILE|DIR>',
        'Show objects as they would run, with the changes that the policies in this file or directory make; of live Pods, the original images; repeatable',
      ).argParser(collect),
    )
    .addOption(namespaceOption());
  for (const option of clusterOptions()) command.addOption(option);
  command
    .option('--offline', 'With --cluster or --policy: query no registries')
    .addOption(ignoreOption())
    .addOption(textOrJson('Output format; json prints one object per line'))
    .addHelpText('after', EXPLAIN_POD_EXAMPLES)
    .action(async (paths, flags) => {
      const { explainPod } = await import('./explain/pod.ts');
      result.code = await explainPod(paths, flags, terminal);
    });
}

const EXPLAIN_POD_EXAMPLES = `
Examples:
  # Show the workloads in a file
  tidewaiter explain pod deploy/web.yaml

  # Show a running Deployment with its ServiceAccount and pull secret
  kubectl get deployment/web serviceaccount/default secret/regcred -o yaml | tidewaiter explain pod -

  # Show a workload as it would run: images from a mirror, added pull secrets, pull policies
  tidewaiter explain pod deploy/web.yaml -p policies/

  # Show a live Pod: which images run, what their tags point to now, and why a pull failed
  tidewaiter explain pod web-6d5f8c7b9-x2x7p -n shop --cluster

Exit codes: 0 success, 1 no workload or Pod found, 2 unreadable input, or no
response from the cluster`;

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
