/** Prints the fixes of `check --fix` as a diff, or writes them into the files. */
import type { Config } from '../../config/config.ts';
import { realPathOf } from '../../files/kustomize-files.ts';
import type { ErrorRow } from '../../report/check.ts';
import { commandLine, NOT_PRINTED, unifiedDiff } from '../../report/diff.ts';
import { count, noticeLines, paint } from '../../report/paint.ts';
import { type FindingRow, inputNoticeRow, type NoticeRow } from '../../report/rows.ts';
import { type ForeignFlags, type IgnoreFlags, rulesFor, skipForeign } from '../input-files.ts';
import { interruptible } from '../interrupt.ts';
import { diffPath, isOutside, OUTSIDE } from '../pin/open-files.ts';
import { openLock, savedLock } from '../pin/pin-lock.ts';
import { offlineRegistry, type RegistryFor, registryFor } from '../pin/registry-lookups.ts';
import type { Terminal } from '../terminal.ts';
import { digestMends } from './digest-mends.ts';
import { editsOf, writeFix } from './file-fix.ts';
import { findFixes, type Fixes } from './fix.ts';
import type { MendResult } from './mend.ts';
import { loadPortReferences } from './port-references.ts';
import { refusalNotices } from './refusals.ts';

export interface FixFlags {
  readonly fix?: boolean | undefined;
  readonly write?: boolean | undefined;
  /** The lock file of `pin`. */
  readonly lock?: string | undefined;
  /** Replaces the registry of fixes in tests. */
  readonly registryFor?: RegistryFor | undefined;
}

export interface FixRun {
  readonly paths: readonly string[];
  readonly flags: FixFlags & ForeignFlags & IgnoreFlags & { readonly offline?: boolean | undefined };
  readonly config: Config;
  readonly terminal: Terminal;
  readonly now: number;
  /** What standard input contained. */
  readonly stdin: () => string | undefined;
  /** Returns the findings of one rule with other texts in files. */
  readonly evaluate: (rule: string, textOf: (file: string) => string | undefined) => Promise<readonly FindingRow[]>;
}

export interface AppliedFixes {
  /** Files have changed. */
  readonly isWritten: boolean;
  readonly errors: readonly ErrorRow[];
  readonly notices: readonly NoticeRow[];
}

export function applyFixes(findings: readonly FindingRow[], run: FixRun): Promise<AppliedFixes> {
  return interruptible(async (signal) => {
    const lock = openLock(run.flags.lock);
    const { fixes, lock: after } = await fixesIn(findings, { run, signal, lock: lock.lock });
    if (run.flags.write !== true) return preview(fixes, findings.length, run.terminal);
    if (signal.aborted) return { isWritten: false, errors: [wholeFile('--fix', INTERRUPTED)], notices: [] };
    const errors = fixes.files.flatMap((fix) => {
      const result = writeFix(fix, run.paths);
      return result.ok ? [] : [wholeFile(fix.file, `not fixed: ${result.problem}`)];
    });
    const { lock: file } = run.flags;
    const failures = file === undefined ? [] : savedLock(file, lock.text, after);
    return written(fixes, {
      errors: [...errors, ...failures.map((one) => wholeFile(one.file, one.message))],
      findings,
      run,
    });
  });
}

const INTERRUPTED = 'interrupted; no file is changed';

function wholeFile(file: string, message: string): ErrorRow {
  return { file, line: null, column: null, document: null, message };
}

interface FixSearch {
  readonly run: FixRun;
  readonly signal: AbortSignal;
  readonly lock: ReturnType<typeof openLock>['lock'];
}

async function fixesIn(
  findings: readonly FindingRow[],
  { run, signal, lock }: FixSearch,
): Promise<{ readonly fixes: Fixes; readonly lock: FixSearch['lock'] }> {
  const { paths, flags, config, terminal, now, evaluate } = run;
  const rules = await rulesFor(config, flags);
  let after = lock;
  const digests = async (open: readonly FindingRow[]): Promise<readonly MendResult[]> => {
    const registry = flags.registryFor ?? (flags.offline ? offlineRegistry : registryFor);
    const input = { paths, config, rulesFor: rules, skipForeign: skipForeign(flags), terminal, signal, now };
    const found = await digestMends(open, { ...input, registryFor: registry, lock });
    after = found.lock;
    return found.results;
  };
  const fixes = await findFixes(findings, {
    kinds: config.kinds,
    digests,
    portReferences: () => loadPortReferences(paths, { rulesFor: rules, stdin: textAsInput(run.stdin) }),
    evaluate: (rule, texts) => evaluate(rule, (file) => (file === 'stdin' ? undefined : texts.get(realPathOf(file)))),
  });
  return { fixes, lock: after };
}

async function* textAsInput(text: () => string | undefined): AsyncGenerator<string> {
  yield text() ?? '';
}

function preview(fixes: Fixes, all: number, terminal: Terminal): AppliedFixes {
  const ink = paint(terminal.colors);
  const errors: ErrorRow[] = [];
  for (const { file, text, mends } of fixes.files) {
    const edits = { file: diffPath(file), text, edits: editsOf(mends) };
    const line = ink.isColorSupported ? undefined : commandLine(edits);
    if (line === undefined) terminal.out(unifiedDiff(edits, ink));
    else errors.push({ file, line, column: 1, document: null, message: NOT_PRINTED });
  }
  const outside = fixes.files.filter(({ file }) => isOutside(diffPath(file)));
  const notices = [
    ...refusalNotices(fixes.refusals),
    ...outside.map(({ file }) => inputNoticeRow({ file, line: null, column: null, message: `${file}: ${OUTSIDE}` })),
  ];
  terminal.note(noticeLines(notices, ink, terminal.columns));
  const { length } = fixes.files;
  const where = `in ${count(length, 'file')}; to change ${length === 1 ? 'it' : 'them'}, add --write`;
  terminal.note(`${summary(fixes, all)} can be fixed ${length === 0 ? 'without a decision' : where}\n`);
  return { isWritten: false, errors, notices: [] };
}

function summary({ fixed }: Fixes, all: number): string {
  return `${fixed.size} of ${count(all, 'finding')}`;
}

interface WriteResult {
  readonly errors: readonly ErrorRow[];
  readonly findings: readonly FindingRow[];
  readonly run: FixRun;
}

function written(fixes: Fixes, { errors, findings, run }: WriteResult): AppliedFixes {
  const failed = new Set(errors.map(({ file }) => file));
  const files = fixes.files.filter(({ file }) => !failed.has(file));
  const fixed = new Set(files.flatMap(({ mends }) => mends.map(({ finding }) => finding)));
  run.terminal.note(`fixed ${summary({ ...fixes, fixed }, findings.length)} in ${count(files.length, 'file')}\n`);
  return { isWritten: files.length > 0, errors, notices: refusalNotices(fixes.refusals) };
}
