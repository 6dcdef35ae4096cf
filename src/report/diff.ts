/** Formats edits as a unified diff for `git apply` and `patch -p1`. */
import { applyEdits, type Edit } from '../pinning/image-location.ts';
import { type Paint, paint } from './paint.ts';

const CONTEXT = 3;

export interface FileEdits {
  /** The path relative to the directory in which the diff is applied. */
  readonly file: string;
  readonly text: string;
  readonly edits: readonly Edit[];
}

/** Replaces the lines from `from` to `to` of the old text with `lines`. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/** Returns an empty text if there are no edits. */
export function unifiedDiff({ file, text, edits }: FileEdits, ink: Paint): string {
  const lines = splitLines(text);
  const blocks = blocksOf(text, lines, edits);
  if (blocks.length === 0) return '';
  const name = file.replace(/^(?:\.?\/)+/, '');
  const header = `--- ${quotedName(`a/${name}`)}\n+++ ${quotedName(`b/${name}`)}`;
  let shift = 0;
  const hunks = hunksOf(blocks).map((hunk) => {
    const shown = hunkText(lines, hunk, { shift, ink });
    shift += hunk.reduce((sum, block) => sum + block.lines.length - (block.to - block.from), 0);
    return shown;
  });
  return `${ink.bold(header)}\n${hunks.join('')}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

/** Git parses a quoted name as a C string, and another name up to a text that looks like a date (quote.c). */
function quotedName(name: string): string {
  if (!/[\s"\\\p{Cc}\p{Cf}]|##/u.test(name)) return name;
  const escaped = name.replaceAll(/["\\]|[\p{Cc}\p{Cf}]|(?<=#)#/gu, (one) => ESCAPES[one] ?? octal(one));
  return `"${escaped}"`;
}

function octal(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/** Splits a text into lines with their line breaks. */
function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function blocksOf(text: string, lines: readonly string[], edits: readonly Edit[]): readonly Block[] {
  const ends = endsOf(lines);
  // An edit at the end of the text belongs to the last line.
  const lineOf = (offset: number): number => {
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offset < (ends[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const groups: Group[] = [];
  for (const edit of edits.toSorted((one, other) => one.from - other.from)) {
    const [from, to] = [lineOf(edit.from), lineOf(edit.to) + 1];
    const last = groups.at(-1);
    if (last === undefined || from >= last.to) groups.push({ from, to, edits: [edit] });
    else groups.splice(-1, 1, { from: last.from, to: Math.max(to, last.to), edits: [...last.edits, edit] });
  }
  const blocks = groups.map(({ from, to, edits: inside }) => {
    const start = ends[from - 1] ?? 0;
    const shifted = inside.map((edit) => ({ ...edit, from: edit.from - start, to: edit.to - start }));
    return trimmed(lines, { from, to, lines: splitLines(applyEdits(text.slice(start, ends[to - 1]), shifted)) });
  });
  return blocks.filter(({ from, to, lines: now }) => to > from || now.length > 0);
}

interface Group {
  readonly from: number;
  readonly to: number;
  readonly edits: readonly Edit[];
}

/** Returns the offset after each line. */
function endsOf(lines: readonly string[]): readonly number[] {
  let end = 0;
  return lines.map((line) => (end += line.length));
}

/** Removes unchanged lines at both ends of a change. */
function trimmed(lines: readonly string[], { from, to, lines: now }: Block): Block {
  let head = 0;
  while (from + head < to && head < now.length && lines[from + head] === now[head]) head += 1;
  return { from: from + head, to, lines: now.slice(head) };
}

function hunksOf(blocks: readonly Block[]): readonly (readonly Block[])[] {
  const hunks: Block[][] = [];
  for (const block of blocks) {
    const last = hunks.at(-1);
    const before = last?.at(-1);
    if (last !== undefined && before !== undefined && block.from - before.to <= 2 * CONTEXT) last.push(block);
    else hunks.push([block]);
  }
  return hunks;
}

interface HunkPlace {
  /** The number of lines that earlier changes added. */
  readonly shift: number;
  readonly ink: Paint;
}

function hunkText(lines: readonly string[], hunk: readonly Block[], { shift, ink }: HunkPlace): string {
  const from = Math.max((hunk[0]?.from ?? 0) - CONTEXT, 0);
  const to = Math.min((hunk.at(-1)?.to ?? 0) + CONTEXT, lines.length);
  const body: string[] = [];
  // A terminal would interpret control characters from the file.
  const show = (sign: string, line: string): string => diffLine(sign, ink.isColorSupported ? visible(line) : line);
  let at = from;
  const keep = (until: number): void => {
    for (const line of lines.slice(at, until)) body.push(show(' ', line));
    at = until;
  };
  let added = 0;
  for (const block of hunk) {
    keep(block.from);
    for (const line of lines.slice(block.from, block.to)) body.push(ink.red(show('-', line)));
    for (const line of block.lines) body.push(ink.green(show('+', line)));
    added += block.lines.length - (block.to - block.from);
    at = block.to;
  }
  keep(to);
  const old = `${from + 1},${to - from}`;
  return `${ink.cyan(`@@ -${old} +${from + 1 + shift},${to - from + added} @@`)}\n${body.join('')}`;
}

function diffLine(sign: string, line: string): string {
  return line.endsWith('\n') ? `${sign}${line}` : `${sign}${line}\n\\ No newline at end of file\n`;
}

function visible(line: string): string {
  return line
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) => (/[\t\n]/.test(character) ? character : ''))
    .replaceAll('##', '#\\u0023')
    .replace(/^(\s*)::/, '$1\\u003a:');
}

/** GitHub Actions runs `::` at the start of a line, blanks aside, and `##[` anywhere in it; Azure Pipelines runs `##vso[`. */
const COMMAND = /##(?:vso)?\[|(?:^|\r)\s*::/;

/**
 * Returns the line of the file that a pipeline would run as a command if the diff were printed to its log. A diff must have the lines
 * as they are, so that git can apply it.
 */
export function commandLine(edits: FileEdits): number | undefined {
  let line = 0;
  for (const text of unifiedDiff(edits, PLAIN).split('\n')) {
    line = Number(/^@@ -(\d+)/.exec(text)?.[1] ?? line);
    if (COMMAND.test(text)) return line;
    if (/^[ -](?!-- )/.test(text)) line += 1;
  }
  return undefined;
}

const PLAIN = paint(false);

export const NOT_PRINTED =
  'the diff is not printed: GitHub Actions or Azure Pipelines would run this line as a command; use --write, and look at the change with git diff';
