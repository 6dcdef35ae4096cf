/** The command-line definition of `doctor`. */
import { type Command, Option } from 'commander';
import { KEYS } from '../config/keys.ts';
import {
  configOption,
  configuredBy,
  namespaceName,
  outputOption,
  pluginOption,
  policyOption,
  type Result,
} from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addDoctor(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('doctor')
    .description('Check the configuration, and the installation in a cluster')
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(pluginOption())
    .option('--cluster', 'Also check the installation in the cluster of the kubeconfig, or of this Pod')
    .addOption(configuredBy(KEYS.kubeconfig))
    .addOption(configuredBy(KEYS.context))
    .addOption(
      new Option(
        '-n, --namespace <NAME>',
        'Namespace of the server (default: that of the webhook configurations, or tidewaiter)',
      ).argParser(namespaceName),
    )
    .addOption(
      new Option(
        '--probe-namespace <NAME>',
        'Namespace of the dry run that the webhook must deny (default: one that the webhook selects)',
      ).argParser(namespaceName),
    )
    .option('--registries', 'Also test from this machine whether the registries of the policies respond')
    .addOption(outputOption('doctor'))
    .addHelpText('after', DOCTOR_EXAMPLES)
    .action(async (flags) => {
      const { doctor } = await import('./doctor/doctor.ts');
      result.code = await doctor(flags, terminal);
    });
}

const DOCTOR_EXAMPLES = `
Without a cluster, only the configuration, the policies, and the certificate
files are checked. With a cluster, doctor only reads, except for a dry run.

Examples:
  # Check the configuration and the policies
  tidewaiter doctor -p policies/

  # Check the installation in the cluster of the current context
  tidewaiter doctor --cluster

  # Test the registries from a server, with its network, DNS, and proxy
  kubectl exec -n tidewaiter deploy/tidewaiter -- node dist/main.js doctor --config /etc/tidewaiter/tidewaiter.yaml --registries

Exit codes: 0 no problem; 1 a problem was found; 2 no problem was found, but
some checks are unknown, for example because a permission is missing`;
