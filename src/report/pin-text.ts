/** Formats the results of `pin` and `drift` as text. */
import { fileText, locationText } from '../files/location-text.ts';
import { printable, quoteValue } from '../image/quote.ts';
import { commandLine, type FileEdits, unifiedDiff } from './diff.ts';
import { groupAlike } from './grouped-lines.ts';
import { count, type Paint } from './paint.ts';
import type { PinChange } from './pin-changes.ts';
import type { PinMarkdownOptions } from './pin-markdown.ts';
import type {
  DriftReport,
  DriftRow,
  LocationRow,
  MirrorRow,
  PinAction,
  PinErrorRow,
  PinFileRow,
  PinReport,
  PinRow,
} from './pin.ts';

interface Output {
  readonly out: string;
  readonly notes: string;
}

export interface PinView {
  readonly action: PinAction;
  readonly edited: () => readonly FileEdits[];
  /** The changed digests, with facts that are looked up for them. */
  readonly changes: () => Promise<readonly PinChange[]>;
  readonly markdown: PinMarkdownOptions;
  readonly ink: Paint;
}

/** Stdout gets the diff, the written images, or the images without a digest; stderr gets the notes and the summary. */
export function prettyPin(
  report: PinReport,
  { action, edited, ink }: Pick<PinView, 'action' | 'edited' | 'ink'>,
): Output {
  const diff = (): string =>
    edited()
      .filter((file) => ink.isColorSupported || commandLine(file) === undefined)
      .map((file) => unifiedDiff(file, ink))
      .join('');
  return {
    out: action === 'diff' ? diff() : imageLines(report, ink),
    notes: `${pinNotes(report, ink)}${pinSummary(report, action, ink)}`,
  };
}

/** Formats the notices about files. */
function inputNoticeLines(notices: readonly PinErrorRow[], ink: Paint): readonly string[] {
  return notices.map((row) => `${locationText(row)}  ${ink.cyan('notice')}  ${row.message}`);
}

