/** Reads a parsed policy document, or reports all of its faults. */
import { type PullSecretDocument, readAddedPullSecrets } from './added-pull-secrets.ts';
import type { KindTable } from '../pod/kinds.ts';
import { orValues } from '../image/or-list.ts';
import { isObject } from '../pod/pointer.ts';
import { type BindingDocument, readBinding, type Vocabulary } from './binding.ts';
import { type ClauseDocument, readClause } from './clause.ts';
import { currentCauses, type CurrentCauses } from './former-causes.ts';
import { NO_LISTS } from './list.ts';
import { expandLists } from './list-reference.ts';
import { type PinDocument, findDeadPin, readPin } from './pin.ts';
import type { Policy } from './policy.ts';
import { type PullPolicyDocument, readPullPolicies } from './pull-policies.ts';
import { findDeadRewrites, readRewrites, type RewriteDocument } from './rewrite.ts';
import { CHANGE_KEYS, POLICY_SCHEMA } from './schema.ts';
import { type DocumentFault, schemaCheck } from './schema-faults.ts';
import { compileScope } from './scope.ts';
import type { Report } from './selector-fault.ts';
import { type ValidPart, validSpecOf, wholePart } from './valid-part.ts';
import { type DeadClause, findDeadClauses } from './dead-clauses.ts';

export type PolicyResult =
  | { readonly ok: true; readonly policy: Policy; readonly deadClauses: readonly DeadClause[] }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

/** A document that is valid by the schema. */
interface Document {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly match?: ClauseDocument;
    readonly exclude?: ClauseDocument;
    readonly onUpdate?: 'changed' | 'all';
    readonly rules?: readonly BindingDocument[];
    readonly rewrite?: readonly RewriteDocument[];
    readonly pin?: PinDocument;
    readonly pullSecrets?: readonly PullSecretDocument[];
    readonly pullPolicy?: readonly PullPolicyDocument[];
  };
}

/** Loads the code of the rules in a document. Call it before `readPolicy`. */
export async function readyRules(value: unknown, { rules }: Vocabulary): Promise<void> {
  const spec = isObject(value) ? value['spec'] : undefined;
  const entries = isObject(spec) && Array.isArray(spec['rules']) ? spec['rules'] : [];
  const named = new Set(entries.map((entry: unknown) => (isObject(entry) ? entry['rule'] : undefined)));
  for (const { name, ready } of rules) if (named.has(name)) await ready?.();
}

const checkDocument = schemaCheck(POLICY_SCHEMA);
const checkSpec = schemaCheck(POLICY_SCHEMA.properties.spec);

export function readPolicy(written: unknown, vocabulary: Vocabulary): PolicyResult {
  const { value, renamed } = withCurrentCauses(written, vocabulary);
  const { value: expanded, faults: lost, trace } = expandLists(value, POLICY_SCHEMA, vocabulary.lists ?? NO_LISTS);
  const wrong = checkDocument(expanded);
  const part = wrong.length === 0 ? wholePart((expanded as Document).spec) : validSpecOf(expanded, checkSpec);
  const { faults, ...read } = readSpec(part, { vocabulary, trace });
  const all = [...lost, ...trace(wrong), ...faults];
  if (all.length > 0) return { ok: false, faults: all };
  const { metadata, spec } = expanded as Document;
  const policy = { name: metadata.name, onUpdate: spec.onUpdate ?? 'changed', ...read };
  return {
    ok: true,
    policy,
    deadClauses: [...deadClausesOf(spec, vocabulary.kinds), ...findDeadRewrites(read.rewrites ?? []), ...renamed],
  };
}

