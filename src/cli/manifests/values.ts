/** `tidewaiter manifests values`: the policies as values of the Helm chart. */
import { rulesFor } from '../../install/access.ts';
import { commented, yamlDocuments } from '../../install/yaml.ts';
import type { Terminal } from '../terminal.ts';
import { derivedOptions, type PolicyFlags } from './derived-options.ts';

export async function printValues(flags: PolicyFlags, terminal: Terminal): Promise<number> {
  const derived = await derivedOptions(flags, terminal);
  const { needs, pins, lookups, policies, plugins, settings, customResources, policySource } = derived;
  const reads = new Set(rulesFor(needs).map(({ resource }) => resource));
  const values = {
    policies: {
      pin: pins,
      queryRegistries: lookups,
      readPullSecrets: reads.has('secrets'),
      readNamespaceLabels: reads.has('namespaces'),
      files: policies,
    },
    ...(plugins.load.length === 0 ? {} : { plugins: { load: plugins.load, files: plugins.files } }),
    ...(Object.keys(settings).length === 0 ? {} : { configuration: settings }),
    ...(customResources.length === 0 ? {} : { customResources: customResources.map((each) => ({ ...each })) }),
  };
  terminal.out(yamlDocuments([commented(`Values of the chart for the policies: ${policySource}`, values)]));
  return 0;
}
