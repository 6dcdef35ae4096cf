/** Evaluates a recorded review and compares the result: one row. */
import { listedFindings, nameOf } from '../../admission/message.ts';
import type { AdmissionRequest } from '../../admission/request.ts';
import type { Recording } from '../../files/recorded-documents.ts';
import { compareToExpected, type Decided, type Difference } from '../../recording/compare.ts';
import { compareOutcomes, type ReplayChange } from '../../recording/comparison.ts';
import type { RecordedResponse, RecordedReview } from '../../recording/format.ts';
import { isSameResponse, type Outcome, outcomeOfResponse } from '../../recording/outcome.ts';
import { withRemovedValues } from '../../recording/removed-values.ts';
import { ownerOf } from '../../recording/owner.ts';
import { compareToSaid } from '../../recording/said-comparison.ts';
import { teamOf } from '../../recording/team.ts';
import type { ObjectView } from '../../recording/object-view.ts';
import { listedPatches } from '../../recording/listed-patches.ts';
import {
  type CountableRow,
  type CountedRow,
  isListed,
  isShown,
  type OutcomeTexts,
  type ReplayRow,
} from '../../recording/replay-row.ts';
import { answersOf, type Evaluated, evaluateReview, isAllowed, outcomeOf, type ReplayContext } from './evaluation.ts';

export interface ReviewPolicies {
  readonly now: ReplayContext;
  /** The policies that the result is compared with instead. */
  readonly against: ReplayContext | undefined;
}

export interface RowOptions {
  /** Which findings are compared; undefined: all. */
  readonly isSelected: ((policy: string, rule: string) => boolean) | undefined;
  /** Compare with what other policies said, instead of the recorded response. */
  readonly toSaid: boolean;
  /** Also keep the bytes of the responses. */
  readonly answers: boolean;
  /** Which reviews have a row; of the others, only what is counted is known. */
  readonly rows: 'all' | 'listed';
  /** What reports show of the object; undefined: nothing. */
  readonly viewOf?: ViewOf | undefined;
}

/** `request`: as it was evaluated. */
export type ViewOf = (recording: Recording, row: ReplayRow, request: AdmissionRequest) => Promise<ObjectView>;

export type Compared = Pick<
  ReplayRow,
  | 'comparedWith'
  | 'change'
  | 'allowed'
  | 'before'
  | 'after'
  | 'findings'
  | 'denials'
  | 'differences'
  | 'missing'
  | 'said'
  | 'answers'
>;

export async function reviewRow(
  recording: Recording,
  { policies, options }: { readonly policies: ReviewPolicies; readonly options: RowOptions },
): Promise<CountableRow> {
  const { result, request } = await compare(recording, policies, options);
  if (options.rows === 'listed' && !isListed(result)) return countedRow(recording, result);
  return withView(recording, rowOf(recording, result), { request, options });
}

/** Only of reviews that reports show. */
export async function withView(
  recording: Recording,
  row: ReplayRow,
  { request, options }: { readonly request: AdmissionRequest; readonly options: RowOptions },
): Promise<ReplayRow> {
  const { viewOf } = options;
  return viewOf === undefined || !isShown(row) ? row : { ...row, view: await viewOf(recording, row, request) };
}

export function rowOf(recording: Recording, result: Compared): ReplayRow {
  const { file, line, document, review, recorded } = recording;
  const time = recorded && Date.parse(recorded.time);
  return {
    file,
    line,
    document,
    ...lineParts(recorded),
    ...requestParts(review.request),
    owner: ownerOf(review.request, time),
    team: teamOf(review.request.object ?? review.request.oldObject),
    count: 1,
    ...result,
  };
}

function countedRow({ recorded }: Recording, { allowed, said, missing }: Compared): CountedRow {
  const { id, first, last } = lineParts(recorded);
  return { id, first, last, count: 1, change: 'same', allowed, said, missing };
}

type LineParts = Pick<ReplayRow, 'id' | 'endpoint' | 'first' | 'last'>;

function lineParts(recorded: RecordedReview | undefined): LineParts {
  if (recorded === undefined) return { id: null, endpoint: null, first: null, last: null };
  const { id, endpoint, time } = recorded;
  return { id, endpoint, first: time, last: time };
}

type RequestParts = Pick<ReplayRow, 'uid' | 'operation' | 'apiVersion' | 'kind' | 'namespace' | 'name' | 'user'>;

function requestParts(request: AdmissionRequest): RequestParts {
  const { uid, operation, type, namespace, user } = request;
  const { group, version, kind } = type;
  return {
    uid,
    operation,
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    namespace: namespace ?? null,
    name: nameOf(request),
    user: user?.name ?? null,
  };
}

async function compare(
  recording: Recording,
  { now: first, against }: ReviewPolicies,
  options: RowOptions,
): Promise<{ readonly result: Compared; readonly request: AdmissionRequest }> {
  const evaluated = await evaluateReview(recording, first);
  if (against !== undefined) {
    const other = await evaluateReview(recording, against);
    const sides = { ...compareSides(evaluated, other, options), ...answersIn(options, other) };
    return { result: withDenials(sides, other), request: other.request };
  }
  const result = withDenials(compareToOneSide(recording, evaluated, options), evaluated);
  return { result, request: evaluated.request };
}

