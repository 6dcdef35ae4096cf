/** Lines about containers that policies change: one for each, and one for all with the same change. */
import { locationText } from '../files/location-text.ts';
import { count, type Paint } from './paint.ts';
import { type ChangeRow, rowLabel } from './rows.ts';
import { wrapPaths } from './wrap.ts';

/** More are in -o json. */
const MAX_LINES = 20;

/** With an empty line after them; empty without changes. */
export function changeLines(changes: readonly ChangeRow[], ink: Paint, columns: number | undefined): string {
  const groups = [...Map.groupBy(changes, keyOf).values()];
  if (groups.length === 0) return '';
  const lines = groups.slice(0, MAX_LINES).flatMap((group) => linesOf(group, ink, columns));
  const rest = groups.slice(MAX_LINES).reduce((sum, { length }) => sum + length, 0);
  const more = rest === 0 ? [] : [ink.dim(`${count(rest, 'more container')} would run with changes: see -o json`)];
  return `${[...lines, ...more].join('\n')}\n\n`;
}

function keyOf({ from, to, pullSecrets, pullPolicy }: ChangeRow): string {
  return JSON.stringify([from, to, pullSecrets, pullPolicy]);
}

function linesOf(group: readonly ChangeRow[], ink: Paint, columns: number | undefined): readonly string[] {
  const [row] = group;
  if (row === undefined) return [];
  const others = group.length === 1 ? '' : ` and ${count(group.length - 1, 'other container')}`;
  const [place, label, change] = [ink.dim(locationText(row)), `${rowLabel(row)}${others}`, changeText(row)];
  if (columns === undefined) return [`${place}  ${change}  ${label}`];
  const below = wrapPaths(change, columns - INDENT.length).map((line) => `${INDENT}${line}`);
  return [`${place}  ${ink.dim(label)}`, ...below];
}

const INDENT = '  ';

/** `would run as mirror.example.com/hub/library/nginx:1.27 with pull secret mirror-pull` */
function changeText({ from, to, pullSecrets, pullPolicy }: ChangeRow): string {
  const more = [
    ...(pullSecrets.length === 0
      ? []
      : [`pull secret${pullSecrets.length === 1 ? '' : 's'} ${pullSecrets.join(', ')}`]),
    ...(pullPolicy === null ? [] : [`pull policy ${pullPolicy}`]),
  ];
  return `would run${from === to ? '' : ` as ${to}`}${more.length === 0 ? '' : ` with ${more.join(' and ')}`}`;
}
