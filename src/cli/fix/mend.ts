/** A change of a file that fixes a finding. */
import type { DocumentContext } from '../../files/image-locations/document-context.ts';
import { type Edit, editOf, type EditTarget } from '../../pinning/image-location.ts';
import type { FindingRow } from '../../report/rows.ts';
import type { PortReferences } from './port-references.ts';

export interface Mend {
  readonly finding: FindingRow;
  readonly edits: readonly Edit[];
  /** The values that change, for a comparison of the file before and after; empty in a Dockerfile. */
  readonly changes: readonly ChangedPlace[];
}

/** `document` is zero-based. */
export interface ChangedPlace {
  readonly document: number;
  readonly pointer: string;
  /** The pointer is that of a list item, which is removed. */
  readonly isRemoved?: boolean;
}

/** `reason` is a sentence fragment. */
export type MendResult =
  | { readonly ok: true; readonly mend: Mend }
  | { readonly ok: false; readonly finding: FindingRow; readonly reason: string };

export function refused(finding: FindingRow, reason: string): MendResult {
  return { ok: false, finding, reason };
}

/** The value of a finding in a document. */
export interface FoundValue {
  readonly context: DocumentContext;
  readonly finding: FindingRow;
  /** The pointer to the object, for objects in lists. */
  readonly base: string;
  /** From the root of the document. */
  readonly pointer: string;
}

/** What mends need in addition to the document. */
export interface MendInput {
  readonly references: () => PortReferences;
  /** The names that other mends of the file give to ports, by object. */
  readonly taken: Set<string>;
}

/** An edit, or the reason against one; undefined: the finding needs a decision. */
export type EditResult =
  | {
      readonly ok: true;
      readonly edit: Edit;
      /** The pointer to a list item, from the root of the document, that the edit removes. */
      readonly removes?: string;
    }
  | { readonly ok: false; readonly reason: string };

export const NOT_LITERAL: EditResult = {
  ok: false,
  reason: 'its text has escapes, or is on several lines; write it on one line without escapes',
};

export function edited(target: EditTarget, value: string): EditResult {
  return target.ok ? { ok: true, edit: editOf(target, value) } : target;
}
