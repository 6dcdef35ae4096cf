/** Lays out findings and errors as lines: aligned columns, or in a narrow terminal the object below the message. */
import type { ErrorRow } from './check.ts';
import type { Grouping } from './check-view.ts';
import { displayWidth, padTo, widest } from './display-width.ts';
import type { Paint } from './paint.ts';
import { type ExceptionRow, type FindingRow, rowLabel, shownName } from './rows.ts';
import { wrapPaths } from './wrap.ts';

/** A finding, or an input that cannot be evaluated. */
export type Entry = FindingRow | ErrorRow;

export function isFinding(entry: Entry): entry is FindingRow {
  return 'rule' in entry;
}

export interface LineOptions {
  readonly groupBy: Grouping;
  /** undefined: lines are not broken. */
  readonly columns: number | undefined;
  readonly ink: Paint;
  /** The entries whose columns are aligned with these; by default only these. */
  readonly among?: readonly Entry[] | undefined;
  /** All objects are below their messages; otherwise those for which the terminal is too narrow. */
  readonly isStacked?: boolean | undefined;
  /** Whether the remedy is printed; in a long result, some are not. */
  readonly isNew: (row: FindingRow, remedy: string) => boolean;
  /** The source lines of a finding or an error. */
  readonly sourceOf: (entry: Entry, indent: number) => readonly string[];
}

/** The widths of the columns; `message` undefined: the object is below the message. */
interface Widths {
  readonly place: number;
  readonly level: number;
  readonly message: number | undefined;
  readonly where: number;
}

/** In a pipe, a longer message shifts the columns to its right. */
const MAX_MESSAGE = 72;
/** A narrower column for messages is hard to read. */
const MIN_MESSAGE = 44;

export function entryLines(entries: readonly Entry[], options: LineOptions): readonly string[] {
  const widths = widthsOf(options.among ?? entries, options);
  let worst: FindingRow | undefined;
  return entries.flatMap((entry, index) => {
    if (!isFinding(entry)) return [...errorLines(entry, widths, options), ...options.sourceOf(entry, widths.place)];
    const next = entries[index + 1];
    const following = next !== undefined && isFinding(next) ? next : undefined;
    const lines = [...messageLines(entry, widths, options)];
    const more = moreOf(entry);
    if (more !== null && !isRemedyRepeated(entry, following) && options.isNew(entry, more)) {
      lines.push(...indented(more, widths, options).map((line) => `${indentOf(widths)}${options.ink.dim(line)}`));
    }
    // One excerpt for all findings of a place, in the color of the strictest.
    worst = worst === undefined || isStricter(entry, worst) ? entry : worst;
    if (isSamePlace(entry, following)) return lines;
    lines.push(...options.sourceOf(worst, widths.place));
    worst = undefined;
    return lines;
  });
}

/** Reports whether the terminal is too narrow for columns. */
export function needsStack(entries: readonly Entry[], options: LineOptions): boolean {
  return widthsOf(entries, options).message === undefined;
}

function widthsOf(entries: readonly Entry[], { groupBy, columns, isStacked = false }: LineOptions): Widths {
  const findings = entries.filter(isFinding);
  const place = widest(entries.map(placeOf));
  const level = widest(['error', ...findings.map(({ action }) => action)]);
  const where = widest(findings.map((row) => whereOf(row, groupBy)));
  const messages = findings.map(({ message }) => message);
  const natural = widest(messages);
  if (columns === undefined) return { place, level, where, message: Math.min(MAX_MESSAGE, natural) };
  const rule = widest(findings.map((row) => ruleOf(row, groupBy)));
  const room = columns - (place + level + 6) - (where === 0 ? 0 : where + 2) - (rule === 0 ? 0 : rule + 2);
  const word = widest(messages.flatMap((message) => message.split(' ')));
  const isWide = !isStacked && room >= Math.min(natural, Math.max(MIN_MESSAGE, word));
  return { place, level, where, message: isWide ? Math.min(natural, room) : undefined };
}

function indentOf({ place, level }: Pick<Widths, 'place' | 'level'>): string {
  return ' '.repeat(place + level + 6);
}

const MIN_ROOM = 30;

/** The lines of a text below a message. */
function indented(text: string, widths: Widths, { columns }: LineOptions): readonly string[] {
  return wrapPaths(text, columns === undefined ? undefined : Math.max(MIN_ROOM, columns - indentOf(widths).length));
}

function errorLines(row: ErrorRow, widths: Widths, options: LineOptions): readonly string[] {
  const level = options.ink.red('error'.padEnd(widths.level));
  return indented(row.message, widths, options).map((line, index) =>
    index === 0
      ? `  ${options.ink.dim(placeOf(row).padStart(widths.place))}  ${level}  ${line}`
      : `${indentOf(widths)}${line}`,
  );
}