/** Replaces former causes in the pin and in the parameters of rules, each by its own schema. */
function withCurrentCauses(document: unknown, { rules }: Vocabulary): CurrentCauses {
  const { value, renamed } = currentCauses(document, POLICY_SCHEMA);
  const spec = isObject(value) ? value['spec'] : undefined;
  if (!isObject(value) || !isObject(spec) || !Array.isArray(spec['rules'])) return { value, renamed };
  const all = [...renamed];
  const entries = spec['rules'].map((entry: unknown, index) => {
    if (!isObject(entry)) return entry;
    const schema = rules.find(({ name }) => name === entry['rule'])?.parameters;
    const read = currentCauses(entry['parameters'], schema, `/spec/rules/${index}/parameters`);
    all.push(...read.renamed);
    return read.renamed.length === 0 ? entry : { ...entry, parameters: read.value };
  });
  return { value: all.length === 0 ? value : { ...value, spec: { ...spec, rules: entries } }, renamed: all };
}

interface LoadContext {
  readonly vocabulary: Vocabulary;
  readonly trace: (faults: readonly DocumentFault[]) => readonly DocumentFault[];
}

function parentOf(pointer: string): string {
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf('/')));
}

type SpecResult = Pick<Policy, 'scope' | 'bindings' | 'needs' | ChangeKey> & {
  readonly faults: readonly DocumentFault[];
};

function readSpec({ value, lacking, placeOf }: ValidPart, { vocabulary, trace }: LoadContext): SpecResult {
  const { match: matched = {}, exclude: excluded = {}, rules } = value as Document['spec'];
  const { kinds } = vocabulary;
  const faults: DocumentFault[] = [];
  const report: Report = (pointer, problem) => {
    const place = placeOf(pointer.slice('/spec'.length));
    if (place !== undefined) faults.push(...trace([{ pointer: `/spec${place}`, problem, at: 'value' }]));
  };
  const match = readClause(matched, '/spec/match', { kinds, report });
  const exclude = readClause(excluded, '/spec/exclude', { kinds, report });
  const bindings = (rules ?? []).flatMap((entry, index) => {
    const at = `/spec${parentOf(placeOf(`/rules/${index}/rule`) ?? '')}`;
    const read = readBinding(entry, at, vocabulary);
    if (read.ok) return [read.binding];
    // An entry with another fault is not finished, so only what it contains is reported.
    const isUnfinished = entry.parameters === undefined && lacking.some((place) => `/spec${parentOf(place)}` === at);
    faults.push(...read.faults.filter(({ pointer }) => !isUnfinished || pointer !== `${at}/parameters`));
    return [];
  });
  const changes = readChanges(value as Document['spec'], report);
  const scope = compileScope(match, exclude);
  const needs = new Set(bindings.flatMap(({ check }) => check.needs));
  if (scope.clausesWithLabels.length > 0) needs.add('namespaceLabels');
  return { scope, bindings, ...changes, needs, faults };
}

type ChangeKey = 'rewrites' | 'pin' | 'addedPullSecrets' | 'pullPolicies';

function readChanges(spec: Document['spec'], report: Report): Pick<Policy, ChangeKey> {
  const { rules, rewrite, pin, pullSecrets, pullPolicy } = spec;
  if (rules === undefined && CHANGE_KEYS.every((key) => spec[key] === undefined)) {
    report('/spec', `set ${orValues(['rules', ...CHANGE_KEYS])}`);
  }
  return {
    rewrites: rewrite && readRewrites(rewrite, '/spec/rewrite', report),
    pin: pin && readPin(pin, '/spec/pin', report),
    addedPullSecrets: pullSecrets && readAddedPullSecrets(pullSecrets, '/spec/pullSecrets', report),
    pullPolicies: pullPolicy && readPullPolicies(pullPolicy, '/spec/pullPolicy', report),
  };
}

function deadClausesOf({ match = {}, exclude = {}, pin }: Document['spec'], kinds: KindTable): readonly DeadClause[] {
  const deadPin = pin && findDeadPin(pin);
  const ofPin = deadPin === undefined ? [] : [{ pointer: '/spec/pin/exclude', problem: deadPin }];
  return [...findDeadClauses({ match, exclude }, kinds), ...ofPin];
}
