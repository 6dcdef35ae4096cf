/** All objects of an installation, in the order in which they can be applied. */
import { createHash } from 'node:crypto';
import { CERTIFICATE_RULES, CONFIGURATION_RULES, REGISTRATION_RULES, rulesFor } from './access.ts';
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
import { webhookConfigurations } from './webhooks.ts';
import { plain, type TreeObject } from './yaml.ts';

export function installation(options: InstallOptions): readonly TreeObject[] {
  const maps = configMaps(options);
  const checksum = createHash('sha256')
    .update(JSON.stringify(maps.map(plain)))
    .digest('hex')
    .slice(0, 16);
  const rules = [
    ...(options.tls === 'self' ? CONFIGURATION_RULES : []),
    ...(options.registration === 'self' ? REGISTRATION_RULES : []),
    ...rulesFor(options.needs),
  ];
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
    ...(options.registration === 'external' ? webhookConfigurations(options) : []),
  ];
}
