/**
 * The node platforms that a Pod can run on, from `spec.os`, `nodeSelector`, and required node affinity, evaluated as by the
 * scheduler (kubernetes component-helpers scheduling/corev1/nodeaffinity). Requirements on other labels always match.
 */
import type { Pod } from './containers.ts';
import { type JsonObject, jsonType, ShapeError } from './pointer.ts';
import { readObject, readObjects, readString } from './read.ts';

export interface NodePlatforms {
  /** Distinct values in the Pod, including those of negative requirements. */
  readonly named: { readonly os: readonly string[]; readonly architecture: readonly string[] };
  /** Reports whether the Pod can run on a node of this platform. */
  readonly admits: (os: string, architecture: string) => boolean;
}

type Aspect = 'os' | 'architecture';

/** The kubelet sets all four labels. */
const LABELS: ReadonlyMap<string, Aspect> = new Map([
  ['kubernetes.io/os', 'os'],
  ['beta.kubernetes.io/os', 'os'],
  ['kubernetes.io/arch', 'architecture'],
  ['beta.kubernetes.io/arch', 'architecture'],
]);

interface Requirement {
  readonly aspect: Aspect;
  readonly values: readonly string[];
  readonly met: (value: string) => boolean;
}

/** Requirements of one term, which must all match. */
type Term = readonly Requirement[];

/** Throws a ShapeError if a field has another type than in the API. */
export function nodePlatformsOf({ spec, pointer }: Pod): NodePlatforms {
  const always = [...osOf(spec, pointer), ...selectorOf(spec, pointer)];
  const terms = affinityOf(spec, pointer);
  const all = [...always, ...(terms ?? []).flat()];
  const named = (aspect: Aspect): readonly string[] => [
    ...new Set(all.flatMap((one) => (one.aspect === aspect ? one.values : []))),
  ];
  return {
    named: { os: named('os'), architecture: named('architecture') },
    admits: (os, architecture) => {
      const value = { os, architecture };
      const isMet = (term: Term): boolean => term.every(({ aspect, met }) => met(value[aspect]));
      return isMet(always) && (terms === undefined || terms.some(isMet));
    },
  };
}

/** The kubelet rejects Pods for another operating system (KEP-2802). */
function osOf(spec: JsonObject, pointer: string): Term {
  const name = readString(readObject(spec, 'os', pointer) ?? {}, 'name', `${pointer}/os`);
  return name ? [oneOf('os', [name])] : [];
}

function selectorOf(spec: JsonObject, pointer: string): Term {
  const at = `${pointer}/nodeSelector`;
  const labels = readObject(spec, 'nodeSelector', pointer) ?? {};
  return Object.keys(labels).flatMap((key) => {
    const aspect = LABELS.get(key);
    return aspect === undefined ? [] : [oneOf(aspect, [readString(labels, key, at) ?? ''])];
  });
}

function oneOf(aspect: Aspect, values: readonly string[]): Requirement {
  const wanted = new Set(values);
  return { aspect, values, met: (value) => wanted.has(value) };
}

/** Terms are ORed; a term without requirements matches no node. `undefined`: nothing is required. */
function affinityOf(spec: JsonObject, pointer: string): readonly Term[] | undefined {
  let at = `${pointer}/affinity`;
  const affinity = readObject(spec, 'affinity', pointer) ?? {};
  const node = readObject(affinity, 'nodeAffinity', at) ?? {};
  at += '/nodeAffinity';
  const required = readObject(node, REQUIRED, at);
  at += `/${REQUIRED}`;
  if (required === undefined) return undefined;
  return readObjects(required, 'nodeSelectorTerms', at).flatMap((term, index) => {
    const termPointer = `${at}/nodeSelectorTerms/${index}`;
    const expressions = readObjects(term, 'matchExpressions', termPointer);
    const isEmpty = expressions.length === 0 && readObjects(term, 'matchFields', termPointer).length === 0;
    return isEmpty
      ? []
      : [expressions.flatMap((one, each) => requirementOf(one, `${termPointer}/matchExpressions/${each}`))];
  });
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

function requirementOf(expression: JsonObject, at: string): Term {
  const aspect = LABELS.get(readString(expression, 'key', at) ?? '');
  if (aspect === undefined) return [];
  const values = readStrings(expression, 'values', at);
  const named = new Set(values);
  const met = OPERATORS.get(readString(expression, 'operator', at) ?? '');
  // The API server rejects unknown operators.
  return met === undefined ? [] : [{ aspect, values, met: (value) => met(value, named) }];
}

type OperatorTest = (value: string, named: ReadonlySet<string>) => boolean;

/** Every node has these labels. Gt and Lt compare integers, and the only integer among platforms is the architecture 386. */
const OPERATORS: ReadonlyMap<string, OperatorTest> = new Map<string, OperatorTest>([
  ['In', (value, named) => named.has(value)],
  ['NotIn', (value, named) => !named.has(value)],
  ['Exists', () => true],
  ['DoesNotExist', () => false],
  [
    'Gt',
    (value, named) => isNumber(value) && [...named].every((limit) => isNumber(limit) && Number(value) > Number(limit)),
  ],
  [
    'Lt',
    (value, named) => isNumber(value) && [...named].every((limit) => isNumber(limit) && Number(value) < Number(limit)),
  ],
]);

function isNumber(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}

function readStrings(object: JsonObject, key: string, at: string): readonly string[] {
  const value = object[key];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new ShapeError(`${at}/${key}`, 'a list', jsonType(value));
  return value.map((item: unknown, index) => {
    if (typeof item !== 'string') throw new ShapeError(`${at}/${key}/${index}`, 'a string', jsonType(item));
    return item;
  });
}
