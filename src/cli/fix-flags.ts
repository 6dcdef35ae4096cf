/** `check --fix` and `--write`: the fixes are a diff, or are written into the files. */
import { UserError } from '../error/user-error.ts';
import type { FindingRow } from '../report/rows.ts';
import type { AppliedFixes, FixFlags, FixRun } from './fix/apply.ts';

interface OutputFlags extends FixFlags {
  readonly output: string;
  readonly report?: readonly unknown[] | undefined;
  readonly writeExceptions?: string | undefined;
}

/** Throws a UserError for flags that would have no effect. */
export function requireFix(paths: readonly string[], flags: OutputFlags): void {
  const problem = flags.fix === true ? problemWithFix(paths, flags) : problemWithoutFix(flags);
  if (problem !== undefined) throw new UserError(problem);
}

function problemWithoutFix({ write = false, lock }: OutputFlags): string | undefined {
  if (write) return '--write requires --fix';
  return lock === undefined ? undefined : '--lock requires --fix';
}

function problemWithFix(paths: readonly string[], flags: OutputFlags): string | undefined {
  if (flags.write) return paths.includes('-') ? '--write cannot be used with "-" (standard input)' : undefined;
  const unused = writtenBeside(flags);
  return unused && `with --fix, ${unused} requires --write; without it, --fix prints a diff`;
}

/** What a report or exceptions contain depends on whether the fixes are written. */
function writtenBeside({ output, report, writeExceptions }: OutputFlags): string | undefined {
  if (output !== 'pretty') return `-o ${output}`;
  if (report !== undefined) return '--report';
  return writeExceptions === undefined ? undefined : '--write-exceptions';
}

/** Prints or writes the fixes. */
export async function fixesFor(found: readonly FindingRow[], run: FixRun): Promise<AppliedFixes> {
  const { applyFixes } = await import('./fix/apply.ts');
  return applyFixes(found, run);
}

/** The output is the diff, and not a report. */
export function isPreview({ fix = false, write = false }: FixFlags): boolean {
  return fix && !write;
}
