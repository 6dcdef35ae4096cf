/** The list of all checks, in the order of the report. */
import type { Check } from '../check.ts';
import { failurePolicy } from './availability.ts';
import { caBundle, certificateExpiry, certificateNames, certificateSecret, clock } from './certificates.ts';
import { kubeSystem, selfExclusion } from './exclusions.ts';
import { installation } from './installation.ts';
import { certificateFiles, configuration, policies, policyNotices, serverConfiguration } from './local.ts';
import { matchConditions } from './match-conditions.ts';
import { networkPolicy } from './network-policy.ts';
import { webhookDeadlock, webhookOrder } from './other-webhooks.ts';
import { registries } from './registries.ts';
import { replicaCertificate, replicaClock, replicaPolicies } from './replicas.ts';
import { policiesUsed, rbac, versionSkew } from './server.ts';
import { serverReachable } from './server-reachable.ts';
import { service, serviceEndpoints, serviceSelector, webhookPath } from './service.ts';
import { matchPolicy, sideEffects, timeouts, webhookFail } from './webhook-fields.ts';
import { webhookRules } from './webhook-rules.ts';
import { webhookSelectors } from './webhook-selectors.ts';

export const CHECKS: readonly Check[] = [
  configuration,
  policies,
  policyNotices,
  certificateFiles,
  registries,
  serverConfiguration,
  installation,
  serverReachable,
  certificateSecret,
  caBundle,
  certificateNames,
  certificateExpiry,
  clock,
  service,
  serviceSelector,
  serviceEndpoints,
  webhookPath,
  networkPolicy,
  selfExclusion,
  kubeSystem,
  webhookDeadlock,
  failurePolicy,
  webhookFail,
  webhookRules,
  webhookSelectors,
  matchConditions,
  webhookOrder,
  timeouts,
  sideEffects,
  matchPolicy,
  rbac,
  versionSkew,
  replicaCertificate,
  replicaClock,
  replicaPolicies,
  policiesUsed,
];
