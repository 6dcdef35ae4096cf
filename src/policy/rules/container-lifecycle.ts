import { quoteValue } from '../../image/quote.ts';
import type { Container } from '../../pod/containers.ts';
import { type JsonObject } from '../../pod/pointer.ts';
import { readObject, readObjects, readString } from '../../pod/read.ts';
import { defineRule, type Problem } from '../rule.ts';
import { either, has, checkContainers, NO_PROBLEMS, PROBE_FIELDS, PROBES, violation } from './containers.ts';

interface Parameters {
  readonly restartRules?: boolean;
}

const KINDS = new Set(['regular', 'init', 'sidecar', 'ephemeral'] as const);
const POLICIES = ['Always', 'OnFailure', 'Never'];

/**
 * Checks what the API server rejects in a container because of its list: kubernetes pkg/apis/core/validation,
 * validateInitContainers, validateContainerRestartPolicy (on by default since 1.35) and allowedEphemeralContainerFields.
 */
export const containerLifecycle = defineRule({
  name: 'container-lifecycle',
  description: 'Probes, hooks, and restart policies are set only on containers that support them',
  docs: {
    why: 'Init containers run to completion one by one, so the API server rejects probes and hooks on them unless restartPolicy: Always makes them sidecars. Ephemeral containers have no ports, resources, probes, or hooks. This rule reports the error before you apply the manifest.',
    remedy: 'Make the container a sidecar with restartPolicy: Always if it keeps running, or remove the field.',
    example: {
      parameters: {},
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
    - name: proxy
      image: envoy:v1.34
      restartPolicy: Always
      readinessProbe: {httpGet: {path: /ready, port: 9901}}
  containers:
    - name: web
      image: nginx:1.27
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
    - name: proxy
      image: envoy:v1.34
      readinessProbe: {httpGet: {path: /ready, port: 9901}}
  containers:
    - name: web
      image: nginx:1.27
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      restartRules: {
        type: 'boolean',
        default: true,
        description:
          'If false, what clusters before Kubernetes 1.35 reject is a violation: restartPolicy except for sidecars, and restartPolicyRules',
      },
    },
  },
  needs: [],
  prepare: ({ restartRules = true }: Parameters) => ({ ok: true, value: restartRules }),
  check: (subject, restartRules) =>
    checkContainers(subject, KINDS, (container) => {
      if (container.kind === 'ephemeral') return ephemeralProblems(container);
      const misplaced = container.kind === 'init' ? initProblems(container) : NO_PROBLEMS;
      const restart = restartProblem(container, restartRules);
      return restart === undefined ? misplaced : [...misplaced, restart];
    }),
});

const NAMES: Readonly<Record<string, string>> = {
  lifecycle: 'lifecycle hooks',
  ...Object.fromEntries(PROBES.map((probe) => [PROBE_FIELDS[probe], `a ${probe} probe`])),
};

const FIELDS = Object.keys(NAMES);

function initProblems(container: Container): readonly Problem[] {
  const found = FIELDS.filter((field) => readObject(container.fields, field, container.pointer));
  if (found.length === 0) return NO_PROBLEMS;
  return found.map((field) =>
    violation(container, field, {
      message: `an init container runs to completion and cannot have ${NAMES[field]}`,
      remedy: `set restartPolicy: Always to make it a sidecar, or remove ${field}`,
    }),
  );
}

function restartProblem(container: Container, restartRules: boolean): Problem | undefined {
  const { fields, pointer } = container;
  if (!has(fields, 'restartPolicy') && !has(fields, 'restartPolicyRules')) return undefined;
  const policy = readString(fields, 'restartPolicy', pointer);
  const rules = readObjects(fields, 'restartPolicyRules', pointer);
  if (!restartRules) return olderRestartProblem(container, policy, rules);
  if (policy === undefined) {
    if (rules.length === 0) return undefined;
    const message = 'the container has restartPolicyRules but no restartPolicy';
    return violation(container, 'restartPolicyRules', { message, remedy: `add restartPolicy: ${either(POLICIES)}` });
  }
  if (POLICIES.includes(policy)) return undefined;
  const message = `invalid restartPolicy ${quoteValue(policy, 40)}`;
  return violation(container, 'restartPolicy', { message, remedy: `use ${either(POLICIES)}` });
}

function olderRestartProblem(
  container: Container,
  policy: string | undefined,
  rules: readonly JsonObject[],
): Problem | undefined {
  if (policy !== undefined && container.kind !== 'sidecar') {
    const where = container.kind === 'init' ? 'an init container' : 'a single container';
    const message = `restartPolicy ${quoteValue(policy, 40)} of ${where} requires Kubernetes 1.35`;
    const remedy =
      container.kind === 'init'
        ? 'set restartPolicy: Always, or remove it'
        : "remove it; the Pod's restartPolicy applies";
    return violation(container, 'restartPolicy', { message, remedy });
  }
  if (rules.length === 0) return undefined;
  const message = 'restartPolicyRules requires Kubernetes 1.35';
  return violation(container, 'restartPolicyRules', { message, remedy: 'remove restartPolicyRules' });
}

const NOT_EPHEMERAL = ['ports', 'resources', 'resizePolicy', 'restartPolicy', 'restartPolicyRules', ...FIELDS];

function ephemeralProblems(container: Container): readonly Problem[] {
  const { fields, pointer } = container;
  const found: Problem[] = [];
  for (const field of NOT_EPHEMERAL) {
    if (!isSet(fields[field])) continue;
    const message = `an ephemeral container cannot have ${NAMES[field] ?? field}`;
    found.push(violation(container, field, { message, remedy: `remove ${field}` }));
  }
  for (const [index, mount] of readObjects(fields, 'volumeMounts', pointer).entries()) {
    const field = ['subPath', 'subPathExpr'].find((key) => isSet(mount[key]));
    if (field === undefined) continue;
    const message = `an ephemeral container cannot mount with a ${field}`;
    found.push(violation(container, `volumeMounts/${index}/${field}`, { message, remedy: 'mount the whole volume' }));
  }
  return found;
}

/** The API server adds `resources: {}` to all containers, so empty objects, lists, and strings count as not set. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
