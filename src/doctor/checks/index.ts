/** The list of all checks, in the order of the report. */
import type { Check } from '../check.ts';
import { failurePolicy } from './availability.ts';
import { caBundle, certificateExpiry, certificateNames, clock } from './certificates.ts';
import { kubeSystem, selfExclusion } from './exclusions.ts';
import { installation } from './installation.ts';
import { certificateFiles, configuration, policies, policyNotices } from './local.ts';
import { networkPolicy } from './network-policy.ts';
import { webhookDeadlock, webhookOrder } from './other-webhooks.ts';
import { policiesUsed, rbac, versionSkew } from './server.ts';
import { serverReachable } from './server-reachable.ts';
import { service, serviceEndpoints, serviceSelector, webhookPath } from './service.ts';
import { matchPolicy, sideEffects, timeouts } from './webhook-fields.ts';
import { webhookRules } from './webhook-rules.ts';

export const CHECKS: readonly Check[] = [
  configuration,
  policies,
  policyNotices,
  certificateFiles,
  installation,
  serverReachable,
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
  webhookRules,
  webhookOrder,
  timeouts,
  sideEffects,
  matchPolicy,
  rbac,
  versionSkew,
  policiesUsed,
];
