/** Formats the result of commands that write a recording. */
import { fileText, locationText } from '../files/location-text.ts';
import { shellWord } from '../image/quote.ts';
import { count, type Paint } from './paint.ts';
import type { RecordingReport, RecordingSummary, RefusedRow } from './recording.ts';

export function prettyRecording(
  { directory, summary, refused, errors, isInterrupted }: RecordingReport,
  ink: Paint,
): string {
  const lines = [
    ...errors.map((row) => `${locationText(row)}  ${ink.red('error')}  ${row.message}`),
    ...(isInterrupted ? ['interrupted: the recording has what was read until then'] : []),
    ...summaryLines(summary),
    ...refusedLines(refused, ink),
    ...(summary.reviews === 0 ? [] : ['', `To evaluate them: tidewaiter replay ${shellWord(directory)}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function summaryLines(summary: RecordingSummary): readonly string[] {
  const { read, reviews, lines, bytes, first, last } = summary;
  const size = `${count(lines, 'line')}, ${sizeText(bytes)}`;
  const head = `${reviews} of ${read} recorded as reviews`;
  if (reviews === 0) return [head];
  return [
    `${head} (${size})`,
    `  ${parts(summary).join(', ')}`,
    ...(first === null || last === null ? [] : [`  ${first} to ${last}`]),
  ];
}

function parts({
  create,
  update,
  withoutOldObject,
  dryRun,
  denied,
  said,
  unknownFacts,
}: RecordingSummary): readonly string[] {
  const without =
    withoutOldObject === 0 ? '' : ` (${withoutOldObject} without the old object, so all findings are new)`;
  return [
    `${create} CREATE`,
    ...(update === 0 ? [] : [`${update} UPDATE${without}`]),
    ...(dryRun === 0 ? [] : [count(dryRun, 'dry run')]),
    ...(denied === 0 ? [] : [`${denied} denied`]),
    ...(said === 0 ? [] : [`${said} with results of other policies`]),
    ...(unknownFacts === 0 ? [] : [count(unknownFacts, 'unknown fact')]),
  ];
}

function refusedLines(refused: readonly RefusedRow[], ink: Paint): readonly string[] {
  if (refused.length === 0) return [];
  const width = Math.max(...refused.map((row) => String(row.count).length));
  return [
    '',
    'Not recorded:',
    ...refused.map((row) => {
      const place = row.example === null ? '' : ink.dim(` (first: ${fileText(row.example.file)}:${row.example.line})`);
      return `  ${String(row.count).padStart(width)}  ${row.description}${place}`;
    }),
  ];
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB'];

function sizeText(bytes: number): string {
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[step]}`;
}
