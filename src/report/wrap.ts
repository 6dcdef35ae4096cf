/** Fits text into the columns of a terminal. */
import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from './display-width.ts';

/** No line begins with `::`, because GitHub Actions would run it as a command. */
const SPACE = / (?! *::)/;

/** Breaks text at spaces. Returns at least one line. `width` undefined: one line. A longer word has a line of its own. */
export function wrap(text: string, width: number | undefined): readonly string[] {
  if (width === undefined || text.length <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(SPACE)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Like `wrap`, for a text with colors, which can go on in the next line. */
export function wrapPainted(text: string, width: number | undefined): readonly string[] {
  const plain = stripVTControlCharacters(text);
  const words = text.split(' ');
  let next = 0;
  return wrap(plain, width).map((line) => {
    const start = next;
    next += line.split(' ').length;
    return words.slice(start, next).join(' ');
  });
}

/** Like `wrap`, but a long word, such as an image or a path, can also be broken after a slash. */
export function wrapPaths(text: string, width: number | undefined): readonly string[] {
  if (width === undefined || displayWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line: string | undefined;
  for (const { glue, part } of text.split(SPACE).flatMap((word) => partsOf(word, width))) {
    const longer: string = line === undefined ? part : line + glue + part;
    if (line !== undefined && displayWidth(longer) > width) {
      lines.push(line);
      line = part;
    } else line = longer;
  }
  return [...lines, line ?? ''];
}

function partsOf(word: string, width: number): readonly { readonly glue: string; readonly part: string }[] {
  const parts = displayWidth(word) > width / 2 ? word.split(/(?<=\/)(?!::)/) : [word];
  return parts.map((part, index) => ({ glue: index === 0 ? ' ' : '', part }));
}

/** A digest that does not fit on a line is shortened; -o json and pipes have all of it. */
export function shortDigests(text: string, room: number): string {
  return text.replace(/\b(sha\d{3}:[a-f0-9]{12})[a-f0-9]{52,}/g, (digest, start: string) =>
    digest.length > room ? `${start}…` : digest,
  );
}
