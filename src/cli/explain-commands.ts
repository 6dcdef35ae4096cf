/** The command-line definitions of `explain`. */
import { type Command, Option } from 'commander';
import {
  ignoreOption,
  accountOptions,
  clusterOptions,
  collect,
  configOption,
  namespaceOption,
  type Result,
  textOrJson,
  pluginOption,
} from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addExplain(program: Command, result: Result, terminal: Terminal): void {
  const explain = program
    .command('explain')
    .description('Explain images, rules, credentials, Pods, and mirrors of nodes')
    .helpCommand('help [command]', 'Print help for a command');
  addExplainImage(explain, result, terminal);
  addExplainRule(explain, result, terminal);
  addExplainCredentials(explain, result, terminal);
  addExplainPod(explain, result, terminal);
  addExplainNodes(explain, result, terminal);
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

function addExplainNodes(explain: Command, result: Result, terminal: Terminal): void {
  explain
    .command('nodes')
    .description('Print mirror configurations for containerd and CRI-O that do what "rewrite" of policies does')
    .addOption(configOption())
    .addOption(new Option('-p, --policy <FILE|DIR>', 'Policies with "rewrite"; repeatable').argParser(collect))
    .addOption(
      new Option('--registry <HOST>', 'A registry that "**" at the start of "from" includes; repeatable').argParser(
        collect,
      ),
    )
    .addOption(new Option('--runtime <NAME>', 'Only for this container runtime').choices(['containerd', 'crio']))
    .option('--out <DIR>', 'Also write the files below this directory')
    .option('--force', 'With --out: replace files that exist')
    .addOption(textOrJson('Output format'))
    .addHelpText('after', EXPLAIN_NODES_EXAMPLES)
    .action(async (flags) => {
      const { explainNodes } = await import('./explain/nodes.ts');
      result.code = await explainNodes(flags, terminal);
    });
}

const EXPLAIN_NODES_EXAMPLES = `
For each entry of "rewrite", it says whether nodes can do the same, and where
they differ.

Examples:
  # Print both configurations, and what only one of the two ways can do
  tidewaiter explain nodes -p policies/

  # {from: "**"} includes the registry, and nodes are configured by registry
  tidewaiter explain nodes -p policies/ --registry docker.io --registry quay.io

  # Write /etc/containerd/certs.d/*/hosts.toml below a directory
  tidewaiter explain nodes -p policies/ --runtime containerd --out nodes/

Exit codes: 0 success, 2 unreadable input, or no policy has "rewrite"`;