function messageLines(row: FindingRow, widths: Widths, options: LineOptions): readonly string[] {
  const { ink, groupBy } = options;
  const level = levelInk(row, ink)(row.action.padEnd(widths.level));
  const start = `  ${ink.dim(placeOf(row).padStart(widths.place))}  ${level}  `;
  const about = { where: whereOf(row, groupBy), rule: ruleOf(row, groupBy) };
  const [first = '', ...rest] =
    widths.message === undefined
      ? stackedLines(row, about, widths, options)
      : columnLines(row, about, { ...widths, message: widths.message }, options);
  return [`${start}${first}`, ...rest.map((line) => `${indentOf(widths)}${line}`)];
}

interface About {
  readonly where: string;
  readonly rule: string;
}

/** An excused finding is less important. */
function messageInk({ exception }: FindingRow, ink: Paint): (text: string) => string {
  return exception === null ? (text) => text : ink.dim;
}

/** The message, then the object and the rule. */
function stackedLines(
  row: FindingRow,
  { where, rule }: About,
  widths: Widths,
  options: LineOptions,
): readonly string[] {
  const { ink, columns = Infinity } = options;
  const message = indented(row.message, widths, options).map(messageInk(row, ink));
  const ofRule = rule === '' ? [] : [ink.cyan(rule)];
  if (where === '') return [...message, ...ofRule];
  if (displayWidth(`${where}  ${rule}`) <= columns - indentOf(widths).length)
    return [...message, [ink.dim(where), ...ofRule].join('  ')];
  return [...message, ...indented(where, widths, options).map(ink.dim), ...ofRule];
}

function columnLines(
  row: FindingRow,
  { where, rule }: About,
  widths: Widths & { readonly message: number },
  { ink, columns }: LineOptions,
): readonly string[] {
  const painted = messageInk(row, ink);
  const [first = '', ...rest] = wrapPaths(row.message, columns === undefined ? undefined : widths.message);
  const cells = [
    { text: first, width: widths.message, paint: painted },
    ...(widths.where === 0 ? [] : [{ text: where, width: widths.where, paint: ink.dim }]),
    { text: rule, width: 0, paint: ink.cyan },
  ];
  const last = cells.findLastIndex(({ text }) => text !== '');
  const shown = cells
    .slice(0, last + 1)
    .map(({ text, width, paint }, index) => paint(index === last ? text : padTo(text, width)));
  return [shown.join('  '), ...rest.map(painted)];
}

/** The object of a finding, as far as the heading of the group does not name it. */
function whereOf(row: FindingRow, groupBy: Grouping): string {
  if (groupBy !== 'workload') return rowLabel(row);
  return row.container === null ? '' : shownName(row.container);
}

function ruleOf({ rule, outcome }: FindingRow, groupBy: Grouping): string {
  if (groupBy === 'rule') return outcome === 'violation' ? '' : 'unknown';
  return outcome === 'violation' ? rule : `${rule}, unknown`;
}

function placeOf({ line, column }: Pick<Entry, 'line' | 'column'>): string {
  return line === null ? '' : `${line}:${column}`;
}

function isStricter({ action }: FindingRow, other: FindingRow): boolean {
  return STRICTEST.indexOf(action) < STRICTEST.indexOf(other.action);
}

const STRICTEST: readonly FindingRow['action'][] = ['deny', 'warn', 'audit', 'excused'];

function isSamePlace(row: FindingRow, next: FindingRow | undefined): boolean {
  return next?.file === row.file && next.line === row.line && next.column === row.column;
}

export function levelInk({ action }: FindingRow, ink: Paint): Paint['dim'] {
  if (action === 'deny') return ink.red;
  return action === 'warn' ? ink.yellow : ink.dim;
}

/** The remedy, or the exception that excuses the finding. */
function moreOf({ exception, remedy }: FindingRow): string | null {
  return exception === null ? remedy : excuseLine(exception);
}

/** Reports whether the next finding prints the same remedy for the same container; the remedy is then omitted here. */
function isRemedyRepeated(row: FindingRow, next: FindingRow | undefined): boolean {
  const { file, document, container, remedy, exception } = row;
  const same = next?.file === file && next.document === document && next.container === container;
  return same && exception === null && next.exception === null && next.remedy === remedy;
}

/** What replaces the remedy of an excused finding. */
export function excuseLine({ name, owner, reason, expires, insteadOf }: ExceptionRow): string {
  return `would ${insteadOf}; excused by exception ${name} (owner ${owner}, expires ${expires}): ${reason}`;
}
