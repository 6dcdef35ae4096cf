/** One side of a comparison: what a webhook responded, or what it would respond. */
import { toAuthor } from '../admission/message.ts';
import type { ReviewAnswer } from '../admission/review.ts';
import type { Finding } from '../policy/finding.ts';
import type { RecordedResponse } from './format.ts';
import { isSameText } from './redacted-texts.ts';

export interface Outcome {
  readonly allowed: boolean;
  /** Why the request is denied; null: it is allowed. */
  readonly message: string | null;
  readonly warnings: readonly string[];
  readonly patch: readonly unknown[];
  readonly findings: readonly OutcomeFinding[];
}

export interface OutcomeFinding {
  readonly policy: string;
  readonly rule: string;
  readonly action: Finding['action'];
  /** `unknown` also if the rule failed. */
  readonly outcome: 'violation' | 'unknown';
  /** One line, with the container. */
  readonly message: string;
  readonly container: string | null;
  readonly image: string | null;
  /** Of the image, if it can be parsed. */
  readonly registry: string | null;
  readonly pointer: string | null;
  readonly remedy: string | null;
}

type Response = ReviewAnswer['response'];

/** `patch`: of the response, decoded. */
export function outcomeOfAnswer(
  { allowed, status, warnings = [] }: Response,
  findings: readonly Finding[],
  patch: readonly unknown[],
): Outcome {
  return {
    allowed,
    message: status?.message ?? null,
    warnings,
    patch,
    findings: findings.map(outcomeFinding),
  };
}

function outcomeFinding(finding: Finding): OutcomeFinding {
  const { policy, rule, action, outcome, container, pointer, remedy } = finding;
  const { image } = container ?? {};
  return {
    policy,
    rule,
    action,
    outcome: outcome === 'violation' ? 'violation' : 'unknown',
    // As the response has it, so that both sides compare equal.
    message: toAuthor(finding).toWellFormed(),
    container: container?.name ?? null,
    image: image?.text ?? null,
    registry: image?.state === 'parsed' ? image.reference.domain : null,
    pointer,
    remedy: remedy ?? null,
  };
}

/** The findings of a response are in its audit annotations, as `findingLine` writes them. */
export function outcomeOfResponse(response: RecordedResponse): Outcome {
  const { allowed, warnings = [], patch = [], auditAnnotations = {} } = response;
  const lines = (auditAnnotations['findings'] ?? '').split('\n');
  return {
    allowed,
    message: textIn(response.status?.['message']) ?? null,
    warnings,
    patch,
    findings: lines.flatMap((line) => recordedFinding(line) ?? []),
  };
}

const LINE =
  /^(?:existing )?(?<action>deny|warn|audit|excused)(?: by .*?)? \[(?<policy>[^\]/]+)\/(?<rule>[^\],]+)(?<unknown>, unknown -> \w+)?\] (?<message>.*)$/;

/** None for a line that counts the findings that are not listed. */
function recordedFinding(line: string): OutcomeFinding | undefined {
  const { action, policy, rule, unknown, message } = LINE.exec(line)?.groups ?? {};
  const known = ACTIONS.find((each) => each === action);
  if (known === undefined || policy === undefined || rule === undefined || message === undefined) return undefined;
  return {
    ...UNLISTED,
    policy,
    rule,
    action: known,
    outcome: unknown === undefined ? 'violation' : 'unknown',
    message,
  };
}

const ACTIONS = ['deny', 'warn', 'audit', 'excused'] as const;
const UNLISTED = { container: null, image: null, registry: null, pointer: null, remedy: null };

/** Reports whether an answer says the same as a recorded response; the generation of the policies can differ. */
export function isSameResponse(recorded: RecordedResponse, answer: Response, patch: readonly unknown[]): boolean {
  return (
    recorded.allowed === answer.allowed &&
    isSameText(textIn(recorded.status?.['message']), answer.status?.message) &&
    sameTexts(recorded.warnings, answer.warnings) &&
    ANNOTATIONS.every((key) => isSameText(recorded.auditAnnotations?.[key], answer.auditAnnotations?.[key])) &&
    samePatch(recorded.patch ?? [], patch)
  );
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function sameTexts(one: readonly string[] = [], other: readonly string[] = []): boolean {
  return one.length === other.length && one.every((text, index) => isSameText(text, other[index]));
}

const ANNOTATIONS = ['decision', 'findings', 'rewritten', 'pinned', 'pullSecrets', 'pullPolicies'] as const;

export function samePatch(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && (one.length === 0 || JSON.stringify(one) === JSON.stringify(other));
}
