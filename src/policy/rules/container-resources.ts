import { quoteValue } from '../../image/quote.ts';
import type { ContainerKind } from '../../pod/containers.ts';
import { readQuantity } from '../../go/quantity.ts';
import { escapeSegment } from '../../pod/pointer.ts';
import { resourcesOf } from '../../pod/resources.ts';
import { defineRule, type ParameterFault, type Prepared, type Problem } from '../rule.ts';
import { inScope } from './containers.ts';
import { resourceFault } from './resource-names.ts';
import {
  type ResourceRequirements,
  type ResourceHolder,
  type Bound,
  findMissing,
  checkQuantities,
  findOutOfBounds,
} from './resource-problems.ts';

interface Parameters {
  readonly requests?: readonly string[];
  readonly limits?: readonly string[];
  readonly noLimits?: readonly string[];
  readonly maxRatio?: { readonly [resource: string]: number };
  readonly min?: { readonly [resource: string]: string | number };
  readonly max?: { readonly [resource: string]: string | number };
}

/** An ephemeral container has no resources of its own. */
const KINDS: ReadonlySet<ContainerKind> = new Set(['regular', 'init', 'sidecar']);

const RESOURCE_NAMES = {
  type: 'array',
  minItems: 1,
  items: {
    type: 'string',
    minLength: 1,
    editorPattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,316}$',
    hint: 'a resource name, for example cpu, memory, ephemeral-storage, or nvidia.com/gpu',
  },
} as const;

const AMOUNTS = { type: 'object', minProperties: 1, additionalProperties: { type: ['string', 'number'] } } as const;

export const containerResources = defineRule({
  name: 'container-resources',
  description: 'Containers have the required requests and limits, in plausible quantities',
  docs: {
    why: 'Without requests, the scheduler can\'t account for a Pod; without a memory limit, one container can exhaust a node. A limit far above the request can exceed what the node has. Memory "512m" means 0.512 bytes; 512Mi was probably meant.',
    remedy:
      'Set resources.requests and resources.limits. A limit counts as the request if there is no request. If spec.resources is set on the Pod, it counts for each container. A LimitRange sets defaults only in a cluster, before this rule runs.',
    example: {
      parameters: { requests: ['cpu', 'memory'], limits: ['memory'], maxRatio: { memory: 2 } },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
      resources:
        requests: {cpu: 100m, memory: 128Mi}
        limits: {memory: 256Mi}
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
      resources:
        requests: {cpu: 100m, memory: 128Mi}
        limits: {memory: 1Gi} # the limit is 8 times the request; maxRatio is 2
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      requests: {
        ...RESOURCE_NAMES,
        description: 'Resources that each container must request (a limit counts as a request)',
      },
      limits: { ...RESOURCE_NAMES, description: 'Resources that each container must have a limit for' },
      noLimits: {
        ...RESOURCE_NAMES,
        description: 'Resources that containers must not have a limit for',
      },
      maxRatio: {
        type: 'object',
        minProperties: 1,
        additionalProperties: { type: 'number', minimum: 1, hint: 'a number of at least 1' },
        description: 'Largest ratio of limit to request per resource',
      },
      min: { ...AMOUNTS, description: 'Smallest request per resource, for example cpu: 10m' },
      max: {
        ...AMOUNTS,
        description: 'Largest limit per resource, for example memory: 4Gi; if there is no limit, the largest request',
      },
    },
  },
  needs: [],
  prepare: (parameters: Parameters) => parseRequirements(parameters),
  check(subject, requirements) {
    const problems: Problem[] = [];
    const isInScope = inScope(subject);
    for (const pod of subject.pods) {
      const whole = resourcesOf(pod.spec, pod.pointer);
      findInWholePod({ resources: whole, container: undefined, problems }, requirements);
      for (const container of pod.containers) {
        if (!KINDS.has(container.kind) || !isInScope(container)) continue;
        const holder = { resources: resourcesOf(container.fields, container.pointer), container, problems };
        checkQuantities(holder);
        findMissing(holder, whole, requirements);
        findOutOfBounds(holder, requirements);
      }
    }
    return problems;
  },
});

/** `spec.resources` (KEP-2837): the scheduler and the node apply it to all containers together. */
function findInWholePod(holder: ResourceHolder, requirements: ResourceRequirements): void {
  const { limit, request } = holder.resources;
  if (limit.all.length === 0 && request.all.length === 0) return;
  checkQuantities(holder);
  findOutOfBounds(holder, { ...requirements, min: [], max: [] });
}

function parseRequirements(parameters: Parameters): Prepared<ResourceRequirements> {
  const { requests = [], limits = [], noLimits = [] } = parameters;
  const faults: ParameterFault[] = [...nameFaultsIn(parameters)];
  const bounds = (name: 'maxRatio' | 'min' | 'max'): readonly Bound[] =>
    quantitiesOf(parameters[name] ?? {}, name, faults);
  const value: ResourceRequirements = {
    requests: [...new Set(requests)],
    limits: [...new Set(limits)],
    noLimits: [...new Set(noLimits)],
    maxRatio: bounds('maxRatio'),
    min: bounds('min'),
    max: bounds('max'),
  };
  const both = value.limits.filter((resource) => value.noLimits.includes(resource));
  for (const resource of both) {
    const problem = `${quoteValue(resource)} is also in "limits"`;
    faults.push({ pointer: `/noLimits/${noLimits.indexOf(resource)}`, problem });
  }
  return faults.length === 0 ? { ok: true, value } : { ok: false, faults };
}

/** All parameters are lists of names, or maps by name. */
function nameFaultsIn(parameters: Parameters): readonly ParameterFault[] {
  return Object.entries(parameters).flatMap(([key, names]: [string, readonly string[] | object]) => {
    const each = Array.isArray(names) ? names.map((name: string, index) => [index, name] as const) : namesOf(names);
    return each.flatMap(([place, name]) => {
      const problem = resourceFault(name);
      return problem === undefined ? [] : [{ pointer: `/${key}/${place}`, problem }];
    });
  });
}

function namesOf(amounts: object): readonly (readonly [place: string, name: string])[] {
  return Object.keys(amounts).map((name) => [escapeSegment(name), name]);
}

function quantitiesOf(parameter: object, name: string, faults: ParameterFault[]): readonly Bound[] {
  return Object.entries(parameter).flatMap(([resource, amount]: [string, string | number]) => {
    const parsed = readQuantity(String(amount));
    if (parsed.ok && parsed.quantity.nano > 0n) return [{ resource, quantity: parsed.quantity }];
    const problem = parsed.ok ? 'it must be greater than 0' : parsed.problem;
    const pointer = `/${name}/${escapeSegment(resource)}`;
    faults.push({ pointer, problem: `${quoteValue(String(amount), 60)} is not an amount: ${problem}` });
    return [];
  });
}
