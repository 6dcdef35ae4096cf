/** The command-line definitions of `manifests`, its subcommands, and `uninstall`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  claimName,
  collect,
  configOption,
  configuredBy,
  imageOption,
  namespaceName,
  namespaceNames,
  pluginOption,
  policyOption,
  type Result,
} from './command-options.ts';
import { KEYS } from '../config/keys.ts';
import { isAddressRange, SHARED_NAMESPACES } from '../install/options.ts';
import { MAX_SIZE_MIB, MIN_SIZE_MIB } from '../install/recording.ts';
import { addReplayJob } from './replay-job-command.ts';
import type { Terminal } from './terminal.ts';

export function addManifests(program: Command, result: Result, terminal: Terminal): void {
  const manifests = program
    .command('manifests')
    .description('Print the Kubernetes manifests of the admission webhook')
    .helpCommand('help [command]', 'Print help for a command')
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(pluginOption())
    .addOption(kindsOption())
    .addOption(serverNamespace().argParser(ownNamespace))
    .addOption(new Option('--replicas <NUMBER>', 'Number of servers').argParser(replicas).default(2))
    .addOption(imageOption('Image of the server'))
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
        'Who adds the webhooks to the webhook configurations: the server when it is ready (self, the default with --tls self), or the manifests (external)',
      ).choices(['self', 'external']),
    )
    .option('--ca <FILE>', 'With --tls files: CA of the certificate, PEM, for caBundle of the webhook configurations')
    .addOption(failOption())
    .addOption(onlyNamespaces())
    .addOption(
      new Option(
        '--api-server-range <CIDR>',
        'Address range of the API servers: reviews from other addresses are blocked; repeatable (default: any address)',
      ).argParser(collectRange),
    )
    .option('--service-monitor', 'Add a ServiceMonitor for the Prometheus Operator')
    .option('--prometheus-rule', 'Add a PrometheusRule with alerts for the Prometheus Operator')
    .addOption(recordSizeOption())
    .addOption(recordClaimOption())
    .addHelpText('after', MANIFESTS_EXAMPLES)
    .action(async (flags) => {
      const { printManifests } = await import('./manifests/manifests.ts');
      result.code = await printManifests(flags, terminal);
    });
  addRbac(manifests, result, terminal);
  addValues(manifests, result, terminal);
  addWebhooks(manifests, result, terminal);
  addReplayJob(manifests, result, terminal);
}

const failOption = (): Option => new Option('--fail <MODE>', FAIL_HELP).choices(['open', 'closed']).default('open');

const FAIL_HELP =
  'During an outage of the server, allow objects without a review (open), or reject them (closed); a namespace chooses by the label tidewaiter.dev/fail';

const MANIFESTS_EXAMPLES = `
Examples:
  # Install the webhook with your policies
  tidewaiter manifests -p policies/ | kubectl apply -f -

  # Also with the kinds, registries, and other settings of a configuration, and with custom rules
  tidewaiter manifests -c tidewaiter.yaml -p policies/ --plugin rules.ts

  # Also review objects of Argo and Tekton when they are applied
  tidewaiter manifests --webhook-kinds argoproj.io --webhook-kinds tekton.dev

  # Record what API servers ask, for tidewaiter replay, in 2 GiB of a volume
  tidewaiter manifests --record-size 2048 --record-claim recordings

  # Reject objects during an outage, except in namespaces with the label tidewaiter.dev/fail: open
  tidewaiter manifests --fail closed --replicas 3

Exit codes: 0 success, 2 invalid settings or policies`;

const kindsOption = (): Option => configuredBy(KEYS.webhookKinds);

/** The manifests label it, and exclude it from reviews. */
function ownNamespace(value: string): string {
  if (!SHARED_NAMESPACES.includes(value)) return namespaceName(value);
  throw new InvalidArgumentError('use a namespace that only tidewaiter uses');
}

function replicas(value: string): number {
  if (/^[1-9]\d{0,2}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('expected a number from 1 to 999');
}

const recordSizeOption = (): Option =>
  new Option('--record-size <MIB>', 'Record reviews, without secrets, in a volume of this size in MiB').argParser(
    recordSize,
  );

const recordClaimOption = (): Option =>
  new Option(
    '--record-claim <NAME>',
    'PersistentVolumeClaim for the recordings, which servers on several nodes can mount (default: an emptyDir for each server)',
  ).argParser(claimName);

function recordSize(value: string): number {
  const size = /^[1-9]\d{0,7}$/.test(value) ? Number(value) : 0;
  if (size >= MIN_SIZE_MIB && size <= MAX_SIZE_MIB) return size;
  throw new InvalidArgumentError(`expected mebibytes from ${MIN_SIZE_MIB} to ${MAX_SIZE_MIB}`);
}

function collectRange(value: string, before: readonly string[] | undefined): readonly string[] {
  if (isAddressRange(value)) return collect(value, before);
  throw new InvalidArgumentError(
    'expected the first address and the prefix length of a range, for example 10.0.0.0/24',
  );
}

const serverNamespace = (): Option =>
  new Option('-n, --namespace <NAME>', 'Namespace of the server').argParser(namespaceName).default('tidewaiter');

const onlyNamespaces = (): Option =>
  new Option(
    '--only-namespaces <NAMES>',
    'Comma-separated namespaces whose Secrets and ServiceAccounts the server reads: Roles instead of a ClusterRole',
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
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(pluginOption())
    .addOption(kindsOption())
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

function addWebhooks(manifests: Command, result: Result, terminal: Terminal): void {
  manifests
    .command('webhooks')
    .description('Print the webhook configurations alone')
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(pluginOption())
    .addOption(kindsOption())
    .addOption(serverNamespace())
    .addOption(
      new Option('--url <URL>', 'URL of a server outside of the cluster (default: the Service)').argParser(serverUrl),
    )
    .option('--ca <FILE>', 'CA of the serving certificate, PEM, for caBundle')
    .addOption(failOption())
    .addHelpText('after', WEBHOOKS_EXAMPLES)
    .action(async (flags) => {
      const { printWebhooks } = await import('./manifests/webhooks.ts');
      result.code = await printWebhooks(flags, terminal);
    });
}

/** As the API server accepts it in `clientConfig.url`, without a slash at the end. */
function serverUrl(value: string): string {
  const url = URL.parse(value);
  const isPlain = url !== null && url.protocol === 'https:' && `${url.username}${url.search}${url.hash}` === '';
  if (isPlain) return url.href.replace(/\/$/, '');
  throw new InvalidArgumentError('expected an https URL without a user, a query, and a fragment');
}

const WEBHOOKS_EXAMPLES = `
Examples:
  # Register a server on your machine, which the API server must reach
  tidewaiter serve --listen 192.168.1.10:8443
  tidewaiter manifests webhooks --url https://192.168.1.10:8443 --ca certs/ca.crt | kubectl apply -f -

Exit codes: 0 success, 2 invalid settings or policies`;

export function addUninstall(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('uninstall')
    .description('Remove the admission webhook from a cluster, the webhook configurations first')
    .addOption(
      new Option(
        '-n, --namespace <NAME>',
        'Namespace of the server (default: that of the webhook configurations, or tidewaiter)',
      ).argParser(namespaceName),
    )
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
