/** Formats changed digests as Markdown tables, for the text of a pull request. */
import { DAY_MS, dayOf } from '../go/date.ts';
import { printable } from '../image/quote.ts';
import { escaped, within } from './markdown.ts';
import { count } from './paint.ts';
import { type ChangedImage, originOf, type PinChange } from './pin-changes.ts';
import { groupsOf, type PinGrouping } from './pin-groups.ts';
import { commitUrl, repositoryAt } from './source-links.ts';

export interface PinMarkdownOptions {
  /** undefined: one table. */
  readonly group: PinGrouping | undefined;
  /** Unix time in milliseconds, for the ages of images. */
  readonly now: number;
}

/** GitHub rejects a description of more than 65,536 characters. The rest is for what else it contains. */
const MAX_CHARACTERS = 60_000;

export function markdownPin(changes: readonly PinChange[], { group, now }: PinMarkdownOptions): string {
  const groups = groupsOf(changes, group);
  const lines = groups.flatMap(({ name, rows }) => [
    `${name === undefined ? '' : `\n#### ${escaped(name)}\n`}\n${HEAD}${line(rows[0], now)}`,
    ...rows.slice(1).map((row) => line(row, now)),
  ]);
  const shown = within(lines, MAX_CHARACTERS);
  const rest = lines.length - shown.length;
  const more = rest === 0 ? '' : `\n${count(rest, 'more row')}, which this report has no space for.\n`;
  const what = changes.some(({ rewritten }) => rewritten !== null) ? 'image' : 'digest';
  return `### tidewaiter: ${count(changes.length, what)} to change\n${shown.join('')}${more}`;
}

const HEAD = '| Image | From | To | Size | Source | Files |\n|---|---|---|---|---|---|\n';

function line(change: PinChange, now: number): string {
  const { image, rewritten, from, to, files } = change;
  const cells = [
    rewritten === null ? escaped(image) : `${escaped(image)} → ${escaped(rewritten)}`,
    from === null ? NO_DIGEST : imageCell(from, now),
    to === null ? NO_DIGEST : imageCell(to, now),
    sizeCell(change),
    sourceCell(change),
    escaped(files.join(', ')),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

const NO_DIGEST = 'no digest';

const SHOWN = 12;

function imageCell(image: ChangedImage, now: number): string {
  const [algorithm = '', hex = ''] = image.digest.split(':');
  const parts = [`${algorithm}:${hex.slice(0, SHOWN)}`, ...ageParts(image, now), ...revisionParts(image)];
  if (image.state === 'missing') parts.push('not in the registry');
  if (image.state === 'unknown') parts.push('details unknown');
  return parts.join(', ');
}

function ageParts({ created }: ChangedImage, now: number): readonly string[] {
  if (created === null) return [];
  const ms = Date.parse(created);
  const days = Math.floor((now - ms) / DAY_MS);
  return [`built on ${dayOf(ms)}`, ...(days < 0 ? [] : [`${count(days, 'day')} old`])];
}

const MAX_REVISION = 40;

function revisionParts(image: ChangedImage): readonly string[] {
  if (image.revision === null) return [];
  const url = commitUrl(originOf(image));
  if (url === undefined) return [`revision ${escaped(printable(image.revision, MAX_REVISION))}`];
  return [`revision [${image.revision.slice(0, SHOWN)}](${url})`];
}

const MEBIBYTE = 1024 * 1024;

function sizeCell({ to, sizeDifferenceBytes }: PinChange): string {
  if (to === null || to.sizeBytes === null) return 'unknown';
  const size = `${(to.sizeBytes / MEBIBYTE).toFixed(1)} MiB`;
  if (sizeDifferenceBytes === null) return size;
  const difference = sizeDifferenceBytes / MEBIBYTE;
  return `${size} (${difference < 0 ? '' : '+'}${difference.toFixed(1)})`;
}

/** Another source is shown next to the new one: the tag may belong to other people now. */
function sourceCell({ from, to, compareUrl }: PinChange): string {
  if (to === null) return 'unknown';
  const source = sourceText(to);
  if (compareUrl !== null) return `${source}, [compare](${compareUrl})`;
  const isOther = from !== null && from.origin === 'known' && to.origin === 'known' && urlOf(from) !== urlOf(to);
  return isOther ? `${source} (before: ${sourceText(from)})` : source;
}

const MAX_SOURCE = 80;

function sourceText({ origin, source }: ChangedImage): string {
  if (origin === 'unknown') return 'unknown';
  if (source === null) return 'not stated';
  const repository = repositoryAt(source);
  return repository === undefined
    ? escaped(printable(source, MAX_SOURCE))
    : `[${escaped(printable(repository.name, MAX_SOURCE))}](${repository.url})`;
}

function urlOf({ source }: ChangedImage): string | null {
  return source === null ? null : (repositoryAt(source)?.url ?? source);
}
