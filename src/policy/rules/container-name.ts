import { quoteValue } from '../../image/quote.ts';
import type { Container } from '../../pod/containers.ts';
import { fieldPath } from '../../pod/pointer.ts';
import { defineRule, type Problem } from '../rule.ts';
import { inScope, violation } from './containers.ts';

/** Knative names the container of a Service that has none. */
const NAMED_LATER = new Set(['serving.knative.dev']);

/** As kubernetes pkg/apis/core/validation has it: validateContainerCommon, and the sets of names of the three lists. */
export const containerName = defineRule({
  name: 'container-name',
  description: 'Every container of a Pod has a name of its own, and the name is a DNS label',
  docs: {
    why: 'The API server refuses a Pod whose container names are missing, no DNS labels or taken twice, and init, sidecar and ephemeral containers count as well. In a manifest nobody says so before it is applied.',
    remedy: 'Give each container of the Pod another name of lower-case letters, digits and inner hyphens.',
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
        const forgiven = namedLater && container.name === undefined;
        if (problem !== undefined && !forgiven && isInScope(container)) problems.push(problem);
        if (container.name !== undefined && !taken.has(container.name)) taken.set(container.name, container);
      }
    }
    return problems;
  },
});

function nameProblem(container: Container, taken: ReadonlyMap<string, Container>): Problem | undefined {
  const { name } = container;
  if (name === undefined) {
    return violation(container, 'name', { message: 'the container has no name', remedy: 'for example name: "web"' });
  }
  const other = taken.get(name);
  if (other !== undefined) {
    return violation(container, 'name', {
      message: `name ${quoteValue(name)} is also the name of ${fieldPath(other.pointer)}`,
      remedy: 'all containers of a Pod share one set of names, init and ephemeral containers too',
    });
  }
  if (isLabel(name)) return undefined;
  return violation(container, 'name', {
    message: `name ${quoteValue(name)} is not a DNS label`,
    remedy: 'lower-case letters, digits and inner hyphens, at most 63 characters',
  });
}

/** RFC 1123, as apimachinery IsDNS1123Label. */
function isLabel(name: string): boolean {
  return name.length <= 63 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name);
}
