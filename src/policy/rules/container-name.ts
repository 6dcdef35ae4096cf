import { quoteValue } from '../../image/quote.ts';
import type { Container } from '../../pod/containers.ts';
import { fieldPath } from '../../pod/pointer.ts';
import { defineRule, type Problem } from '../rule.ts';
import { inScope, violation } from './containers.ts';

/** Knative adds the container name of a Service. */
const NAMED_LATER = new Set(['serving.knative.dev']);

/** kubernetes pkg/apis/core/validation: validateContainerCommon, and the name sets of the three lists. */
export const containerName = defineRule({
  name: 'container-name',
  description: 'Container names are DNS labels and unique in the Pod',
  docs: {
    why: 'The API server rejects a Pod whose container names are missing, duplicated, or not DNS labels, including init, sidecar, and ephemeral containers. This rule reports the error before you apply the manifest.',
    remedy: 'Give each container in the Pod a unique name of lowercase letters, digits, and inner hyphens.',
    example: {
      parameters: {},
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
    - name: migrate
      image: shop/migrate:4
  containers:
    - name: web
      image: nginx:1.27
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
    - name: web
      image: shop/migrate:4
  containers:
    - name: web
      image: nginx:1.27
`,
    },
  },
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: [],
  prepare: () => ({ ok: true, value: undefined }),
  check(subject) {
    const problems: Problem[] = [];
    const isInScope = inScope(subject);
    const namedLater = NAMED_LATER.has(subject.workload.type.group);
    for (const pod of subject.pods) {
      const taken = new Map<string, Container>();
      for (const container of pod.containers) {
        if (container.kind === 'volume') continue;
        const problem = nameProblem(container, taken);
        const isAllowed = namedLater && container.name === undefined;
        if (problem !== undefined && !isAllowed && isInScope(container)) problems.push(problem);
        if (container.name !== undefined && !taken.has(container.name)) taken.set(container.name, container);
      }
    }
    return problems;
  },
});

function nameProblem(container: Container, taken: ReadonlyMap<string, Container>): Problem | undefined {
  const { name } = container;
  if (name === undefined) {
    return violation(container, 'name', {
      message: 'the container has no name',
      remedy: 'add a name, for example name: "web"',
    });
  }
  const other = taken.get(name);
  if (other !== undefined) {
    return violation(container, 'name', {
      message: `container name ${quoteValue(name)} is already used by ${fieldPath(other.pointer)}`,
      remedy: 'use a name that is unique in the Pod, including init and ephemeral containers',
    });
  }
  if (isLabel(name)) return undefined;
  return violation(container, 'name', {
    message: `container name ${quoteValue(name)} is not a DNS label`,
    remedy: 'use lowercase letters, digits, and inner hyphens, at most 63 characters',
  });
}

/** RFC 1123; apimachinery IsDNS1123Label. */
function isLabel(name: string): boolean {
  return name.length <= 63 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name);
}
