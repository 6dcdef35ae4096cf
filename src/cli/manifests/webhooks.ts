/** `tidewaiter manifests webhooks`: the webhook configurations alone. */
import { webhookConfigurations, type WebhookOptions } from '../../install/webhooks.ts';
import { yamlDocuments } from '../../install/yaml.ts';
import type { Terminal } from '../terminal.ts';
import { loadAuthority } from './authority.ts';
import { derivedOptions, type PolicyFlags } from './derived-options.ts';

export interface WebhooksFlags extends PolicyFlags, Pick<WebhookOptions, 'namespace' | 'fail' | 'url'> {
  /** A file. */
  readonly ca?: string | undefined;
}

export async function printWebhooks(flags: WebhooksFlags, terminal: Terminal): Promise<number> {
  const { namespace, fail, url, ca } = flags;
  const { policySource, ...derived } = await derivedOptions(flags, terminal);
  const objects = webhookConfigurations({ ...derived, namespace, fail, url, ca: loadAuthority(ca), tls: 'files' });
  terminal.out(`# Webhook configurations for the policies: ${policySource}\n${yamlDocuments(objects)}`);
  return 0;
}
