/** Groups the findings of `check` in text: one block per file, workload, rule, namespace, or image. */
import { fileText } from '../files/location-text.ts';
import { quoteValue } from '../image/quote.ts';
import { type CheckView, type Grouping, isTerminal } from './check-view.ts';
import { displayWidth } from './display-width.ts';
import { type Entry, entryLines, isFinding, type LineOptions, needsStack } from './finding-lines.ts';
import { byPlace } from './line-order.ts';
import { type FindingRow, rowLabel } from './rows.ts';

/**
 * Decides which remedies are printed: in a long result in a terminal, one for each rule, otherwise in a terminal each text once in a
 * row of findings, and in a pipe all of them.
 */
export function remediesOf(oncePerRule: boolean, view: CheckView): LineOptions['isNew'] {
  const seen = new Set<string>();
  if (!isTerminal(view)) return () => true;
  return ({ file, policy, rule, exception }, remedy) => {
    const key = oncePerRule && exception === null ? `${policy}/${rule}` : `${file}: ${remedy}`;
    return seen.size < seen.add(key).size;
  };
}

export function groupingOf(isLong: boolean, view: CheckView): Grouping {
  return view.groupBy ?? (isTerminal(view) && isLong ? 'workload' : 'file');
}

interface BlockOptions extends LineOptions {
  readonly link: CheckView['link'];
}

/** One text per block, without the empty line after it. */
export function blocksOf(entries: readonly Entry[], options: BlockOptions): readonly string[] {
  const groups = [...Map.groupBy(entries, (entry) => headingOf(entry, options.groupBy))];
  // One layout for the whole report: that of the block with the least room.
  const isStacked = groups.some(([, group]) => needsStack(group, isSpread(group) ? indented(options) : options));
  return groups.map(([heading, group]) => block(heading, group, { ...options, isStacked }));
}

/** Digests are shown whole. */
const MAX_IMAGE = 256;
const NOT_EVALUATED = 'cannot be evaluated';

function headingOf(entry: Entry, groupBy: Grouping): string {
  if (groupBy === 'file') return entry.file;
  if (!isFinding(entry)) return NOT_EVALUATED;
  if (groupBy === 'rule') return entry.rule;
  if (groupBy === 'workload') return rowLabel({ ...entry, container: null });
  if (groupBy === 'image') return entry.image === null ? 'without an image' : quoteValue(entry.image, MAX_IMAGE);
  return namespaceLabel(entry);
}

function namespaceLabel({ namespace }: FindingRow): string {
  return namespace === null ? 'without a namespace' : rowLabel({ kind: 'Namespace', namespace: null, name: namespace });
}

function block(heading: string, entries: readonly Entry[], options: BlockOptions): string {
  const files = Map.groupBy(entries, ({ file }) => file);
  const [[only, sorted] = ['', []], ...others] = [...files].map(([file, ofFile]) => [file, inOrder(ofFile)] as const);
  const { ink, groupBy } = options;
  if (groupBy === 'file') return text([ink.underline(fileHeading(only, options)), ...entryLines(sorted, options)]);
  const title = ink.underline(heading);
  if (others.length === 0 && fits(`${heading}  ${fileText(only)}`, options))
    return text([`${title}  ${ink.dim(fileHeading(only, options))}`, ...entryLines(sorted, options)]);
  // All files of the group share the widths of the columns.
  const lines = [[only, sorted] as const, ...others].flatMap(([file, ofFile]) => [
    `${INDENT}${ink.dim(fileHeading(file, options))}`,
    ...entryLines(ofFile, { ...indented(options), among: entries }).map((line) =>
      line === '' ? '' : `${INDENT}${line}`,
    ),
  ]);
  return text([title, ...lines]);
}

function isSpread(entries: readonly Entry[]): boolean {
  return entries.some(({ file }) => file !== entries[0]?.file);
}

/** Findings are below the file of a group with several. */
const INDENT = '  ';

/** Lines of an indented block have less room; source lines already begin with spaces. */
function indented(options: BlockOptions): BlockOptions {
  const { columns, sourceOf } = options;
  return {
    ...options,
    columns: columns === undefined ? undefined : columns - INDENT.length,
    sourceOf: (row, indent) => sourceOf(row, indent + INDENT.length).map((line) => line.slice(INDENT.length)),
  };
}

function fits(line: string, { columns }: LineOptions): boolean {
  return columns === undefined || displayWidth(line) <= columns;
}

function inOrder(entries: readonly Entry[]): readonly Entry[] {
  return entries.toSorted(byPlace);
}

function fileHeading(file: string, { link }: BlockOptions): string {
  const shown = fileText(file);
  return link === undefined || file === 'stdin' ? shown : link(file, shown);
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n').trimEnd()}\n`;
}
