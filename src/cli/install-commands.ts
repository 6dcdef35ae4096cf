/** The command-line definitions of `manifests`, its subcommands, and `uninstall`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  collect,
  configOption,
  configuredBy,
  namespaceName,
  namespaceNames,
  pluginOption,
  policyOption,
  type Result,
} from './command-options.ts';
import { KEYS } from '../config/keys.ts';
import { isAddressRange } from '../install/options.ts';
import type { Terminal } from './terminal.ts';

export function addManifests(program: Command, result: Result, terminal: Terminal): void {
  const manifests = program
    .command('manifests')
    .description('Print the Kubernetes manifests of the admission webhook')
    .helpCommand('help [command]', 'Print help for a command')
    .addOption(policyOption())
    .addOption(serverNamespace())
    .addOption(new Option('--replicas <NUMBER>', 'Number of servers').argParser(replicas).default(2))
    .option('--image <REF>', 'Image of the server (default: the image of this version)')
    .addOption(
      new Option(
        '--tls <MODE>',
        'Serving certificate: generated and renewed by the server (self), from cert-manager, or files that you put into the Secret',
      )
        .choices(['self', 'cert-manager', 'files'])
        .default('self'),
    )
    .addOption(
      new Option(
        '--registration <MODE>',
        'Who applies the webhook configurations: you, with the other objects (external), or the server when it is ready (self)',
      )
        .choices(['external', 'self'])
        .default('external'),
    )
    .option('--ca <FILE>', 'With --tls files: CA of the certificate, PEM, for caBundle of the webhook configurations')
    .addOption(new Option('--fail <MODE>', FAIL_HELP).choices(['open', 'closed']).default('open'))
    .addOption(onlyNamespaces())
    .addOption(
      new Option(
        '--api-server-range <CIDR>',
        'Addresses of API servers, which alone can send reviews; repeatable (default: any address)',
      ).argParser(collectRange),
    )
    .option('--service-monitor', 'Add a ServiceMonitor for the Prometheus Operator')
    .option('--prometheus-rule', 'Add a PrometheusRule with alerts for the Prometheus Operator')
    .addHelpText('after', MANIFESTS_EXAMPLES)
    .action(async (flags) => {
      const { printManifests } = await import('./manifests/manifests.ts');
      result.code = await printManifests(flags, terminal);
    });
  addRbac(manifests, result, terminal);
  addValues(manifests, result, terminal);
}

const FAIL_HELP =
  'During an outage of the server, allow objects without a review (open), or reject them (closed); a namespace chooses by the label tidewaiter.dev/fail';

const MANIFESTS_EXAMPLES = `
Examples:
  # Install the webhook with your policies
  tidewaiter manifests -p policies/ | kubectl apply -f -

  # Reject objects during an outage, except in namespaces with the label tidewaiter.dev/fail: open
  tidewaiter manifests --fail closed --replicas 3

Exit codes: 0 success, 2 invalid settings or policies`;

function replicas(value: string): number {
  if (/^[1-9]\d{0,2}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('Expected a number from 1 to 999.');
}

function collectRange(value: string, before: readonly string[] | undefined): readonly string[] {
  if (isAddressRange(value)) return collect(value, before);
  throw new InvalidArgumentError('Expected addresses in CIDR notation, for example 10.0.0.0/24.');
}

const serverNamespace = (): Option =>
  new Option('-n, --namespace <NAME>', 'Namespace of the server').argParser(namespaceName).default('tidewaiter');

const onlyNamespaces = (): Option =>
  new Option(
    '--only-namespaces <NAMES>',
    'Namespaces whose Secrets and ServiceAccounts the server reads, with commas between them: Roles instead of a ClusterRole',
  ).argParser(namespaceNames);

function addRbac(manifests: Command, result: Result, terminal: Terminal): void {
  manifests
    .command('rbac')
    .description('Print the roles for what your policies read from the cluster')
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(pluginOption())
    .addOption(serverNamespace())
    .addOption(onlyNamespaces())
    .addHelpText('after', RBAC_EXAMPLES)
    .action(async (flags) => {
      const { printRoles } = await import('./manifests/rbac.ts');
      result.code = await printRoles(flags, terminal);
    });
}

const RBAC_EXAMPLES = `
Examples:
  # Allow the server to read what your policies need, and nothing else
  tidewaiter manifests rbac -p policies/ | kubectl apply -f -

  # Allow it to read Secrets in two namespaces only
  tidewaiter manifests rbac -p policies/ --only-namespaces shop,payments

Exit codes: 0 success, 2 invalid settings or policies`;

function addValues(manifests: Command, result: Result, terminal: Terminal): void {
  manifests
    .command('values')
    .description('Print your policies, and what they need, as values of the Helm chart')
    .addOption(policyOption())
    .addHelpText('after', VALUES_EXAMPLES)
    .action(async (flags) => {
      const { printValues } = await import('./manifests/values.ts');
      result.code = await printValues(flags, terminal);
    });
}

const VALUES_EXAMPLES = `
Examples:
  # Install the chart with your policies
  tidewaiter manifests values -p policies/ > values.yaml
  helm install tidewaiter manifests/chart -n tidewaiter --create-namespace -f values.yaml

Exit codes: 0 success, 2 invalid settings or policies`;

export function addUninstall(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('uninstall')
    .description('Remove the admission webhook from a cluster, the webhook configurations first')
    .addOption(serverNamespace())
    .addOption(configuredBy(KEYS.kubeconfig))
    .addOption(configuredBy(KEYS.context))
    .option('--dry-run', 'Only print what would be removed')
    .addHelpText('after', UNINSTALL_EXAMPLES)
    .action(async (flags) => {
      const { uninstall } = await import('./uninstall.ts');
      result.code = await uninstall(flags, terminal);
    });
}

const UNINSTALL_EXAMPLES = `
It removes all objects that "tidewaiter manifests", manifests/install, or the
Helm chart created, in an order that stops no other requests. The namespace
remains. After "helm uninstall" or "kubectl delete namespace", it removes the
rest.

Example:
  # Print what would be removed from the current context
  tidewaiter uninstall --dry-run

Exit codes: 0 success, 2 invalid settings, or an object cannot be removed`;
