/** The rows of findings, images, and notices in reports. Their keys are stable. */
import { objectLabel, source } from '../admission/message.ts';
import { quoteValue } from '../image/quote.ts';
import type { Container } from '../pod/containers.ts';
import type { Rendered } from '../files/place.ts';
import type { InputNotice } from '../files/skipped-files.ts';
import type { PlacedNotice } from '../files/policies.ts';
import type { Finding } from '../policy/finding.ts';
import { type Checked, hashOf } from './fingerprint.ts';

export interface ObjectRow {
  readonly file: string;
  /** 1-based line of the value in the input file; null: somewhere in this file, which only rendered objects have. */
  readonly line: number | null;
  readonly column: number | null;
  /** 1-based number of the document within the file, or within the output of the program that rendered it. */
  readonly document: number;
  readonly apiVersion: string;
  readonly kind: string;
  /** null for cluster-scoped objects. */
  readonly namespace: string | null;
  readonly name: string;
  /** Only of objects that a program rendered. */
  readonly rendered?: Rendered | undefined;
}

export interface ImageRow extends ObjectRow {
  readonly container: string | null;
  /** RFC 6901, from the root of the object. */
  readonly pointer: string;
  readonly image: string;
}

/** A container that policies change when the object, or its Pods, are created. */
export interface ChangeRow extends ObjectRow {
  readonly container: string | null;
  /** Of the image. */
  readonly pointer: string;
  /** The image as written. */
  readonly from: string;
  /** The image as it would run; it can be the same. */
  readonly to: string;
  /** The pull secrets that the Pod gets in addition. */
  readonly pullSecrets: readonly string[];
  /** null: it stays. */
  readonly pullPolicy: string | null;
  readonly policies: readonly string[];
}

export interface FindingRow extends ObjectRow {
  readonly container: string | null;
  readonly containerKind: string | null;
  readonly pointer: string;
  readonly image: string | null;
  readonly policy: string;
  readonly rule: string;
  readonly action: Finding['action'];
  readonly outcome: Finding['outcome'];
  /** Whether the stored object of an update already has the finding. */
  readonly existing: boolean;
  readonly message: string;
  readonly remedy: string | null;
  /** Not null only with the action `excused`. */
  readonly exception: ExceptionRow | null;
  /** The same in each run, until the workload, the container, the rule, or the value changes. */
  readonly fingerprint: string;
  /** The baseline contains it, so it is counted and does not fail. */
  readonly known: boolean;
}

/** The exception that excuses a finding. */
export interface ExceptionRow {
  readonly name: string;
  readonly owner: string;
  readonly reason: string;
  /** The expiry date, YYYY-MM-DD. */
  readonly expires: string;
  /** The action of the finding without the exception. */
  readonly insteadOf: 'deny' | 'warn' | 'audit';
}

/** A notice: a policy document without effect on this input, or input that is not evaluated. */
export interface NoticeRow {
  readonly file: string;
  /** null: the notice is about the whole file. */
  readonly line: number | null;
  readonly column: number | null;
  /** ImagePolicy, ImagePolicyException, or ImageNameList; null: the notice is about input. */
  readonly kind: string | null;
  readonly name: string | null;
  /** null: the notice is about the whole document. */
  readonly rule: string | null;
  readonly message: string;
}

export function noticeRow({ file, line, column, kind, name, rule, message }: PlacedNotice): NoticeRow {
  return { file, line, column, kind, name, rule: rule ?? null, message };
}

export function inputNoticeRow({ file, line, column, message }: InputNotice): NoticeRow {
  return { file, line, column, kind: null, name: null, rule: null, message };
}

/** A finding whose fingerprint does not have a number yet. */
export interface FindingDraft extends Omit<FindingRow, 'fingerprint'> {
  fingerprint: string;
}

export function findingDraft(object: ObjectRow, finding: Finding, checked: Checked): FindingDraft {
  const { container, pointer, policy, rule, action, outcome, existing, message, remedy, excuse } = finding;
  const row = {
    ...object,
    container: container?.name ?? null,
    containerKind: container?.kind ?? null,
    pointer,
    image: container?.image.text ?? null,
    policy,
    rule,
    action,
    outcome,
    existing,
    message,
    remedy: remedy ?? null,
    exception: excuse === undefined ? null : exceptionRow(excuse),
  };
  return { ...row, fingerprint: hashOf(row, checked), known: false };
}

function exceptionRow({ exception, insteadOf }: NonNullable<Finding['excuse']>): ExceptionRow {
  const { name, owner, reason, expires } = exception;
  return { name, owner, reason, expires, insteadOf };
}

export function imageRow(object: ObjectRow, container: Container): ImageRow {
  return { ...object, container: container.name ?? null, pointer: container.imagePointer, image: container.image.text };
}

/** `Deployment shop/web`, `Deployment shop/web > proxy` */
export function rowLabel({ kind, namespace, name, container = null }: LabelledRow): string {
  const object = objectLabel(kind, namespace ?? undefined, name);
  return container === null ? object : `${object} > ${shownName(container)}`;
}

type LabelledRow = Pick<ObjectRow, 'kind' | 'namespace' | 'name'> & { readonly container?: string | null };

export function shownName(name: string): string {
  return /^[\w.-]{1,253}$/.test(name) ? name : quoteValue(name);
}

/** Formats a finding without its file: object, container, message, and policy, then the remedy on a separate line. */
export function findingText(row: FindingRow): string {
  const already = row.existing ? ' (existing before this update)' : '';
  const first = `${rowLabel(row)}: ${row.message}${already} ${source(row)}`;
  return row.remedy === null ? first : `${first}\n${row.remedy}`;
}
