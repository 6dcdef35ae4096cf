/** Binds an entry of `spec.rules` to its rule and parameters, or reports all faults. */
import { quoteValue } from '../image/quote.ts';
import type { KindTable } from '../pod/kinds.ts';
import { pointerSegments } from '../pod/pointer.ts';
import { type Lists, NO_LISTS } from './list.ts';
import { expandLists } from './list-reference.ts';
import type { Action, Binding } from './policy.ts';
import type { Check, Prepared, Rule } from './rule.ts';
import { didYouMean } from '../image/suggestion.ts';
import type { DocumentFault } from './schema-faults.ts';
import { type ValidPart, validPart } from './valid-part.ts';

/** The names that a document can refer to. */
export interface Vocabulary {
  readonly rules: readonly Rule[];
  readonly kinds: KindTable;
  /** `undefined`: no lists. */
  readonly lists?: Lists | undefined;
  /** By rule and parameters. Policies that load together share equal checks, which then run once for each object. */
  readonly checks?: Map<string, Check> | undefined;
}

export interface BindingDocument {
  readonly rule: string;
  readonly action?: Action;
  readonly onUnknown?: Action;
  readonly parameters?: object;
  readonly message?: string;
}

type BindingResult =
  | { readonly ok: true; readonly binding: Binding }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

/** `at`: the pointer of the entry. */
export function readBinding(entry: BindingDocument, at: string, vocabulary: Vocabulary): BindingResult {
  const rule = vocabulary.rules.find(({ name }) => name === entry.rule);
  if (rule === undefined) {
    const names = vocabulary.rules.map(({ name }) => name);
    const problem = `unknown rule ${quoteValue(entry.rule)}${didYouMean(entry.rule, names)} (all rules: tidewaiter rules)`;
    return { ok: false, faults: [{ pointer: `${at}/rule`, problem, at: 'value' }] };
  }
  const bound = bindRule(rule, entry.parameters ?? {}, vocabulary);
  if (!bound.ok) return { ok: false, faults: bound.faults.map((fault) => below(`${at}/parameters`, fault)) };
  const { action = 'deny', onUnknown, message } = entry;
  return { ok: true, binding: { rule: rule.name, action, onUnknown, check: bound.check, message } };
}

type Bound =
  | { readonly ok: true; readonly check: Check }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

/** Pointers of faults are relative to the parameters. */
function bindRule(rule: Rule, written: object, vocabulary: Vocabulary): Bound {
  const { value, faults: lost, trace } = expandLists(written, rule.parameters, vocabulary.lists ?? NO_LISTS);
  const wrong = takesNothing(rule, written) ? [] : rule.checkParameters(value);
  const bound = wrong.length === 0 ? compiled(rule, value, vocabulary) : faultsBeside(rule, value, vocabulary);
  const found = bound.ok ? [] : bound.faults.map((fault) => ({ ...fault, at: 'value' as const }));
  const faults = [...lost, ...trace([...wrong, ...found])];
  return bound.ok && faults.length === 0 ? { ok: true, check: bound.value } : { ok: false, faults };
}

function takesNothing({ parameters }: Rule, written: object): boolean {
  if (Object.keys(written).length > 0) return false;
  return (parameters.minProperties ?? 0) === 0 && parameters.required === undefined;
}

/** The faults of the parameters that are valid by the schema, if others are not. */
function faultsBeside(rule: Rule, value: unknown, vocabulary: Vocabulary): Prepared<never> {
  const part = validPart(value, rule.checkParameters);
  if (part === undefined || lacksReferredTo(rule, part)) return { ok: false, faults: [] };
  const bound = compiled(rule, part.value, vocabulary);
  const faults = bound.ok ? [] : bound.faults;
  return {
    ok: false,
    faults: faults.flatMap((fault) => {
      const pointer = part.placeOf(fault.pointer);
      return pointer === undefined ? [] : [{ ...fault, pointer }];
    }),
  };
}

function lacksReferredTo({ referredTo }: Rule, { lacking }: ValidPart): boolean {
  return lacking.some((place) => referredTo.includes(pointerSegments(place)[0] ?? ''));
}

function compiled(rule: Rule, parameters: unknown, { checks }: Vocabulary): Prepared<Check> {
  const key = `${rule.name} ${JSON.stringify(parameters)}`;
  const known = checks?.get(key);
  if (known !== undefined) return { ok: true, value: known };
  const bound = rule.bind(parameters);
  if (bound.ok) checks?.set(key, bound.value);
  return bound;
}

/** A fault in a list keeps its pointer into the list. */
function below(at: string, fault: DocumentFault): DocumentFault {
  const { list, pointer } = fault;
  if (list === undefined) return { ...fault, pointer: `${at}${pointer}` };
  return { ...fault, list: { ...list, usedAt: `${at}${list.usedAt}` } };
}
