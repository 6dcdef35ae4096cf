/** A policy document, parsed but unread -> Policy, or everything that is wrong with it. */
import { parsePattern, type ImagePattern } from '../image/pattern.ts';
import { quoteValue } from '../image/quote.ts';
import type { ContainerKind } from '../pod/containers.ts';
import type { KindTable } from '../pod/kinds.ts';
import { isObject } from '../pod/pointer.ts';
import type { Action, Binding, Policy } from './policy.ts';
import type { Check, Rule } from './rule.ts';
import { POLICY_SCHEMA } from './schema.ts';
import { didYouMean, type DocumentFault, schemaCheck, type SchemaCheck } from './schema-faults.ts';
import { type Clause, compileScope } from './scope.ts';
import type { LabelSelector } from './selector.ts';

export type ReadPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

/** What a document may refer to. */
export interface Vocabulary {
  readonly rules: readonly Rule[];
  readonly kinds: KindTable;
}

/** The document once the schema has accepted it. */
interface Document {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly match?: ClauseDocument;
    readonly exclude?: ClauseDocument;
    readonly onUpdate?: 'changed' | 'all';
    readonly rules: readonly BindingDocument[];
  };
}

interface ClauseDocument {
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: LabelSelector;
  readonly kinds?: readonly string[];
  readonly operations?: readonly string[];
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly containers?: readonly ContainerKind[];
  readonly images?: readonly string[];
}

interface BindingDocument {
  readonly rule: string;
  readonly action?: Action;
  readonly onUnknown?: Action;
  readonly parameters?: object;
  readonly message?: string;
}

/** Loads what the rules that a document names need; the rules that nobody names stay unloaded. For `readPolicy`. */
export async function readyRules(value: unknown, { rules }: Vocabulary): Promise<void> {
  const spec = isObject(value) ? value['spec'] : undefined;
  const entries = isObject(spec) && Array.isArray(spec['rules']) ? spec['rules'] : [];
  const named = new Set(entries.map((entry: unknown) => (isObject(entry) ? entry['rule'] : undefined)));
  for (const { name, ready } of rules) if (named.has(name)) await ready?.();
}

type Report = (pointer: string, problem: string) => void;

const checkDocument = schemaCheck(POLICY_SCHEMA);

export function readPolicy(value: unknown, vocabulary: Vocabulary): ReadPolicy {
  const wrong = checkDocument(value);
  if (wrong.length > 0) return { ok: false, faults: wrong };
  const document = value as Document;
  const faults: DocumentFault[] = [];
  const report: Report = (pointer, problem) => void faults.push({ pointer, problem, at: 'value' });
  const { metadata, spec } = document;
  const match = readClause(spec.match ?? {}, '/spec/match', { vocabulary, report });
  const exclude = readClause(spec.exclude ?? {}, '/spec/exclude', { vocabulary, report });
  const bindings = spec.rules.flatMap((entry, index) => {
    const binding = readBinding(entry, `/spec/rules/${index}`, { vocabulary, faults });
    return binding === undefined ? [] : [binding];
  });
  if (faults.length > 0) return { ok: false, faults };
  const scope = compileScope(match, exclude);
  const needs = new Set(bindings.flatMap(({ check }) => check.needs));
  if (scope.asksLabels) needs.add('namespaceLabels');
  return { ok: true, policy: { name: metadata.name, scope, onUpdate: spec.onUpdate ?? 'changed', bindings, needs } };
}

function readClause(
  clause: ClauseDocument,
  at: string,
  { vocabulary, report }: { readonly vocabulary: Vocabulary; readonly report: Report },
): Clause {
  for (const [index, kind] of (clause.kinds ?? []).entries()) {
    const problem = kindProblem(kind, vocabulary.kinds);
    if (problem !== undefined) report(`${at}/kinds/${index}`, problem);
  }
  checkSelector(clause.namespaceSelector, `${at}/namespaceSelector`, report);
  const images: ImagePattern[] = [];
  for (const [index, text] of (clause.images ?? []).entries()) {
    const parsed = parsePattern(text);
    if (parsed.ok) images.push(parsed.pattern);
    else report(`${at}/images/${index}`, parsed.problem);
  }
  return { ...clause, images };
}

/** A kind that can never come would make a policy that silently never applies. */
function kindProblem(kind: string, { names, fullNames }: KindTable): string | undefined {
  const dot = kind.indexOf('.');
  const name = dot < 0 ? kind : kind.slice(0, dot);
  if (name.includes('*')) return undefined;
  const known = names.includes(name);
  if (known && (dot < 0 || kind.includes('*') || fullNames.includes(kind))) return undefined;
  return `no kind with images is called ${quoteValue(kind)}${known ? didYouMean(kind, fullNames) : didYouMean(name, names)} (more kinds: "kinds" in the configuration)`;
}

/** As the API server has it (apimachinery, ValidateLabelSelectorRequirement): without values "In" never matches, "NotIn" always. */
function checkSelector(selector: LabelSelector | undefined, at: string, report: Report): void {
  for (const [index, { operator, values = [] }] of (selector?.matchExpressions ?? []).entries()) {
    const wanted = operator === 'In' || operator === 'NotIn';
    if (wanted === values.length > 0) continue;
    report(
      `${at}/matchExpressions/${index}/values`,
      `${operator} ${wanted ? 'needs at least one value' : 'takes no values'}`,
    );
  }
}

const parameterChecks = new WeakMap<Rule, SchemaCheck>();

function parameterCheck(rule: Rule): SchemaCheck {
  let check = parameterChecks.get(rule);
  if (check === undefined) parameterChecks.set(rule, (check = schemaCheck(rule.parameters)));
  return check;
}

function readBinding(
  entry: BindingDocument,
  at: string,
  { vocabulary, faults }: { readonly vocabulary: Vocabulary; readonly faults: DocumentFault[] },
): Binding | undefined {
  const rule = vocabulary.rules.find(({ name }) => name === entry.rule);
  if (rule === undefined) {
    const names = vocabulary.rules.map(({ name }) => name);
    const problem = `unknown rule ${quoteValue(entry.rule)}${didYouMean(entry.rule, names)} (all rules: ${names.join(', ')})`;
    faults.push({ pointer: `${at}/rule`, problem, at: 'value' });
    return undefined;
  }
  const check = bindRule(rule, entry.parameters ?? {}, `${at}/parameters`, faults);
  if (check === undefined) return undefined;
  const { action = 'deny', onUnknown = 'warn', message } = entry;
  return { rule: rule.name, action, onUnknown, check, message };
}

function bindRule(rule: Rule, parameters: object, at: string, faults: DocumentFault[]): Check | undefined {
  // Most rules take no parameter in most policies: then there is nothing to compile a schema for.
  const empty =
    Object.keys(parameters).length === 0 &&
    (rule.parameters.minProperties ?? 0) === 0 &&
    rule.parameters.required === undefined;
  const wrong = empty ? [] : parameterCheck(rule)(parameters);
  for (const fault of wrong) faults.push({ ...fault, pointer: `${at}${fault.pointer}` });
  if (wrong.length > 0) return undefined;
  const bound = rule.bind(parameters);
  if (bound.ok) return bound.value;
  for (const { pointer, problem } of bound.faults) faults.push({ pointer: `${at}${pointer}`, problem, at: 'value' });
  return undefined;
}
