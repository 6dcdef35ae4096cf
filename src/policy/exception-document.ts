/** Reads a parsed ImagePolicyException document, or reports all of its faults. */
import { compileGlobs, type TextTest } from '../image/glob.ts';
import { parsePatterns } from '../image/pattern-list.ts';
import { quoteValue } from '../image/quote.ts';
import type { KindTable } from '../pod/kinds.ts';
import { checkGlobs, checkKinds } from './clause.ts';
import { DAY_MS, dayStart } from '../go/date.ts';
import type { ExceptionMatch, ImageException } from './exception.ts';
import { CONTAINER_NAME, NAMESPACE, OBJECT } from './glob-field.ts';
import { type Lists, NO_LISTS } from './list.ts';
import { expandLists } from './list-reference.ts';
import { EXCEPTION_SCHEMA } from './schema.ts';
import { didYouMean } from '../image/suggestion.ts';
import { type DocumentFault, schemaCheck } from './schema-faults.ts';
import type { Report } from './selector-fault.ts';
import { validSpecOf, wholePart } from './valid-part.ts';
import { findDeadExceptionClauses, type DeadClause } from './dead-clauses.ts';

export type ExceptionResult =
  | { readonly ok: true; readonly exception: ImageException; readonly deadClauses: readonly DeadClause[] }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

export interface ExceptionVocabulary {
  /** The rules of each policy, by policy name; `undefined` for an invalid policy. */
  readonly policies: ReadonlyMap<string, readonly string[] | undefined>;
  readonly kinds: KindTable;
  /** `undefined`: no lists. */
  readonly lists?: Lists | undefined;
}

/** A document that is valid by the schema. */
interface Document {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly policy: string;
    readonly rules: readonly string[];
    readonly match: MatchDocument;
    readonly owner: string;
    readonly reason: string;
    readonly expires: string;
  };
}

interface MatchDocument {
  readonly namespaces?: readonly string[];
  readonly kinds?: readonly string[];
  readonly names?: readonly string[];
  readonly containers?: readonly string[];
  readonly images?: readonly string[];
}

const checkDocument = schemaCheck(EXCEPTION_SCHEMA);
/** Without required keys, so that the given keys are checked if others are missing. */
const checkSpec = schemaCheck({ ...EXCEPTION_SCHEMA.properties.spec, required: [] });

const GLOBS = [
  ['namespaces', NAMESPACE],
  ['names', OBJECT],
  ['containers', CONTAINER_NAME],
] as const;

export function readException(value: unknown, vocabulary: ExceptionVocabulary): ExceptionResult {
  const { policies, kinds, lists = NO_LISTS } = vocabulary;
  const { value: expanded, faults: lost, trace } = expandLists(value, EXCEPTION_SCHEMA, lists);
  const wrong = checkDocument(expanded);
  const part = wrong.length === 0 ? wholePart((expanded as Document).spec) : validSpecOf(expanded, checkSpec);
  const found: DocumentFault[] = [];
  const report: Report = (pointer, problem) => {
    const place = part.placeOf(pointer.slice('/spec'.length));
    if (place !== undefined) found.push(...trace([{ pointer: `/spec${place}`, problem, at: 'value' }]));
  };
  const { match = {}, ...written } = part.value as Partial<Document['spec']>;
  checkPolicy(written, policies, report);
  checkKinds(match.kinds, '/spec/match/kinds', { kinds, report });
  for (const [key, field] of GLOBS) checkGlobs(match[key], `/spec/match/${key}`, { field, report });
  const compiled = matchOf(match, report);
  const begins = dayOf(written.expires, report);
  const faults = [...lost, ...trace(wrong), ...found];
  if (faults.length > 0 || begins === undefined) return { ok: false, faults };
  const exception = exceptionOf(expanded as Document, compiled, begins);
  const { namespaces = [], kinds: kindGlobs = [] } = match;
  return { ok: true, exception, deadClauses: findDeadExceptionClauses({ namespaces, kinds: kindGlobs }, kinds) };
}

function dayOf(expires: string | undefined, report: Report): number | undefined {
  const begins = expires === undefined ? undefined : dayStart(expires);
  if (begins === undefined && expires !== undefined) {
    report('/spec/expires', `${quoteValue(expires)} is not a valid date`);
  }
  return begins;
}

/** `begins`: the start of the expiry date in UTC, in milliseconds since 1970. */
function exceptionOf({ metadata, spec }: Document, match: ExceptionMatch, begins: number): ImageException {
  const { policy, rules, expires } = spec;
  return {
    name: metadata.name,
    policy,
    rules,
    owner: oneLine(spec.owner),
    reason: oneLine(spec.reason),
    expires,
    endsAt: begins + DAY_MS,
    match,
  };
}

function checkPolicy(
  { policy, rules = [] }: Partial<Document['spec']>,
  policies: ExceptionVocabulary['policies'],
  report: Report,
): void {
  if (policy === undefined) return;
  if (!policies.has(policy)) {
    const names = [...policies.keys()];
    const all = names.length === 0 ? 'no policies are loaded' : `all policies: ${names.join(', ')}`;
    return report('/spec/policy', `unknown policy ${quoteValue(policy)}${didYouMean(policy, names)} (${all})`);
  }
  const known = policies.get(policy);
  if (known === undefined) return;
  for (const [index, rule] of rules.entries()) {
    if (known.includes(rule)) continue;
    const problem = `policy "${policy}" has no rule ${quoteValue(rule)}${didYouMean(rule, known)} (its rules: ${known.join(', ')})`;
    report(`/spec/rules/${index}`, problem);
  }
}

function matchOf({ namespaces, kinds, names, containers, images }: MatchDocument, report: Report): ExceptionMatch {
  const patterns = images === undefined ? undefined : parsePatterns(images);
  if (patterns?.ok === false) {
    for (const { index, problem } of patterns.faults) report(`/spec/match/images/${index}`, problem);
  }
  return {
    namespace: anyOf(namespaces),
    kind: anyOf(kinds),
    name: anyOf(names),
    container: anyOf(containers),
    images: patterns?.ok === true ? patterns.patterns : undefined,
  };
}

function anyOf(globs: readonly string[] | undefined): TextTest | undefined {
  return globs === undefined ? undefined : compileGlobs(globs);
}

/** Log lines, annotations, and messages contain the text. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
