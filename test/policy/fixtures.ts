/** Policies and objects from YAML, and the findings of one for the other. */
import { kindTable } from '../../src/pod/kinds.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import type { Workload } from '../../src/pod/workload.ts';
import { type PolicyResult, readPolicy } from '../../src/policy/document.ts';
import { type Finding } from '../../src/policy/finding.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import type { ImageException } from '../../src/policy/exception.ts';
import { readException } from '../../src/policy/exception-document.ts';
import type { Facts } from '../../src/policy/fact.ts';
import { coveredBy } from '../../src/policy/plan.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Rule } from '../../src/policy/rule.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import type { ScopeRequest } from '../../src/policy/scope-request.ts';
import { objectsIn, readWorkload } from '../pod/fixtures.ts';
import { NO_FACTS } from '../../src/policy/fact.ts';

export const kinds = kindTable();

/** A policy `test` with this `spec` (YAML). */
export function read(spec: string, rules: readonly Rule[] = RULES): PolicyResult {
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

/** A policy with each built-in rule that needs no parameters, which also pins. */
export const everyRule: Policy = policyOf(
  `{match: {}, pin: {mode: warn}, rules: [${RULES.filter(
    ({ name, parameters }) =>
      name !== 'cel' && parameters.required === undefined && parameters.minProperties === undefined,
  )
    .map(({ name }) => `{rule: ${name}}`)
    .join(', ')}]}`,
);

/** The exception `x` for the policy `test`, in force through `expires`, with this `match` (YAML). */
export function exceptionOf(match: string, more: JsonObject = {}): ImageException {
  const [clause] = objectsIn(match);
  const { name = 'x', ...spec } = more;
  const rules = ['image-digest'];
  const document = {
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicyException',
    metadata: { name },
    spec: { policy: 'test', rules, match: clause, owner: 'team-x', reason: 'known', expires: '2027-01-31', ...spec },
  };
  const policies = new Map([['test', RULES.map((rule) => rule.name)]]);
  const result = readException(document, { kinds, policies });
  if (!result.ok) throw new Error(result.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`).join('\n'));
  return result.exception;
}

/** Noon on the last day of exceptions made by `exceptionOf`, and the first moment after it. */
export const LAST_DAY = Date.UTC(2027, 0, 31, 12);
export const AFTER = Date.UTC(2027, 1, 1);

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
    facts: { namespaceLabels: request.namespaceLabels, ...NO_FACTS, ...facts },
    canChange: () => true,
  });
}

/** `container: message | remedy`, for each finding. */
export function findingTexts(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ container, message, remedy }) => `${container?.name ?? '-'}: ${message} | ${remedy ?? '-'}`);
}
