/** `tidewaiter manifests values`: the policies as values of the Helm chart. */
import { rulesFor } from '../../install/access.ts';
import { commented, yamlDocuments } from '../../install/yaml.ts';
import type { Terminal } from '../terminal.ts';
import { derivedOptions, type PolicyFlags } from './derived-options.ts';

export async function printValues(flags: PolicyFlags, terminal: Terminal): Promise<number> {
  const { needs, pins, lookups, policies, policySource } = await derivedOptions(flags, terminal);
  const reads = new Set(rulesFor(needs).map(({ resource }) => resource));
  const values = {
    policies: {
      pin: pins,
      queryRegistries: lookups,
      readPullSecrets: reads.has('secrets'),
      readNamespaceLabels: reads.has('namespaces'),
      files: policies,
    },
  };
  terminal.out(yamlDocuments([commented(`Values of the chart for the policies: ${policySource}`, values)]));
  return 0;
}
