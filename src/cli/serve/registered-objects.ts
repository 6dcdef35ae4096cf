/** The webhook configurations that the server applies itself (registration self). */
import { webhookConfigurations } from '../../install/webhooks.ts';
import { plain } from '../../install/yaml.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import { pinsImages } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';
import { needRegistry } from '../open-registry.ts';

/** `namespace`: that of the server. */
export function registeredObjects(policies: readonly Policy[], namespace: string): readonly JsonObject[] {
  const [pins, lookups] = [pinsImages(policies), needRegistry(policies)];
  return webhookConfigurations({ namespace, tls: 'self', fail: 'open', pins, lookups }).map(
    (object) => plain(object) as JsonObject,
  );
}
