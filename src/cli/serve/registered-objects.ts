/** The webhook configurations that the server applies itself (registration self). */
import type { Context } from '../../admission/context.ts';
import type { Config } from '../../config/config.ts';
import { chosenKinds, customResources } from '../../install/custom-resources.ts';
import { webhookConfigurations } from '../../install/webhooks.ts';
import { plain } from '../../install/yaml.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import { changesObjects } from '../../policy/plan.ts';
import { needRegistry } from '../open-registry.ts';

/** `namespace`: that of the server. */
export function registeredObjects(
  { policies, kinds }: Pick<Context, 'policies' | 'kinds'>,
  { namespace, fail, webhookKinds }: { readonly namespace: string } & Pick<Config, 'fail' | 'webhookKinds'>,
): readonly JsonObject[] {
  const pins = changesObjects(policies);
  const lookups = pins || needRegistry(policies);
  const chosen = customResources(chosenKinds(webhookKinds, { policies, kinds }), kinds);
  return webhookConfigurations({ namespace, tls: 'self', fail, pins, lookups, customResources: chosen }).map(
    (object) => plain(object) as JsonObject,
  );
}
