/** `check --report FORMAT=FILE`: other formats of the same run, in files. */
import { writeFileSync } from 'node:fs';
import { UserError } from '../error/user-error.ts';
import { reasonOf } from '../files/load-text.ts';
import { quoteValue } from '../image/quote.ts';
import { type CheckResult, type FormatName, formatReport } from '../report/index.ts';
import { paint } from '../report/paint.ts';

export interface ExtraReport {
  readonly format: FormatName<'check'>;
  readonly file: string;
}

/** A file that exists is replaced. Its report has no colors, and its layout is that of a pipe. */
export async function writeReports(reports: readonly ExtraReport[], result: CheckResult): Promise<void> {
  for (const { format, file } of reports) {
    const { out } = await formatReport('check', format, {
      ...result,
      ink: paint(false),
      view: { textOf: result.view?.textOf },
    });
    try {
      writeFileSync(file, out);
    } catch (error) {
      throw new UserError(`cannot write report ${quoteValue(file)}: ${reasonOf(error)} (set by --report)`);
    }
  }
}
