/** What differs between two sets of policy files, line by line, for the HTML report. */
import path from 'node:path';
import type { ChangedLine } from './report-data.ts';

export interface PolicyText {
  readonly file: string;
  readonly text: string;
}

const CONTEXT = 3;
/** More lines are no overview. */
const MAX_LINES = 400;
/** Lines of one file times lines of the other; a longer comparison replaces everything in between. */
const MAX_CELLS = 4_000_000;

export function policyChange(before: readonly PolicyText[], after: readonly PolicyText[]): readonly ChangedLine[] {
  const lines = pairs(before, after).flatMap(({ name, old, now }) => {
    const changed = nearChanges(compared(linesOf(old), linesOf(now)));
    return changed.length === 0 ? [] : [['file', name] as const, ...changed];
  });
  const rest = lines.length - MAX_LINES;
  return rest > 0 ? [...lines.slice(0, MAX_LINES), ['file', `${rest} more lines are not shown`]] : lines;
}

interface Pair {
  readonly name: string;
  /** undefined: there is no such file. */
  readonly old: string | undefined;
  readonly now: string | undefined;
}

/** Single files belong together, whatever their names are. */
function pairs(before: readonly PolicyText[], after: readonly PolicyText[]): readonly Pair[] {
  const [one, other] = [before[0], after[0]];
  if (before.length === 1 && after.length === 1 && one !== undefined && other !== undefined)
    return [{ name: path.basename(other.file), old: one.text, now: other.text }];
  const left = byName(before);
  const right = byName(after);
  const names = [...new Set([...left.keys(), ...right.keys()])].toSorted();
  return names.map((name) => ({ name, old: left.get(name), now: right.get(name) }));
}

/** By the path below the directory that all files are in. */
function byName(texts: readonly PolicyText[]): ReadonlyMap<string, string> {
  const folders = texts.map(({ file }) => path.resolve(file).split(path.sep).slice(0, -1));
  const [first = []] = folders;
  const shared = first.findIndex((part, at) => folders.some((folder) => folder[at] !== part));
  const depth = shared < 0 ? first.length : shared;
  return new Map(
    texts.map(({ file, text }) => [path.resolve(file).split(path.sep).slice(depth).join('/'), text] as const),
  );
}

function linesOf(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
}

function compared(old: readonly string[], now: readonly string[]): readonly ChangedLine[] {
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const same = (line: string): ChangedLine => [' ', line];
  return [
    ...old.slice(0, start).map(same),
    ...middle(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ...old.slice(old.length - end).map(same),
  ];
}

/** By the longest common subsequence. */
function middle(old: readonly string[], now: readonly string[]): readonly ChangedLine[] {
  const gone = (line: string): ChangedLine => ['-', line];
  const added = (line: string): ChangedLine => ['+', line];
  if (old.length * now.length > MAX_CELLS) return [...old.map(gone), ...now.map(added)];
  const common = commonLengths(old, now);
  const lines: ChangedLine[] = [];
  let [row, column] = [0, 0];
  while (row < old.length && column < now.length) {
    const [one = '', other = ''] = [old[row], now[column]];
    if (one === other) {
      lines.push([' ', one]);
      row += 1;
      column += 1;
    } else if (common(row + 1, column) >= common(row, column + 1)) {
      lines.push(gone(one));
      row += 1;
    } else {
      lines.push(added(other));
      column += 1;
    }
  }
  return [...lines, ...old.slice(row).map(gone), ...now.slice(column).map(added)];
}

/** How many lines both have in common from a line of each on. */
function commonLengths(old: readonly string[], now: readonly string[]): (row: number, column: number) => number {
  const width = now.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1)
    for (let column = now.length - 1; column >= 0; column -= 1)
      lengths[row * width + column] =
        old[row] === now[column] ? 1 + at(row + 1, column + 1) : Math.max(at(row + 1, column), at(row, column + 1));
  return at;
}

/** Changes with the lines around them. */
function nearChanges(lines: readonly ChangedLine[]): readonly ChangedLine[] {
  const changes = lines.flatMap(([kind], index) => (kind === ' ' ? [] : [index]));
  return lines.filter((_, index) => changes.some((change) => Math.abs(change - index) <= CONTEXT));
}
