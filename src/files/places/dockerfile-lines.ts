/**
 * A Dockerfile -> its instructions, with the place of every word. As BuildKit reads it (frontend/dockerfile/parser): the
 * `escape` directive, lines that go on, comments and empty lines between those, here-documents of RUN, COPY and ADD.
 */

export interface Word {
  readonly text: string;
  /** Offset of each character; they do not follow each other where the word goes on on another line. */
  readonly offsets: readonly number[];
}

export interface Instruction {
  /** In upper case. */
  readonly name: string;
  readonly words: readonly Word[];
}

interface Line {
  readonly from: number;
  /** Before the line break. */
  readonly to: number;
  readonly next: number;
}

interface Cursor {
  readonly text: string;
  readonly escape: string;
  at: number;
}

export function instructionsOf(text: string): readonly Instruction[] {
  const start = text.startsWith('\uFEFF') ? 1 : 0;
  const cursor: Cursor = { text, escape: escapeOf(text.slice(start)), at: start };
  const instructions: Instruction[] = [];
  while (cursor.at < text.length) {
    const logical = readLogicalLine(cursor);
    const [first, ...words] = splitWords(logical);
    if (first === undefined) continue;
    const instruction = { name: first.text.toUpperCase(), words };
    instructions.push(instruction);
    if (['RUN', 'COPY', 'ADD'].includes(instruction.name)) skipHereDocuments(cursor, logical.text);
  }
  return instructions;
}

/** Directives stand before everything else, one a line. */
function escapeOf(text: string): string {
  for (const line of text.split(/\r?\n/)) {
    const directive = /^\s*#\s*([A-Za-z][\w-]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (directive === null) break;
    if (directive[1]?.toLowerCase() === 'escape' && directive[2] === '`') return '`';
  }
  return '\\';
}

function lineAt(text: string, from: number): Line {
  const found = text.indexOf('\n', from);
  const end = found === -1 ? text.length : found;
  return { from, to: text.charAt(end - 1) === '\r' && end > from ? end - 1 : end, next: found === -1 ? end : end + 1 };
}

interface Logical {
  readonly text: string;
  readonly offsets: readonly number[];
}

function readLogicalLine(cursor: Cursor): Logical {
  const { text, escape } = cursor;
  let logical = '';
  const offsets: number[] = [];
  for (let more = true; more && cursor.at < text.length;) {
    const line = lineAt(text, cursor.at);
    cursor.at = line.next;
    const content = text.slice(line.from, line.to);
    if (/^\s*#/.test(content) || (content.trim() === '' && logical !== '')) continue;
    const end = content.trimEnd();
    more = end.endsWith(escape) && !end.endsWith(escape + escape);
    const kept = more ? end.slice(0, -1) : content;
    for (let index = 0; index < kept.length; index += 1) offsets.push(line.from + index);
    logical += kept;
  }
  return { text: logical, offsets };
}

function splitWords({ text, offsets }: Logical): readonly Word[] {
  return [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => ({
    text: word,
    offsets: offsets.slice(index, index + word.length),
  }));
}

const HERE_DOCUMENT = /(?:^|\s)\d*<<(-?)(["']?)([A-Za-z_][\w.-]*)\2(?=$|[\s;&|>)])/g;

/** A body that nothing ends is no body: then `<<` meant something else. */
function skipHereDocuments(cursor: Cursor, logical: string): void {
  for (const [, dash, , name] of logical.matchAll(HERE_DOCUMENT)) {
    for (let at = cursor.at; at < cursor.text.length;) {
      const line = lineAt(cursor.text, at);
      at = line.next;
      const content = cursor.text.slice(line.from, line.to);
      if ((dash === '-' ? content.replace(/^\t+/, '') : content) !== name) continue;
      cursor.at = at;
      break;
    }
  }
}
