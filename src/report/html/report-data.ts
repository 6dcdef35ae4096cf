/** What the HTML report shows: `check` and `replay` fill it, and the page reads it. It holds data only, and no words of the page. */
import type { Excerpt, PodPicture } from '../../recording/object-view.ts';

export type {
  ContainerPicture,
  CredentialPicture,
  Excerpt,
  ExcerptLine,
  PodPicture,
} from '../../recording/object-view.ts';

export interface ReportData {
  readonly version: 1;
  /** `tidewaiter 0.1.0` */
  readonly tool: string;
  /** ISO 8601, in UTC. */
  readonly created: string;
  /** The rules of the findings; a rule that is unknown here has no description. */
  readonly rules: Readonly<Record<string, RuleText>>;
  readonly origin: ReportOrigin;
  /** Each is a tab; at least one. */
  readonly runs: readonly Run[];
}

export interface ReportOrigin {
  /** The command line that wrote the report. */
  readonly command: string | null;
  /** Where the policies name their rules, by `bindingKey`: `policies/base.yaml:9`. */
  readonly policyPlaces: Readonly<Record<string, string>>;
  /** The address that files have at a code host, without the path of the file. */
  readonly linkBase: string | null;
}

export function bindingKey(policy: string, rule: string): string {
  return `${policy}/${rule}`;
}

export interface RuleText {
  readonly description: string;
  /** What goes wrong without the rule. */
  readonly why: string | null;
}

export type RunKind = 'check' | 'replay';

/** A part of a sentence, and how it is shown. */
export type Part = readonly [text: string, as?: 'code' | 'bad'];

export interface Run {
  readonly kind: RunKind;
  /** In addresses; unique in the report. */
  readonly id: string;
  /** The name of the tab. */
  readonly title: string;
  /** What was read: `deploy/`, or the recordings and the policies. */
  readonly subject: string;
  readonly policies: string;
  /** One sentence, for mail previews, the title of the page, and paper. */
  readonly verdict: readonly Part[];
  /** What causes most of it, and what is unknown. */
  readonly because: readonly Part[];
  readonly totals: Totals;
  /** Only if times are known. */
  readonly timeline: Timeline | null;
  /** How many occurrences each owner and namespace has in all reviews, with findings or without. */
  readonly share: Share | null;
  /** What changed in the policies, line by line. */
  readonly policyChange: readonly ChangedLine[];
  /** What to fix first. */
  readonly helps: readonly Help[];
  /** Only of a comparison with other admission policies, which are then the side before. */
  readonly agreement: AgreementTable | null;
  readonly reviews: readonly Review[];
  /** Those of a review are next to each other. */
  readonly findings: readonly ReportFinding[];
  readonly errors: readonly Remark[];
  readonly notices: readonly Remark[];
}

export interface Totals {
  readonly files: number;
  /** Workloads of a check; reviews of a replay, as often as they occurred. */
  readonly objects: number;
  /** Of a replay: different reviews. */
  readonly distinct: number;
  /** null: a replay does not count them. */
  readonly images: number | null;
  /** Of a replay, by change, with every review, also those without findings. */
  readonly changes: Readonly<Record<Change, number>> | null;
}

export interface Timeline {
  /** The start of the first step, ISO 8601 in UTC. */
  readonly start: string;
  readonly stepMinutes: number;
  /** Occurrences of all reviews by step. */
  readonly all: readonly number[];
}

export interface Share {
  readonly owner: Readonly<Record<string, number>>;
  readonly namespace: Readonly<Record<string, number>>;
}

export type ChangedLine = readonly [kind: 'file' | '+' | '-' | ' ', text: string];

export interface AgreementTable {
  /** Reviews with each result. */
  readonly counts: readonly (readonly [number: number, title: string])[];
  /** Who denies the same reviews, most reviews first. null: this side denies none of them. */
  readonly pairs: readonly { readonly peer: string | null; readonly rule: string | null; readonly reviews: number }[];
}

export interface Help {
  readonly rule: string;
  readonly findings: number;
  /** Workloads that are denied by nothing else. */
  readonly frees: number;
}

/** `none`: there is no finding on this side. */
export type Decision = 'deny' | 'unknown' | 'warn' | 'audit' | 'excused' | 'known' | 'none';

export const CHANGES = ['newly-denied', 'newly-allowed', 'changed', 'unknown', 'same'] as const;
/** `changed`: the decision is the same, and a finding, a message, or a patch differs. `unknown`: facts are missing. */
export type Change = (typeof CHANGES)[number];

/** An object that was evaluated and has findings, or differs. */
export interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  /** null: the object is cluster-scoped. */
  readonly namespace: string | null;
  readonly name: string;
  /** null: no owner is known. */
  readonly owner: string | null;
  readonly operation: string | null;
  /** What was sent, of which the workload can be the controller: `Pod shop/web-1`. null: a check. */
  readonly object: string | null;
  /** Who sent the request. */
  readonly user: string | null;
  /** How often it occurred; 1 in a check. */
  readonly count: number;
  /** ISO 8601, in UTC. */
  readonly first: string | null;
  readonly last: string | null;
  /** Occurrences by step of the timeline: the number of the step, and how many. */
  readonly times: readonly (readonly [step: number, count: number])[];
  /** null: there is nothing to compare with. */
  readonly change: Change | null;
  readonly before: Decision | null;
  readonly after: Decision;
  readonly pods: readonly PodPicture[];
}

export interface ReportFinding {
  /** Unique in the report, and stable between runs where the finding has a fingerprint. */
  readonly id: string;
  /** Index in `reviews`. */
  readonly review: number;
  readonly container: string | null;
  readonly containerKind: string | null;
  readonly image: string | null;
  readonly registry: string | null;
  /** null: the finding is about the review. */
  readonly pointer: string | null;
  readonly policy: string;
  readonly rule: string;
  readonly outcome: 'violation' | 'unknown' | 'error';
  readonly message: string;
  readonly remedy: string | null;
  /** Of an excused finding. */
  readonly exception: string | null;
  /** null: there is nothing to compare with. */
  readonly before: Decision | null;
  readonly after: Decision;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly excerpt: Excerpt | null;
}

/** An input that cannot be evaluated, or a notice. */
export interface Remark {
  readonly place: string | null;
  readonly message: string;
}
