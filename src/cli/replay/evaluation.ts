/** Evaluates one recorded review with one set of policies. */
import type { Context } from '../../admission/context.ts';
import { patched } from '../../admission/change/patched.ts';
import { evaluateAsRun, mutationAsRun } from '../../admission/as-run.ts';
import { mutate } from '../../admission/mutate.ts';
import type { Mutation } from '../../admission/mutation.ts';
import type { AdmissionRequest } from '../../admission/request.ts';
import { answerText, decisionReview, mutationReview, type ReviewAnswer } from '../../admission/review.ts';
import { type Decision, validate } from '../../admission/validate.ts';
import type { Recording } from '../../files/recorded-documents.ts';
import type { Finding } from '../../policy/finding.ts';
import { changesObjects } from '../../policy/plan.ts';
import type { RecordedEndpoint } from '../../recording/format.ts';
import { observeReads, type ReadObserver } from '../../recording/lost-reads.ts';
import { type Outcome, outcomeOfAnswer } from '../../recording/outcome.ts';
import { recordedWorld } from '../../recording/recorded-world.ts';
import type { Answers } from '../../recording/replay-row.ts';

export interface Evaluated {
  /** For the endpoint of the recording, or for both. */
  readonly results: readonly EndpointResult[];
  /** Facts that the recording does not have. */
  readonly missing: readonly string[];
  /** Images could be pinned. */
  readonly pins: boolean;
  /** With the object as /validate got it. */
  readonly request: AdmissionRequest;
}

export interface EndpointResult {
  readonly endpoint: RecordedEndpoint;
  readonly answer: ReviewAnswer;
  readonly findings: readonly Finding[];
  readonly patch: readonly unknown[];
}

const { signal } = new AbortController();
const NOTHING: readonly never[] = [];
/** Without it, no finding is known to be an existing one. */
const OLD_OBJECT = 'the old object of the update; findings that it had count as new';

/** Policies whose reads of values that are not recorded are observed. */
export interface ReplayContext extends Context {
  readonly beginReview: ReadObserver['begin'];
}

export function replayContext(context: Context): ReplayContext {
  const { policies, begin } = observeReads(context.policies);
  return { ...context, policies, beginReview: begin };
}

/** With --live, the context has the facts of today, and those of the recording are not used. */
export async function evaluateReview(
  recording: Recording,
  known: ReplayContext,
  sequence: Sequence = 'one-after-the-other',
): Promise<Evaluated> {
  const { recorded } = recording;
  known.beginReview(recorded?.redacted ?? NOTHING);
  const missing: string[] = [];
  const context = withFacts(recording, known, (what) => missing.push(what));
  const { results, request } = await resultsOf(recording, context, sequence);
  missing.push(...missingObject(recording, results));
  const pins = recorded?.endpoint !== 'validate' && changesObjects(known.policies);
  return { results, missing: missing.length === 0 ? NOTHING : [...new Set(missing)], pins, request };
}

/** `one-after-the-other`: as in a cluster, /validate gets the object as /mutate changes it. `same-review`: both get the review. */
export type Sequence = 'one-after-the-other' | 'same-review';

async function resultsOf(
  recording: Recording,
  context: Context,
  sequence: Sequence,
): Promise<Pick<Evaluated, 'results' | 'request'>> {
  const { endpoint } = recording.recorded ?? {};
  const { request } = recording.review;
  if (!request.mutateRan && sequence === 'one-after-the-other') return resultsAsRun(recording, context);
  const mutation = endpoint === 'validate' ? undefined : await mutate(request, context, signal);
  const results = mutation === undefined ? [] : [mutated(recording, mutation, context)];
  if (endpoint === 'mutate') return { results, request };
  const isChanged = mutation !== undefined && sequence === 'one-after-the-other';
  const evaluated = isChanged ? withPatch(request, mutation) : request;
  const decided = validated(recording, await validate(evaluated, context, signal), context);
  return { results: [decided, ...results], request: evaluated };
}

/** As `check` evaluates objects: no server got the object, so policies change it first. */
async function resultsAsRun(recording: Recording, context: Context): Promise<Pick<Evaluated, 'results' | 'request'>> {
  const { request } = recording.review;
  const hasCluster = context.world?.secrets !== undefined;
  const { decision, asRun } = await evaluateAsRun(request, context, { signal, hasCluster });
  const result = validated(recording, decision, context);
  if (asRun === undefined) return { results: [result], request };
  return { results: [result, mutated(recording, mutationAsRun(asRun), context)], request: asRun.request };
}

function withPatch(request: AdmissionRequest, { patch }: Mutation): AdmissionRequest {
  const { object } = request;
  return object === undefined || patch.length === 0 ? request : { ...request, object: patched(object, patch) };
}

function missingObject({ recorded }: Recording, results: readonly EndpointResult[]): readonly string[] {
  const hasFindings = results.some(({ findings }) => findings.length > 0);
  return recorded?.origin?.hasOldObject === false && hasFindings ? [OLD_OBJECT] : NOTHING;
}

function withFacts({ recorded }: Recording, known: Context, onMissing: (what: string) => void): Context {
  if (recorded === undefined || known.world !== undefined) return known;
  return { ...known, world: recordedWorld(recorded.facts, onMissing) };
}

function validated({ review }: Recording, decision: Decision, { generation }: Context): EndpointResult {
  const answer = decisionReview(review, decision, generation);
  return { endpoint: 'validate', answer, findings: decision.findings, patch: NOTHING };
}

function mutated({ review }: Recording, mutation: Mutation, { generation }: Context): EndpointResult {
  const { findings, patch } = mutation;
  return { endpoint: 'mutate', answer: mutationReview(review, mutation, generation), findings, patch };
}

export function isAllowed({ results }: Evaluated): boolean {
  return results.every(({ answer }) => answer.response.allowed);
}

export function answersOf({ results }: Evaluated): Answers {
  return Object.fromEntries(results.map(({ endpoint, answer }) => [endpoint, answerText(answer)]));
}

type ChooseFindings = (findings: readonly Finding[]) => readonly Finding[];

/** Of both endpoints together, if both were evaluated. `listed`: a response does not list all findings. */
export function outcomeOf({ results }: Evaluated, listed: ChooseFindings = (all) => all): Outcome {
  const outcomes = results.map(({ answer, findings, patch }) =>
    outcomeOfAnswer(answer.response, listed(findings), patch),
  );
  return mergedOutcome(outcomes);
}

export function mergedOutcome(outcomes: readonly Outcome[]): Outcome {
  const [one] = outcomes;
  if (outcomes.length === 1 && one !== undefined) return one;
  const messages = outcomes.flatMap(({ message }) => message ?? []);
  return {
    allowed: outcomes.every(({ allowed }) => allowed),
    message: messages.length === 0 ? null : messages.join('\n'),
    warnings: outcomes.flatMap(({ warnings }) => warnings),
    patch: outcomes.flatMap(({ patch }) => patch),
    findings: outcomes.flatMap(({ findings }) => findings),
  };
}