/** The reasons of a denial that do not differ. */
function withDenials(row: Compared, evaluated: Evaluated): Compared {
  if (row.allowed || row.differences !== undefined) return row;
  const changed = new Set((row.findings ?? []).map(({ message }) => message));
  const denials = outcomeOf(evaluated).findings.filter(
    ({ action, message }) => action === 'deny' && !changed.has(message),
  );
  return denials.length === 0 ? row : { ...row, denials: denials.slice(0, MAX_DENIALS) };
}

/** As many as a response lists. */
const MAX_DENIALS = 50;

function compareToOneSide({ recorded, expected }: Recording, evaluated: Evaluated, options: RowOptions): Compared {
  const answers = answersIn(options, evaluated);
  if (recorded !== undefined) return { ...compareToRecorded(recorded, evaluated, options), ...answers };
  const allowed = isAllowed(evaluated);
  if (expected === undefined) return { comparedWith: null, change: null, allowed, ...answers };
  const differences = compareToExpected(expected, decidedIn(evaluated));
  const result = { comparedWith: 'expected', change: changeOf(differences), allowed, ...answers } as const;
  return differences.length === 0 ? result : { ...result, differences };
}

function answersIn({ answers }: RowOptions, evaluated: Evaluated): Pick<ReplayRow, 'answers'> {
  return answers ? { answers: answersOf(evaluated) } : {};
}

/** Without a line of a recording, both endpoints are evaluated. */
function decidedIn({ results }: Evaluated): Decided {
  const validated = results.find(({ endpoint }) => endpoint === 'validate');
  const mutated = results.find(({ endpoint }) => endpoint === 'mutate');
  return {
    decision: { allowed: validated?.answer.response.allowed ?? true, findings: validated?.findings ?? [] },
    mutation: { patch: (mutated?.patch ?? []) as Decided['mutation']['patch'] },
  };
}

function compareSides(before: Evaluated, after: Evaluated, options: RowOptions): Compared {
  const sides = { before: outcomeOf(before), after: outcomeOf(after) };
  const missing = { before: before.missing, after: after.missing };
  return { comparedWith: 'against', ...compared(sides, { missing, pins: before.pins || after.pins, options }) };
}

function compareToRecorded(recorded: RecordedReview, evaluated: Evaluated, options: RowOptions): Compared {
  if (options.toSaid) return comparedToSaid(recorded, evaluated, options);
  const { response, origin } = recorded;
  if (response !== undefined && evaluated.missing.length === 0 && isSame(response, evaluated))
    return { comparedWith: 'recorded', change: 'same', allowed: isAllowed(evaluated) };
  const after = outcomeOf(evaluated, listedFindings);
  const before =
    response === undefined ? admittedOutcome(origin, after) : withRemovedValues(outcomeOfResponse(response), after);
  const missing = { before: [], after: evaluated.missing };
  if (before === undefined)
    return { comparedWith: null, change: null, allowed: after.allowed, ...unknownFacts(evaluated.missing) };
  return { comparedWith: 'recorded', ...compared({ before, after }, { missing, pins: evaluated.pins, options }) };
}

function comparedToSaid(recorded: RecordedReview, evaluated: Evaluated, { isSelected }: RowOptions): Compared {
  const { change, findings, said } = compareToSaid(recorded, outcomeOf(evaluated), isSelected);
  const allowed = isAllowed(evaluated);
  const row = { change, allowed, said, ...unknownFacts(evaluated.missing) };
  if (change === null) return { comparedWith: null, ...row };
  return { comparedWith: 'said', ...row, ...(findings.length === 0 ? {} : { findings }) };
}

/** The API server admitted the request: it is known that nothing denied it, and nothing else. */
export function admittedOutcome(origin: RecordedReview['origin'], after: Outcome): Outcome | undefined {
  if (origin?.admitted !== true) return undefined;
  const findings = after.findings.filter(({ action, outcome }) => action !== 'deny' && outcome === 'violation');
  return { ...after, allowed: true, message: null, findings };
}

function isSame(recorded: RecordedResponse, { results }: Evaluated): boolean {
  return results.every(({ answer, patch }) => isSameResponse(recorded, answer.response, patch));
}

interface ComparedSides {
  readonly missing: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly pins: boolean;
  readonly options: RowOptions;
}

export function compared(
  { before, after }: { readonly before: Outcome; readonly after: Outcome },
  { missing, pins, options: { isSelected } }: ComparedSides,
): Pick<Compared, 'change' | 'allowed' | 'before' | 'after' | 'findings' | 'missing'> {
  const { change, findings } = compareOutcomes(before, after, {
    missing: { before: missing.before.length > 0, after: missing.after.length > 0 },
    pins,
    isSelected,
  });
  const { allowed } = after;
  const unknown = unknownFacts([...missing.before, ...missing.after]);
  if (change === 'same') return { change, allowed, ...unknown };
  const patches = listedPatches({ before: before.patch, after: after.patch });
  return {
    change,
    allowed,
    before: { ...textsOf(before), patch: patches.before },
    after: { ...textsOf(after), patch: patches.after },
    findings,
    ...unknown,
  };
}

function unknownFacts(names: readonly string[]): Pick<Compared, 'missing'> {
  return names.length === 0 ? {} : { missing: [...new Set(names)] };
}

function textsOf({ findings: _findings, ...texts }: Outcome): OutcomeTexts {
  return texts;
}

export function changeOf(differences: readonly Difference[]): ReplayChange {
  if (differences.length === 0) return 'same';
  const kinds = new Set(differences.map(({ kind }) => kind));
  return (['newly-denied', 'newly-allowed', 'patch'] as const).find((kind) => kinds.has(kind)) ?? 'message';
}
