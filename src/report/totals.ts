/** Totals per rule and per file, for results that are longer than a screen. */
import { fileText } from '../files/location-text.ts';
import type { CheckView } from './check-view.ts';
import { displayWidth, widest } from './display-width.ts';
import { count, type Paint } from './paint.ts';
import type { FindingRow } from './rows.ts';

/** The files with the most findings. */
const MAX_FILES = 10;

const COLUMNS = ['denied', 'warned', 'excused'] as const;

interface Total {
  readonly label: string;
  readonly numbers: readonly number[];
}

export function totalsText(findings: readonly FindingRow[], ink: Paint, link: CheckView['link']): string {
  const rules = totals(findings, ({ rule }) => rule);
  const files = totals(findings, ({ file }) => file);
  const shown = files.slice(0, MAX_FILES);
  const width = widest(['by rule', ...rules.map(({ label }) => label), ...shown.map(({ label }) => fileText(label))]);
  const columns = COLUMNS.filter((_name, index) => rules.some(({ numbers }) => numbers[index] !== 0));
  const pad = (name: string): string => ' '.repeat(width - displayWidth(name));
  const cells = (total: Total): string =>
    columns
      .map((name) => {
        const number = String(total.numbers[COLUMNS.indexOf(name)] ?? 0).padStart(name.length);
        return number.trim() === '0' ? ink.dim(number) : inkOf(name, ink)(number);
      })
      .join('  ');
  const linked = (file: string): string => {
    const name = fileText(file);
    return `${link === undefined || file === 'stdin' ? name : link(file, name)}${pad(name)}`;
  };
  const lines = [
    `${ink.bold('by rule')}${pad('by rule')}  ${ink.dim(columns.join('  '))}`,
    ...rules.map((total) => `${total.label}${pad(total.label)}  ${cells(total)}`),
    '',
    ink.bold('by file'),
    ...shown.map((total) => `${linked(total.label)}  ${cells(total)}`),
    ...(files.length > shown.length ? [ink.dim(`and ${count(files.length - shown.length, 'more file')}`)] : []),
  ];
  return `${lines.join('\n')}\n\n`;
}

function inkOf(column: (typeof COLUMNS)[number], ink: Paint): Paint['dim'] {
  if (column === 'denied') return ink.red;
  return column === 'warned' ? ink.yellow : ink.dim;
}

/** The rule with the most findings. */
export function mostFrequentRule(findings: readonly FindingRow[]): string | undefined {
  return totals(findings, ({ rule }) => rule)[0]?.label;
}

/** The most findings come first. */
function totals(findings: readonly FindingRow[], labelOf: (row: FindingRow) => string): readonly Total[] {
  const groups = [...Map.groupBy(findings, labelOf)];
  return groups
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([label, rows]) => {
      const denied = rows.filter(({ action }) => action === 'deny').length;
      const warned = rows.filter(({ action }) => action === 'warn').length;
      return { label, numbers: [denied, warned, rows.length - denied - warned] };
    });
}
