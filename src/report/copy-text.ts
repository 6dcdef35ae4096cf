/** Formats the result of `copy --list` as text, and as lines for scripts. */
import { COPY_STATES, type CopyReport, type CopyRow, missingImages } from './copy.ts';
import { count, errorNotes, type Paint } from './paint.ts';

interface CopyText {
  readonly out: string;
  /** For standard error. */
  readonly notes: string;
}

export function prettyCopy(report: CopyReport, ink: Paint): CopyText {
  const rows = report.images.filter(({ state }) => state !== 'present').map((row) => rowText(row, ink));
  const blocks = [rows.join(''), `${summary(report)}\n`];
  return { out: blocks.filter((block) => block !== '').join('\n'), notes: copyNotes(report, ink) };
}

/** `SOURCE TARGET` for each image that a mirror lacks. */
export function copyLines(report: CopyReport, ink: Paint): CopyText {
  const lines = missingImages(report).map(({ from, to }) => `${from} ${to}\n`);
  return { out: lines.join(''), notes: leftOutNotes(report) + copyNotes(report, ink) };
}

/** For formats that contain only what is missing. */
export function leftOutNotes({ images }: CopyReport): string {
  const texts = (['mirror-differs', 'invalid-name', 'unknown'] as const).flatMap((state) => {
    const rows = images.filter((row) => row.state === state);
    return rows.length === 0 ? [] : [`not listed: ${count(rows.length, 'image')}, ${STATE_TEXTS[state]}\n`];
  });
  return texts.join('');
}

export function copyNotes({ images, errors, moreErrors, moreImages }: CopyReport, ink: Paint): string {
  const more = moreErrors === 0 ? '' : `${count(moreErrors, 'more error')}\n`;
  const unlisted = moreImages ? `only the first ${count(images.length, 'name')}; read fewer files at once\n` : '';
  return assumedNote(images) + errorNotes(errors, ink) + more + unlisted;
}

/** Where labels are not known, the names with and without a policy that selects by them count. */
function assumedNote(images: CopyReport['images']): string {
  const [first, ...others] = images.filter(({ assumed }) => assumed !== null);
  if (first === undefined) return '';
  const what = others.length === 0 ? 'image' : `${count(others.length + 1, 'image')}, for example`;
  return `listed although it is unknown which policies apply: ${what} ${first.from}: ${first.assumed}\n`;
}

const STATE_TEXTS: Readonly<Record<CopyRow['state'], string>> = {
  missing: 'which the mirror lacks',
  'mirror-differs': 'of which the mirror has another digest',
  'invalid-name': 'whose name at the mirror is invalid',
  unknown: 'about which a registry did not tell',
  present: 'which the mirror has',
};

function rowText({ state, from, to, policies, message }: CopyRow, ink: Paint): string {
  const label = state === 'unknown' ? ink.yellow(state) : ink.red(state);
  const why = message === null ? '' : `\n  ${ink.dim(message)}`;
  const names = to === null ? from : `${from} -> ${to}`;
  return `${label}  ${names}  ${ink.dim(`policy ${policies.join(', ')}`)}${why}\n`;
}

function summary({ images, objects }: CopyReport): string {
  const read = `${count(images.length, 'image')} to be at mirrors, of ${count(objects, 'object')}`;
  const counted = COPY_STATES.flatMap((state) => {
    const { length } = images.filter((row) => row.state === state);
    return length === 0 ? [] : [`${length} ${state}`];
  });
  return [read, ...(counted.length === 0 ? [] : [counted.join(', ')])].join(': ');
}
