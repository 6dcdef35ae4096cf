/** `check --write-exceptions`: excuses what is found today until a date, in documents next to the policies. */
import { existsSync } from 'node:fs';
import { UserError } from '../error/user-error.ts';
import { replaceFile } from '../files/replace-file.ts';
import { dayOf, dayStart } from '../go/date.ts';
import { quoteValue } from '../image/quote.ts';
import type { KindTable } from '../pod/kinds.ts';
import { CHANGE_RULES } from '../policy/change-rules.ts';
import { readException } from '../policy/exception-document.ts';
import type { Policy } from '../policy/policy.ts';
import { count } from '../report/paint.ts';
import type { FindingRow, ImageRow } from '../report/rows.ts';
import { inputNoticeRow } from '../report/rows.ts';
import { yamlText } from '../report/yaml-text.ts';
import type { ComparedFindings } from './baseline.ts';
import { type ExceptionDocument, exceptionDocuments, type Excuse } from './exception-documents.ts';

export interface ExceptionFlags {
  readonly writeExceptions?: string | undefined;
  readonly expires?: string | undefined;
  readonly owner?: string | undefined;
  readonly reason?: string | undefined;
}

interface Known {
  readonly policies: readonly Policy[];
  readonly exceptions: readonly { readonly name: string }[];
  readonly kinds: KindTable;
  readonly isBuiltIn: boolean;
  readonly now: number;
}

export type WriteExceptions = (findings: readonly FindingRow[], images: readonly ImageRow[]) => ComparedFindings;

/** Checks the flags at once, so that a fault in them is reported before anything is evaluated. */
export function exceptionWriter(file: string, flags: ExceptionFlags, known: Known): WriteExceptions {
  const excuse = excuseOf(flags, known.now);
  if (known.isBuiltIn)
    throw new UserError(
      '--write-exceptions needs your own policies (--policy), because exceptions are loaded with them; tidewaiter init writes a policy',
    );
  if (existsSync(file))
    throw new UserError(
      `cannot write exceptions: ${quoteValue(file)} exists; choose another file (set by --write-exceptions)`,
    );
  return (findings, images) => {
    const open = findings.filter(isOpen);
    const taken = known.exceptions.map(({ name }) => name);
    const { documents, names } = exceptionDocuments(open.filter(isViolation), { excuse, images, taken });
    if (documents.length > 0) save(file, documents, { ...known, excuse });
    const rest = open.length - names.size;
    const written =
      documents.length === 0
        ? 'no exceptions written'
        : `${count(documents.length, 'exception')} for ${count(names.size, 'finding')} written`;
    const left =
      rest === 0
        ? ''
        : `; ${count(rest, 'finding')} cannot be excused: unknown results, changes of objects, and objects with invalid names`;
    return {
      findings: findings.map((row) => excused(row, names.get(row), excuse)),
      notices: [inputNoticeRow({ file, line: null, column: null, message: `${quoteValue(file)}: ${written}${left}` })],
    };
  };
}

/** Audited findings have no effect, and a baseline contains known ones. */
function isOpen({ action, known }: FindingRow): boolean {
  return !known && (action === 'deny' || action === 'warn');
}

/** An unknown result may be a violation, which the owner of an exception has not seen. Exceptions name rules, not changes of objects. */
function isViolation({ outcome, rule }: FindingRow): boolean {
  return outcome === 'violation' && !CHANGE_RULES.includes(rule);
}

function excuseOf({ expires, owner, reason }: ExceptionFlags, now: number): Excuse {
  if (expires === undefined || owner === undefined)
    throw new UserError('--write-exceptions requires --expires DATE and --owner TEXT');
  const begin = dayStart(expires);
  if (begin === undefined) throw new UserError(`--expires: ${quoteValue(expires)} is not a valid date; use YYYY-MM-DD`);
  const today = dayOf(now);
  if (expires < today) throw new UserError(`--expires: ${expires} is in the past (today is ${today})`);
  return { owner, reason: reason ?? `found by tidewaiter check on ${today}`, expires };
}

function save(file: string, documents: readonly ExceptionDocument[], known: Known & { readonly excuse: Excuse }): void {
  requireValid(documents, known);
  const head = `# The findings of ${dayOf(known.now)}. Delete an exception when its workload is fixed.\n`;
  const text = head + documents.map((document) => `${yamlText(document)}\n`).join('---\n');
  const saved = replaceFile(file, undefined, text);
  if (!saved.ok) throw new UserError(`cannot write exceptions ${quoteValue(file)}: ${saved.problem}`);
}

/** The flags can contain texts that the schema rejects. */
function requireValid(documents: readonly ExceptionDocument[], { policies, kinds }: Known): void {
  const rules = new Map(policies.map(({ name, bindings }) => [name, bindings.map(({ rule }) => rule)]));
  for (const document of documents) {
    const read = readException(document, { policies: rules, kinds });
    const [fault] = read.ok ? [] : read.faults;
    if (fault !== undefined)
      throw new UserError(`cannot write exceptions: ${fault.pointer.slice(1)}: ${fault.problem}`);
  }
}

function excused(row: FindingRow, name: string | undefined, excuse: Excuse): FindingRow {
  if (name === undefined || row.action === 'excused') return row;
  return { ...row, action: 'excused', exception: { name, ...excuse, insteadOf: row.action } };
}
