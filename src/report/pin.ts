/** The results of `pin` and `drift`: the objects that `-o json` prints, and the same for people. */
import { fileText, placeText } from '../files/location-text.ts';
import { quoteValue } from '../image/quote.ts';
import type { DriftDecision } from '../pinning/drift.ts';
import type { PinDecision } from '../pinning/pin.ts';
import type { ImagePlace } from '../pinning/image-location.ts';
import { alike } from './grouped-lines.ts';
import type { Paint } from './pretty.ts';

interface PlaceRow {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly format: ImagePlace['format'];
  /** As it was written. */
  readonly image: string;
  /** How many images are written here: an anchor or a merge key uses the same text again. */
  readonly uses: number;
}

export interface PinRow extends PlaceRow {
  readonly state: PinDecision['state'];
  /** The whole reference with its digest. */
  readonly pinned: string | null;
  readonly digest: string | null;
  /** The digest before, of what has drifted. */
  readonly previous: string | null;
  readonly message: string | null;
}

export interface DriftRow extends PlaceRow {
  readonly state: DriftDecision['state'];
  readonly digest: string;
  /** What the tag means now. */
  readonly current: string | null;
  readonly message: string | null;
}

export interface PinFileRow {
  readonly file: string;
  /** null: nothing in it is known. */
  readonly format: ImagePlace['format'] | null;
  /** `changed` is written, `change` would be with --write. */
  readonly state: 'changed' | 'change' | 'unchanged' | 'skipped' | 'failed';
  readonly message: string | null;
}

