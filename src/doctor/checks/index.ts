/** The list of all checks, in the order of the report. */
import type { Check } from '../check.ts';
import { kubeSystem, selfExclusion } from './exclusions.ts';
import { installation } from './installation.ts';
import { certificateFiles, configuration, policies, policyNotices } from './local.ts';
import { serverReachable } from './server-reachable.ts';
import { matchPolicy, sideEffects, timeouts } from './webhook-fields.ts';
import { webhookRules } from './webhook-rules.ts';

export const CHECKS: readonly Check[] = [
  configuration,
  policies,
  policyNotices,
  certificateFiles,
  installation,
  serverReachable,
  selfExclusion,
  kubeSystem,
  webhookRules,
  timeouts,
  sideEffects,
  matchPolicy,
];
