/**
 * The result of `suggest`: policies that deny nothing of a recording, and what each next step of strictness would deny. `-o json`
 * prints it. Keys are stable; `version` counts incompatible changes.
 */
import type { ErrorRow } from './check.ts';

export interface SuggestReport {
  readonly version: 1;
  readonly recording: RecordingSummary;
  /** Documents of kind ImagePolicy. */
  readonly policies: readonly object[];
  readonly rules: readonly SuggestedRule[];
  /** By the share of reviews that each would deny, the least first. */
  readonly steps: readonly SuggestedStep[];
  /** Steps that are not listed. */
  readonly moreSteps: number;
  /** Rules that are not suggested, because the recording does not show what they would decide. */
  readonly unknown: readonly UnknownRule[];
  readonly errors: readonly ErrorRow[];
  readonly moreErrors: number;
}

export interface RecordingSummary {
  readonly files: number;
  /** Lines with reviews. */
  readonly lines: number;
  /** Reviews that count, with repetitions. */
  readonly reviews: number;
  /** In UTC; null: unknown. */
  readonly first: string | null;
  readonly last: string | null;
  /** Reviews that do not count. */
  readonly leftOut: Readonly<Record<LeftOut, number>>;
  /** Reviews that the server did not record. */
  readonly dropped: number;
}

/**
 * `denied`: they were denied when they were recorded. `dryRun`: their objects were not stored. `mutate`: the same requests are recorded for the validating webhook.
 * `notEvaluated`: without images. `excluded`: in namespaces that the policies exclude. `outside`: of --since and --until.
 */
export const LEFT_OUT = ['denied', 'dryRun', 'mutate', 'notEvaluated', 'excluded', 'outside'] as const;
export type LeftOut = (typeof LEFT_OUT)[number];

export interface SuggestedRule {
  /** The name of the policy that has it. */
  readonly policy: string;
  readonly rule: string;
  readonly parameters: object | null;
  readonly action: 'deny' | 'warn';
  /** Namespaces that the policy excludes because of violations. */
  readonly excludedNamespaces: readonly string[];
  /** Reviews that violate it: in the excluded namespaces, or anywhere if it only warns. */
  readonly violations: number;
}

export const STEP_KINDS = ['registry', 'namespace', 'parameter', 'rule'] as const;

export interface SuggestedStep {
  readonly kind: (typeof STEP_KINDS)[number];
  readonly rule: string;
  /** In the imperative. */
  readonly change: string;
  /** Reviews that it would deny. */
  readonly denied: number;
  /** Reviews that it applies to. */
  readonly reviews: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly namespaces: readonly DeniedNamespace[];
  readonly workloads: readonly DeniedWorkload[];
  /** More namespaces and workloads than listed. */
  readonly moreNamespaces: number;
  readonly moreWorkloads: number;
  /** The policy with this step. It replaces the suggested policy of the same name, if there is one. */
  readonly policy: object;
}

export interface DeniedNamespace {
  /** null: objects without a namespace. */
  readonly name: string | null;
  readonly denied: number;
}

export interface DeniedWorkload {
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly denied: number;
}

export interface UnknownRule {
  readonly rule: string;
  readonly parameters: object | null;
  /** Reviews with a result that is unknown. */
  readonly unknown: number;
  /** Reviews that it would deny. */
  readonly denied: number;
  /** Of one of them. */
  readonly reason: string;
}
