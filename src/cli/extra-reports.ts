/** `check --report FORMAT=FILE`: other formats of the same run, in files. */
import { writeFileSync } from 'node:fs';
import { UserError } from '../error/user-error.ts';
import { loadRegularText, reasonOf } from '../files/load-text.ts';
import { documentsIn } from '../files/yaml/yaml.ts';
import { quoteValue } from '../image/quote.ts';
import { isObject } from '../pod/pointer.ts';
import { type CheckResult, type FormatName, formatReport } from '../report/index.ts';
import { paint } from '../report/paint.ts';

export interface ExtraReport {
  readonly format: FormatName<'check'>;
  readonly file: string;
}

/** Throws a UserError if a report would replace a manifest or a policy. */
export function requireReplaceable(reports: readonly ExtraReport[]): void {
  for (const { file } of reports) {
    const before = loadRegularText(file);
    if ('text' in before && containsObject(before.text))
      throw notWritten(file, 'the file contains a Kubernetes object; choose another file');
  }
}

function containsObject(text: string): boolean {
  for (const document of documentsIn(text)) {
    if (!document.ok) return false;
    if (isObject(document.value) && 'apiVersion' in document.value && 'kind' in document.value) return true;
  }
  return false;
}

function notWritten(file: string, problem: string): UserError {
  return new UserError(`cannot write report ${quoteValue(file)}: ${problem} (set by --report)`);
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
      throw notWritten(file, reasonOf(error));
    }
  }
}
