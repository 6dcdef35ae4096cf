/** Maps characters of a document in a YAML or JSON scalar to offsets in the file. */

/** `undefined` where the value is not written as it is read, such as a folded block. */
export type InnerOffsets = ((inner: number) => number) | undefined;

/** `offset` is the position of the value (positionOf). */
export function innerOffsets(text: string, offset: number, value: string): InnerOffsets {
  const quote = text.charAt(offset);
  if (quote === '"' || quote === "'") {
    QUOTED.lastIndex = offset;
    const source = QUOTED.exec(text)?.[0].slice(1, -1);
    return source === undefined ? undefined : quotedOffsets(source, offset + 1, value);
  }
  return text.startsWith(value, offset) ? (inner) => offset + inner : blockOffsets(text, offset, value);
}

const QUOTED = /"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\r\n]|'')*'/y;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
};
const PART = /\\u([\da-fA-F]{4})|\\([^\r\n])|''|[^\\\r\n]/y;

/** Maps a quoted scalar on one line. */
function quotedOffsets(source: string, from: number, value: string): InnerOffsets {
  if (source === value) return (inner) => from + inner;
  const offsets: number[] = [];
  let read = '';
  PART.lastIndex = 0;
  while (PART.lastIndex < source.length) {
    const at = PART.lastIndex;
    const found = PART.exec(source);
    if (found === null) return undefined;
    const [whole, code, escaped] = found;
    if (code !== undefined) read += String.fromCharCode(Number.parseInt(code, 16));
    else if (escaped !== undefined) read += ESCAPES[escaped] ?? whole;
    else read += whole === "''" ? "'" : whole;
    while (offsets.length < read.length) offsets.push(from + at);
  }
  offsets.push(from + source.length);
  return read === value ? (inner) => offsets[inner] ?? from + source.length : undefined;
}

/** Maps a block (`|`), in which every line of the value is a line of the file with the same indentation. */
function blockOffsets(text: string, offset: number, value: string): InnerOffsets {
  const lines = value.replace(/\n$/, '').split('\n');
  const first = lines.findIndex((line) => line.trim() !== '');
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const indent = lineAt(text, start).length - (lines[first]?.length ?? 0);
  if (first === -1 || indent < 0 || text.slice(start, start + indent).trim() !== '') return undefined;
  const starts = linesFrom(text, start, lines.length - first);
  const isWritten = lines.slice(first).every((line, index) => {
    const written = lineAt(text, starts[index] ?? text.length);
    return written.slice(indent) === line || (line.trim() === '' && written.trim() === '');
  });
  if (!isWritten) return undefined;
  return (inner) => {
    const before = value.slice(0, inner).split('\n');
    return (starts[before.length - 1 - first] ?? start) + indent + (before.at(-1)?.length ?? 0);
  };
}

function linesFrom(text: string, start: number, count: number): readonly number[] {
  const starts = [start];
  while (starts.length < count) {
    const end = text.indexOf('\n', starts.at(-1));
    starts.push(end === -1 ? text.length : end + 1);
  }
  return starts;
}

function lineAt(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return text.slice(start, end === -1 ? text.length : end).replace(/\r$/, '');
}
