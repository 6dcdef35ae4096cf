/** The command-line definitions of `manifests` and its subcommands. */
import { type Command, Option } from 'commander';
import {
  configOption,
  namespaceName,
  namespaceNames,
  pluginOption,
  policyOption,
  type Result,
} from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addManifests(program: Command, result: Result, terminal: Terminal): void {
  const manifests = program
    .command('manifests')
    .description('Print the Kubernetes manifests of the admission webhook')
    .helpCommand('help [command]', 'Print help for a command');
  addRbac(manifests, result, terminal);
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
