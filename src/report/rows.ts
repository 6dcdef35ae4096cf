/** One finding or image as reports print it, with its place: the stable keys of every machine format, and how a row reads. */
import { objectLabel, source } from '../admission/message.ts';
import { quoteValue } from '../image/quote.ts';
import type { Container } from '../pod/containers.ts';
import type { InputNotice } from '../files/skipped-files.ts';
import type { PlacedNotice } from '../files/policies.ts';
import type { Finding } from '../policy/finding.ts';

export interface ObjectRow {
  readonly file: string;
  /** 1-based: where the value stands in the file as given. */
  readonly line: number;
  readonly column: number;
  /** 1-based number of the document within the file. */
  readonly document: number;
  readonly apiVersion: string;
  readonly kind: string;
  /** null for cluster-scoped objects. */
  readonly namespace: string | null;
  readonly name: string;
}

export interface ImageRow extends ObjectRow {
  readonly container: string | null;
  /** RFC 6901, from the root of the object. */
  readonly pointer: string;
  readonly image: string;
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
  /** The stored object had it before the update. */
  readonly existing: boolean;
  readonly message: string;
  readonly remedy: string | null;
  /** Not null with the action `excused`, and only then. */
  readonly exception: ExceptionRow | null;
}

/** The exception that excuses a finding. */
export interface ExceptionRow {
  readonly name: string;
  readonly owner: string;
  readonly reason: string;
  /** The last day, YYYY-MM-DD. */
  readonly expires: string;
  /** The action that the finding would have without it. */
  readonly insteadOf: 'deny' | 'warn' | 'audit';
}

/** What is no finding and no fault: a document of the policies that does nothing here, or input that is not evaluated. */
export interface NoticeRow {
  readonly file: string;
  /** null where it is about the file as a whole. */
  readonly line: number | null;
  readonly column: number | null;
  /** ImagePolicy, ImagePolicyException or ImageNameList, and its name; null where it is about input. */
  readonly kind: string | null;
  readonly name: string | null;
  /** null where it is about the whole document. */
  readonly rule: string | null;
  readonly message: string;
}

export function noticeRow({ file, line, column, kind, name, rule, message }: PlacedNotice): NoticeRow {
  return { file, line, column, kind, name, rule: rule ?? null, message };
}

export function inputNoticeRow({ file, line, column, message }: InputNotice): NoticeRow {
  return { file, line, column, kind: null, name: null, rule: null, message };
}

export function findingRow(object: ObjectRow, finding: Finding): FindingRow {
  const { container, pointer, policy, rule, action, outcome, existing, message, remedy, excuse } = finding;
  return {
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

function shownName(name: string): string {
  return /^[\w.-]{1,253}$/.test(name) ? name : quoteValue(name);
}

/** A finding with nothing around it: which object and container, what is wrong, who says so; the remedy on a line of its own. */
export function findingText(row: FindingRow): string {
  const already = row.existing ? ' (existing before this update)' : '';
  const first = `${rowLabel(row)}: ${row.message}${already} ${source(row)}`;
  return row.remedy === null ? first : `${first}\n${row.remedy}`;
}
