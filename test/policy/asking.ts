/** Policies and objects from YAML, and what the one says of the other. */
import { kindTable } from '../../src/pod/kinds.ts';
import type { Workload } from '../../src/pod/workload.ts';
import { type ReadPolicy, readPolicy } from '../../src/policy/document.ts';
import { coveredBy, evaluate, type Finding } from '../../src/policy/evaluate.ts';
import type { Facts } from '../../src/policy/fact.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Rule } from '../../src/policy/rule.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import type { ScopeRequest } from '../../src/policy/scope.ts';
import { objectsIn, readWorkload } from '../pod/fixtures.ts';

export const kinds = kindTable();

/** A policy `test` with this `spec` (YAML). */
export function read(spec: string, rules: readonly Rule[] = RULES): ReadPolicy {
  const [document] = objectsIn(
    `{apiVersion: tidewaiter.dev/v1alpha1, kind: ImagePolicy, metadata: {name: test}, spec: ${spec}}`,
  );
  return readPolicy(document, { rules, kinds });
}

export function policyOf(spec: string, rules: readonly Rule[] = RULES): Policy {
  const result = read(spec, rules);
  if (!result.ok) throw new Error(result.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`).join('\n'));
  return result.policy;
}

export function workload(yaml: string): Workload {
  const [object] = objectsIn(yaml);
  return readWorkload(object ?? {});
}

/** A Pod with this spec (YAML). */
export function pod(spec: string): Workload {
  return workload(`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: ${spec}}`);
}

export const NO_LABELS = { state: 'unknown', reason: 'labels are not known' } as const;

export function requestFor(of: Workload, extra: Partial<ScopeRequest> = {}): ScopeRequest {
  return {
    operation: 'CREATE',
    namespace: 'shop',
    workload: of,
    name: of.name,
    subResource: '',
    user: { name: 'jane', groups: ['devs', 'system:authenticated'] },
    oldObject: undefined,
    dryRun: false,
    namespaceLabels: NO_LABELS,
    ...extra,
  };
}

export function findingsOf(
  policies: readonly Policy[],
  request: ScopeRequest,
  facts: Partial<Facts> = {},
): readonly Finding[] {
  return evaluate(coveredBy(policies, request), {
    request,
    facts: { namespaceLabels: request.namespaceLabels, pullSecrets: new Map(), digests: new Map(), ...facts },
    concerns: () => true,
  });
}

/** `container: message | remedy`, for each finding. */
export function said(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ container, message, remedy }) => `${container?.name ?? '-'}: ${message} | ${remedy ?? '-'}`);
}