export interface PinErrorRow {
  readonly file: string;
  /** null where the fault is the file's as a whole. */
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

export interface PinReport {
  readonly version: 1;
  readonly files: readonly PinFileRow[];
  readonly images: readonly PinRow[];
  readonly errors: readonly PinErrorRow[];
  /** What is not wrong, and good to know. */
  readonly notices: readonly PinErrorRow[];
}

export interface DriftReport {
  readonly version: 1;
  readonly files: readonly PinFileRow[];
  readonly images: readonly DriftRow[];
  readonly errors: readonly PinErrorRow[];
  readonly notices: readonly PinErrorRow[];
}

function placeRow(file: string, { line, column, format, image }: ImagePlace): PlaceRow {
  return { file, line, column, format, image, uses: 1 };
}

/** One row for a text that several images have through an anchor, as there is one text to change. */
export function mergeUses<R extends PlaceRow>(rows: readonly R[]): readonly R[] {
  const merged = new Map<string, R>();
  for (const row of rows) {
    const key = JSON.stringify(row);
    const before = merged.get(key);
    merged.set(key, before === undefined ? row : { ...before, uses: before.uses + 1 });
  }
  return [...merged.values()];
}

function usesText({ uses }: PlaceRow): string {
  return uses === 1 ? '' : ` (used ${uses} times)`;
}

export function pinRow(file: string, place: ImagePlace, decision: PinDecision): PinRow {
  const { state, pinned = null, digest = null, previous = null, message = null } = decision;
  return { ...placeRow(file, place), state, pinned, digest, previous, message };
}

export function driftRow(
  file: string,
  place: ImagePlace,
  { digest, decision }: { readonly digest: string; readonly decision: DriftDecision },
): DriftRow {
  const { state, current = null, message = null } = decision;
  return { ...placeRow(file, place), state, digest, current, message };
}

/** 0 nothing to do, or done; 1 something is unpinned, or has drifted and was not written; 2 something could not be done. */
export function pinExitCode({ images, errors }: PinReport, written: boolean): 0 | 1 | 2 {
  const has = (state: PinRow['state']): boolean => images.some((row) => row.state === state);
  if (errors.length > 0 || has('failed')) return 2;
  return has('unpinned') || (has('drifted') && !written) ? 1 : 0;
}

export function driftExitCode({ images, errors }: DriftReport): 0 | 1 | 2 {
  if (errors.length > 0 || images.some(({ state }) => state === 'unknown')) return 2;
  return images.some(({ state }) => state !== 'current') ? 1 : 0;
}

/** About files: what is not read in them, and why. */
export function inputNoticeLines(notices: readonly PinErrorRow[], ink: Paint): readonly string[] {
  return notices.map((row) => `${placeText(row)}  ${ink.cyan('notice')}  ${row.message}`);
}

/** What could not be done, what was left, what has drifted: one line each. */
export function pinNotes({ images, files, errors, notices }: PinReport, ink: Paint): string {
  const outages = alike(images.filter(({ state }) => state === 'failed'));
  const told = new Set(outages.flatMap(({ rows }) => rows));
  const lines = [
    ...errors.map((row) => `${placeText(row)}  ${ink.red('error')}  ${row.message}`),
    ...outages.map(({ message }) => `${ink.red('error')}  ${message}`),
    ...images.flatMap((row) => {
      if (told.has(row)) return [];
      if (row.state === 'failed') return [`${placeText(row)}  ${ink.red('error')}  ${row.message}`];
      if (row.state === 'skipped')
        return [`${placeText(row)}  ${ink.dim('skipped')}  image ${quoteValue(row.image)}: ${row.message}`];
      const more = row.message === null ? '' : ` (${row.message})`;
      if (row.state === 'drifted')
        return [
          `${placeText(row)}  ${ink.yellow('drifted')}  image ${quoteValue(row.image, 256)}: ${row.previous} -> ${row.digest}${more}`,
        ];
      return row.message === null || row.state === 'unpinned'
        ? []
        : [`${placeText(row)}  ${ink.cyan('notice')}  image ${quoteValue(row.image, 256)}: ${row.message}`];
    }),
    ...inputNoticeLines(notices, ink),
    ...skippedLines(files, ink),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** A repository has many YAML files that are none of ours. */
const MAX_SKIPPED = 10;

function skippedLines(files: readonly PinFileRow[], ink: Paint): readonly string[] {
  const skipped = files.filter(({ state }) => state === 'skipped');
  const more = skipped.length - MAX_SKIPPED;
  return [
    ...skipped.slice(0, MAX_SKIPPED).map(({ file, message }) => `${fileText(file)}  ${ink.dim('skipped')}  ${message}`),
    ...(more > 0 ? [`and ${count(more, 'more file')} ${ink.dim('skipped')}: see -o json`] : []),
  ];
}

/** Where what is, of `--check`; what was written, of `--write`. */
export function pinAnswer({ images, files }: PinReport, ink: Paint): string {
  const changed = changedIn(files);
  return images
    .flatMap((row) => {
      if (row.state === 'unpinned')
        return [`${placeText(row)}  ${ink.red('unpinned')}  ${row.message}${usesText(row)}`];
      const written = (row.state === 'resolved' || row.state === 'drifted') && changed.has(row.file);
      return written ? [`${placeText(row)}  ${ink.green('pinned')}  ${row.pinned}${usesText(row)}`] : [];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function changedIn(files: readonly PinFileRow[]): ReadonlySet<string> {
  return new Set(files.flatMap(({ file, state }) => (state === 'changed' ? [file] : [])));
}

/** `write`: whether files were to be changed. */
export function pinSummary({ images, files, errors }: PinReport, write: boolean, ink: Paint): string {
  const of = (state: PinRow['state']): number => images.filter((row) => row.state === state).length;
  const resolved = of('resolved') + of('drifted');
  const changed = changedIn(files);
  const written = images.filter(
    ({ file, state }) => changed.has(file) && (state === 'resolved' || state === 'drifted'),
  );
  const waits = resolved - written.length;
  const parts = [
    `${of('pinned')} pinned already`,
    ...(written.length === 0 ? [] : [`${written.length} pinned now`]),
    ...(waits === 0 ? [] : [write ? ink.red(`${waits} not written`) : `${waits} to pin`]),
    ...(of('unpinned') === 0 ? [] : [ink.red(`${of('unpinned')} unpinned`)]),
    ...(of('skipped') === 0 ? [] : [`${of('skipped')} skipped`]),
    ...(of('failed') + errors.length === 0 ? [] : [ink.red(count(of('failed') + errors.length, 'error'))]),
  ];
  const hint = files.some(({ state }) => state === 'change') ? '; write it with --write' : '';
  return `${count(files.length, 'file')}, ${count(images.length, 'image')}: ${parts.join(', ')}${hint}\n`;
}

export function prettyDrift({ images, errors, files }: DriftReport, ink: Paint): string {
  const rows = images.filter(({ state }) => state !== 'current');
  const outages = alike(rows.filter(({ state }) => state === 'unknown'));
  const told = new Set(outages.flatMap((outage) => outage.rows));
  const others = rows.filter((row) => !told.has(row));
  const lines = [
    ...errors.map((row) => `${placeText(row)}  ${ink.red('error')}  ${row.message}`),
    ...outages.map(({ message }) => `${ink.yellow('unknown')}  ${message}`),
    ...others.map(
      (row) =>
        `${placeText(row)}  ${row.state === 'unknown' ? ink.yellow(row.state) : ink.red(row.state)}  ${row.message}`,
    ),
  ];
  const unknown = rows.filter(({ state }) => state === 'unknown').length;
  const summary = `${count(files.length, 'file')}, ${count(images.length, 'pinned image')}: ${rows.length - unknown} drifted, ${unknown} unknown${errors.length === 0 ? '' : `, ${ink.red(count(errors.length, 'error'))}`}`;
  return [...lines, summary, ''].join('\n');
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