/** Formats one line per error, skipped image, drifted image, and notice. */
export function pinNotes({ images, files, errors, notices }: PinReport, ink: Paint): string {
  const outages = groupAlike(images.filter(({ state }) => state === 'failed'));
  const grouped = new Set(outages.flatMap(({ rows }) => rows));
  const lines = [
    ...errors.map((row) => `${locationText(row)}  ${ink.red('error')}  ${row.message}`),
    ...outages.map(({ message }) => `${ink.red('error')}  ${message}`),
    ...images.flatMap((row) => {
      const text = grouped.has(row) ? undefined : imageNote(row, ink);
      return text === undefined ? [] : [`${locationText(row)}  ${text}`];
    }),
    ...inputNoticeLines(notices, ink),
    ...skippedLines(files, ink),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function imageNote({ state, image, previous, digest, message }: PinRow, ink: Paint): string | undefined {
  if (state === 'failed') return `${ink.red('error')}  ${message}`;
  if (state === 'skipped') return `${ink.dim('skipped')}  image ${quoteValue(image)}: ${message}`;
  const more = message === null ? '' : ` (${message})`;
  if (state === 'drifted')
    return `${ink.yellow('drifted')}  image ${quoteValue(image, 256)}: ${previous} -> ${digest}${more}`;
  if (message === null || state === 'unpinned') return undefined;
  return `${ink.cyan('notice')}  image ${quoteValue(image, 256)}: ${message}`;
}

/** A repository can contain many YAML files without images. */
const MAX_SKIPPED = 10;

function skippedLines(files: readonly PinFileRow[], ink: Paint): readonly string[] {
  const skipped = files.filter(({ state }) => state === 'skipped');
  const more = skipped.length - MAX_SKIPPED;
  return [
    ...skipped.slice(0, MAX_SKIPPED).map(({ file, message }) => `${fileText(file)}  ${ink.dim('skipped')}  ${message}`),
    ...(more > 0 ? [`and ${count(more, 'more file')} ${ink.dim('skipped')}: see -o json`] : []),
  ];
}

/** Lists the images without a digest or with another name (`--check`), or the written images (`--write`). */
function imageLines({ images, files }: PinReport, ink: Paint): string {
  const changed = changedIn(files);
  return images
    .flatMap((row) => (changed.has(row.file) ? writtenLines(row, ink) : openLines(row, ink)))
    .map((text) => `${text}\n`)
    .join('');
}

function writtenLines(row: PinRow, ink: Paint): readonly string[] {
  const { image, rewritten, pinned } = row;
  const line = (label: string, text: string): string =>
    `${locationText(row)}  ${ink.green(label)}  ${text}${usesText(row)}`;
  // The name of an entry in a kustomization can be any text.
  const name = printable((isResolved(row) ? pinned : rewritten) ?? '', MAX_IMAGE);
  if (rewritten !== null) return [line('rewritten', `${printable(image, MAX_IMAGE)} -> ${name}`)];
  return isResolved(row) ? [line('pinned', pinned ?? '')] : [];
}

const MAX_IMAGE = 1024;

function openLines(row: PinRow, ink: Paint): readonly string[] {
  const { image, rewritten, state, message } = row;
  const line = (label: string, text: string): string =>
    `${locationText(row)}  ${ink.red(label)}  ${text}${usesText(row)}`;
  return [
    ...(rewritten === null
      ? []
      : [line('not rewritten', `image ${quoteValue(image, 256)} would become ${quoteValue(rewritten, 256)}`)]),
    ...(state === 'unpinned' ? [line('unpinned', message ?? '')] : []),
  ];
}

function isResolved({ state }: PinRow): boolean {
  return state === 'resolved' || state === 'drifted';
}

function changedIn(files: readonly PinFileRow[]): ReadonlySet<string> {
  return new Set(files.flatMap(({ file, state }) => (state === 'changed' ? [file] : [])));
}

function pinSummary(report: PinReport, action: PinAction, ink: Paint): string {
  const { images, files, errors } = report;
  const of = (state: PinRow['state']): number => images.filter((row) => row.state === state).length;
  const resolved = of('resolved') + of('drifted');
  const changed = changedIn(files);
  const written = images.filter((row) => changed.has(row.file) && isResolved(row));
  const waits = resolved - written.length;
  const parts = [
    `${of('pinned')} already pinned`,
    ...renamedParts(report, action, ink),
    ...(written.length === 0 ? [] : [`${written.length} pinned now`]),
    ...(waits === 0 ? [] : [action === 'write' ? ink.red(`${waits} not written`) : `${waits} to pin`]),
    ...(of('unpinned') === 0 ? [] : [ink.red(`${of('unpinned')} unpinned`)]),
    ...(of('skipped') === 0 ? [] : [`${of('skipped')} skipped`]),
    ...(of('failed') + errors.length === 0 ? [] : [ink.red(count(of('failed') + errors.length, 'error'))]),
  ];
  const hint = files.some(({ state }) => state === 'change') ? '; use --write to update the files' : '';
  return `${count(files.length, 'file')}, ${count(images.length, 'image')}: ${parts.join(', ')}${hint}\n${pinHint(images, files)}`;
}

/** With --write, an image in a file that could not be written is not rewritten. */
function renamedParts({ images, files }: PinReport, action: PinAction, ink: Paint): readonly string[] {
  const changed = changedIn(files);
  const all = images.filter(({ rewritten }) => rewritten !== null);
  const done = all.filter(({ file }) => changed.has(file)).length;
  const open = all.length - done;
  return [
    ...(done === 0 ? [] : [`${done} rewritten now`]),
    ...(open === 0 ? [] : [action === 'diff' ? `${open} to rewrite` : ink.red(`${open} not rewritten`)]),
  ];
}

/** No command with --rewrite, which needs the same policies, for standard input, which cannot be written, or for files that are not in the input, whose notices say what to do. */
function pinHint(images: readonly PinRow[], given: readonly PinFileRow[]): string {
  if (images.some(({ rewritten }) => rewritten !== null)) return '';
  const files = [...new Set(images.flatMap(({ file, state }) => (state === 'unpinned' ? [file] : [])))];
  const names = new Set(given.map(({ file }) => file));
  if (files.length === 0 || files.includes('stdin') || !files.every((file) => names.has(file))) return '';
  const listed = files.length > 3 ? 'FILE…' : files.map(fileText).join(' ');
  return `to pin: tidewaiter pin ${listed} --write\n`;
}

export function prettyDrift(report: DriftReport, ink: Paint): Output {
  const notes = inputNoticeLines(report.notices, ink);
  return { out: driftText(report, ink), notes: notes.map((line) => `${line}\n`).join('') };
}

function driftText({ images, mirrors, errors, files }: DriftReport, ink: Paint): string {
  const rows = [
    ...images.filter(({ state }) => state !== 'current'),
    ...mirrors.filter(({ state }) => state !== 'current' && state !== 'missing'),
  ];
  const outages = groupAlike(rows.filter(({ state }) => state === 'unknown'));
  const grouped = new Set<LocationRow>(outages.flatMap((outage) => outage.rows));
  const others = rows.filter((row) => !grouped.has(row));
  const lines = [
    ...driftErrorLines(errors, ink),
    ...outages.map(({ message }) => `${ink.yellow('unknown')}  ${message}`),
    ...others.map((row) => `${locationText(row)}  ${driftLabel(row.state, ink)}  ${row.message}`),
  ];
  const errorCount = errors.length === 0 ? '' : `, ${ink.red(count(errors.length, 'error'))}`;
  return [...lines, `${driftSummary({ images, mirrors, files })}${errorCount}`, ''].join('\n');
}

function driftErrorLines(errors: readonly PinErrorRow[], ink: Paint): readonly string[] {
  const alike = groupAlike(errors);
  const grouped = new Set(alike.flatMap(({ rows }) => rows));
  return [
    ...errors
      .filter((row) => !grouped.has(row))
      .map((row) => `${locationText(row)}  ${ink.red('error')}  ${row.message}`),
    ...alike.map(({ message }) => `${ink.red('error')}  ${message}`),
  ];
}

/** An image that stays as written is no difference. */
function driftLabel(state: DriftRow['state'] | MirrorRow['state'], ink: Paint): string {
  return state === 'unknown' || state === 'invalid-name' ? ink.yellow(state) : ink.red(state);
}

function driftSummary({ images, mirrors, files }: Pick<DriftReport, 'images' | 'mirrors' | 'files'>): string {
  const unknown = images.filter(({ state }) => state === 'unknown').length;
  const drifted = images.filter(({ state }) => state !== 'current').length - unknown;
  const pinned = `${count(files.length, 'file')}, ${count(images.length, 'pinned image')}: ${drifted} drifted, ${unknown} unknown`;
  if (mirrors.length === 0) return pinned;
  const of = (state: MirrorRow['state']): number => mirrors.filter((row) => row.state === state).length;
  const invalid = of('invalid-name') === 0 ? '' : `, ${of('invalid-name')} invalid-name`;
  return `${pinned}; ${count(mirrors.length, 'name')} at mirrors: ${of('mirror-differs')} mirror-differs, ${of('unknown')} unknown${invalid}`;
}

function usesText({ uses }: LocationRow): string {
  return uses === 1 ? '' : ` (used ${uses} times)`;
}
