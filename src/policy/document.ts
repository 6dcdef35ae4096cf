/** A policy document, parsed but unread -> Policy, or everything that is wrong with it. */
import { quoteValue } from '../image/quote.ts';
import type { KindTable } from '../pod/kinds.ts';
import { isObject } from '../pod/pointer.ts';
import { type ClauseDocument, readClause } from './clause.ts';
import { type Lists, NO_LISTS } from './list.ts';
import { expandLists } from './list-reference.ts';
import { type PinDocument, pinVacuity, readPin } from './pin.ts';
import type { Action, Binding, Policy } from './policy.ts';
import type { Check, Prepared, Rule } from './rule.ts';
import { POLICY_SCHEMA } from './schema.ts';
import { didYouMean, type DocumentFault, schemaCheck, type SchemaCheck } from './schema-faults.ts';
import { compileScope } from './scope.ts';
import type { Report } from './selector-fault.ts';
import { type Vacuity, vacuityOf } from './vacuity.ts';

export type ReadPolicy =
  | { readonly ok: true; readonly policy: Policy; readonly vacuities: readonly Vacuity[] }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

/** What a document may refer to. */
export interface Vocabulary {
  readonly rules: readonly Rule[];
  readonly kinds: KindTable;
  /** None when not given. */
  readonly lists?: Lists | undefined;
  /** By rule and parameters. Policies that are read together say much alike: what they share is compiled, and asked, once. */
  readonly checks?: Map<string, Check> | undefined;
}

/** The document once the schema has accepted it. */
interface Document {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly match?: ClauseDocument;
    readonly exclude?: ClauseDocument;
    readonly onUpdate?: 'changed' | 'all';
    readonly rules?: readonly BindingDocument[];
    readonly pin?: PinDocument;
  };
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

const checkDocument = schemaCheck(POLICY_SCHEMA);

export function readPolicy(value: unknown, vocabulary: Vocabulary): ReadPolicy {
  const { value: expanded, faults: lost, trace } = expandLists(value, POLICY_SCHEMA, vocabulary.lists ?? NO_LISTS);
  const wrong = [...lost, ...trace(checkDocument(expanded))];
  if (wrong.length > 0) return { ok: false, faults: wrong };
  const document = expanded as Document;
  const faults: DocumentFault[] = [];
  const report: Report = (pointer, problem) => {
    for (const fault of trace([{ pointer, problem, at: 'value' }])) faults.push(fault);
  };
  const policy = policyIn(document, { vocabulary, faults, report });
  if (policy === undefined) return { ok: false, faults };
  return { ok: true, policy, vacuities: vacuitiesOf(document.spec, vocabulary.kinds) };
}

interface Reading {
  readonly vocabulary: Vocabulary;
  /** The same as `report` adds to, for faults that have their place already. */
  readonly faults: DocumentFault[];
  readonly report: Report;
}

/** What is wrong with it is among the faults. */
function policyIn({ metadata: { name }, spec }: Document, { vocabulary, faults, report }: Reading): Policy | undefined {
  const { match: matched = {}, exclude: excluded = {}, onUpdate = 'changed', rules, pin: pinned } = spec;
  const { kinds } = vocabulary;
  const match = readClause(matched, '/spec/match', { kinds, report });
  const exclude = readClause(excluded, '/spec/exclude', { kinds, report });
  const bindings = (rules ?? []).flatMap((entry, index) => {
    const binding = readBinding(entry, `/spec/rules/${index}`, { vocabulary, faults });
    return binding === undefined ? [] : [binding];
  });
  const pin = pinned && readPin(pinned, '/spec/pin', report);
  if (rules === undefined && pinned === undefined) report('/spec', 'give "rules", "pin" or both');
  if (faults.length > 0) return undefined;
  const scope = compileScope(match, exclude);
  const needs = new Set(bindings.flatMap(({ check }) => check.needs));
  if (scope.asksLabels.length > 0) needs.add('namespaceLabels');
  return { name, scope, onUpdate, bindings, pin, needs };
}

function vacuitiesOf({ match = {}, exclude = {}, pin }: Document['spec'], kinds: KindTable): readonly Vacuity[] {
  const idle = pin && pinVacuity(pin);
  const ofPin = idle === undefined ? [] : [{ pointer: '/spec/pin/exclude', problem: idle }];
  return [...vacuityOf({ match, exclude }, kinds), ...ofPin];
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
  const bound = bindRule(rule, entry.parameters ?? {}, vocabulary);
  if (!bound.ok) {
    for (const fault of bound.faults) faults.push(below(`${at}/parameters`, fault));
    return undefined;
  }
  const { action = 'deny', onUnknown, message } = entry;
  return { rule: rule.name, action, onUnknown, check: bound.check, message };
}

type Bound =
  | { readonly ok: true; readonly check: Check }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

/** Pointers of faults are relative to the parameters. */
function bindRule(rule: Rule, written: object, vocabulary: Vocabulary): Bound {
  const { value, faults: lost, trace } = expandLists(written, rule.parameters, vocabulary.lists ?? NO_LISTS);
  // Most rules take no parameter in most policies: then there is nothing to compile a schema for.
  const empty =
    Object.keys(written).length === 0 &&
    (rule.parameters.minProperties ?? 0) === 0 &&
    rule.parameters.required === undefined;
  const wrong = [...lost, ...(empty ? [] : trace(parameterCheck(rule)(value)))];
  if (wrong.length > 0) return { ok: false, faults: wrong };
  const bound = compiled(rule, value, vocabulary);
  if (bound.ok) return { ok: true, check: bound.value };
  return { ok: false, faults: trace(bound.faults.map((fault) => ({ ...fault, at: 'value' }))) };
}

function compiled(rule: Rule, parameters: unknown, { checks }: Vocabulary): Prepared<Check> {
  const key = `${rule.name} ${JSON.stringify(parameters)}`;
  const known = checks?.get(key);
  if (known !== undefined) return { ok: true, value: known };
  const bound = rule.bind(parameters);
  if (bound.ok) checks?.set(key, bound.value);
  return bound;
}

/** A fault of a list keeps its place there. */
function below(at: string, fault: DocumentFault): DocumentFault {
  const { list, pointer } = fault;
  if (list === undefined) return { ...fault, pointer: `${at}${pointer}` };
  return { ...fault, list: { ...list, usedAt: `${at}${list.usedAt}` } };
}
