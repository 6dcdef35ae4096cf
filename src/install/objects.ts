/** All objects of an installation, in the order in which they can be applied. */
import { createHash } from 'node:crypto';
import { CERTIFICATE_RULES, configurationRules, namespaceRule, rulesFor } from './access.ts';
import { certManagerObjects } from './cert-manager.ts';
import { configMaps } from './configuration.ts';
import { prometheusRule, serviceMonitor } from './monitoring.ts';
import type { InstallOptions } from './options.ts';
import { clusterRoles, ownRole } from './rbac.ts';
import {
  certificateSecret,
  deployment,
  namespaceObject,
  networkPolicy,
  podDisruptionBudget,
  service,
  serviceAccount,
} from './server.ts';
import { emptyConfigurations, webhookConfigurations } from './webhooks.ts';
import { plain, type TreeObject } from './yaml.ts';

export function installation(options: InstallOptions): readonly TreeObject[] {
  const maps = configMaps(options);
  const checksum = createHash('sha256')
    .update(JSON.stringify(maps.map(plain)))
    .digest('hex')
    .slice(0, 16);
  const rules = [namespaceRule(options.namespace), ...configurationRules(options.tls), ...rulesFor(options.needs)];
  return [
    namespaceObject(options),
    serviceAccount(options),
    ...clusterRoles(rules, options),
    ...(options.tls === 'self' ? [...ownRole(CERTIFICATE_RULES, options.namespace), certificateSecret(options)] : []),
    ...maps,
    ...(options.tls === 'cert-manager' ? certManagerObjects(options) : []),
    service(options),
    deployment(options, checksum),
    podDisruptionBudget(options),
    networkPolicy(options),
    ...(options.serviceMonitor ? [serviceMonitor(options)] : []),
    ...(options.prometheusRule ? [prometheusRule(options)] : []),
    ...(options.registration === 'self' ? emptyConfigurations() : webhookConfigurations(options)),
  ];
}
