/** Notices about the policies of a run. */
import { type Usage, usageNotices } from '../admission/usage.ts';
import { noticesAt } from '../files/policies.ts';
import { inputNoticeRow, type NoticeRow, noticeRow } from '../report/rows.ts';
import type { Composed } from '../wiring.ts';

/**
 * Notices about policies: from their documents, from the date, and from their use in this run. There are none about the built-in
 * policy, because the user cannot fix it.
 * `isPartial`: only some objects were evaluated, so an unused policy is not a fault.
 */
export function policyNotices(
  { loaded, isBuiltIn }: Pick<Composed, 'loaded' | 'isBuiltIn'>,
  usage: Usage,
  { now, isPartial = false }: { readonly now: number; readonly isPartial?: boolean },
): readonly NoticeRow[] {
  if (isBuiltIn) return [];
  const files = loaded.inputNotices.map(inputNoticeRow);
  const listed = new Set(loaded.notices.map(({ kind, name }) => `${kind} ${name}`));
  const known = noticesAt(loaded, now, (name) => usage.exception(name).missed);
  // A policy that never applies gets no second notice that it did not apply.
  const all = isPartial ? [] : usageNotices(loaded, usage, now);
  const unused = all.filter(({ kind, name }) => !listed.has(`${kind} ${name}`));
  return [...files, ...[...known, ...unused.map(loaded.placed)].map(noticeRow)];
}
