/** Notices about findings that have a fix, and are not fixed. */
import { locationText } from '../../files/location-text.ts';
import { inputNoticeRow, type NoticeRow } from '../../report/rows.ts';
import type { Refusal } from './file-fix.ts';

/** One for each reason. */
export function refusalNotices(refusals: readonly Refusal[]): readonly NoticeRow[] {
  return [...Map.groupBy(refusals, ({ reason }) => reason)].map(([reason, same]) => {
    const [first] = same;
    const { file = '', line = null, column = null } = first?.finding ?? {};
    const place = line === null ? `${locationText({ file })}: ` : '';
    const subject = same.length === 1 ? `${first?.finding.rule} is` : `${same.length} findings are`;
    return inputNoticeRow({ file, line, column, message: `${place}${subject} not fixed: ${reason}` });
  });
}
