/** `tidewaiter manifests rbac`: the roles for what the policies read from the cluster. */
import { clusterNeeds, rulesFor } from '../../install/access.ts';
import { clusterRoles, type RoleOptions } from '../../install/rbac.ts';
import { yamlDocuments } from '../../install/yaml.ts';
import { compose } from '../../wiring.ts';
import { configured } from '../configured.ts';
import type { Terminal } from '../terminal.ts';

export interface RbacFlags extends RoleOptions {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
}

export async function printRoles(flags: RbacFlags, terminal: Terminal): Promise<number> {
  const { config, policy, plugin, ...options } = flags;
  const loaded = await configured({ config, policy, plugin }, terminal);
  const { context, policySource } = await compose(loaded.config);
  const roles = clusterRoles(rulesFor(clusterNeeds(context.policies)), options);
  const note = `# What these policies read from the cluster: ${policySource}\n`;
  terminal.out(
    roles.length === 0 ? `${note}# They read nothing, so the server needs no role\n` : note + yamlDocuments(roles),
  );
  return 0;
}
