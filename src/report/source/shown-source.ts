/**
 * What of the lines of an input file can be shown beside a finding, in the text of `check` and in the HTML report: keys, names,
 * images, and the value of the finding. All other text is replaced by an ellipsis, because it can be a secret. What has the form
 * of a secret is found only sometimes, so it is the other way round: what cannot be one is shown.
 */
import { isDockerfile } from '../../files/image-file-names.ts';
import { dockerfileParts } from './dockerfile-parts.ts';
import type { Extent, Parts } from './parts.ts';
import { type ShownLine, shownLine, type ShownValue } from './shown-line.ts';
import { yamlParts } from './yaml-parts.ts';

export interface ShownSource {
  /** The text of the file, which must not be shown. */
  readonly text: string;
  readonly lines: number;
  /** The offsets of a line without its line break; undefined: the file has no such line. Numbered from 1. */
  readonly extent: (line: number) => Extent | undefined;
  readonly line: (line: number, value?: ShownValue) => ShownLine | undefined;
}

export function createShownSource(file: string, text: string): ShownSource {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  // A line break at the end of the text begins no line.
  if (starts.length > 1 && starts.at(-1) === text.length) starts.pop();
  const partsAt = isDockerfile(file) ? once(() => dockerfileParts(text)) : documentParts(text);
  const extent: ShownSource['extent'] = (line) => {
    const from = starts[line - 1];
    if (from === undefined) return undefined;
    const to = starts[line] === undefined ? text.length - (text.endsWith('\n') ? 1 : 0) : starts[line] - 1;
    return { from, to: text.charAt(to - 1) === '\r' && to > from ? to - 1 : Math.max(from, to) };
  };
  return {
    text,
    lines: starts.length,
    extent,
    line(number, value) {
      const within = extent(number);
      return within && shownLine(text, within, { parts: partsAt(within.from), value });
    },
  };
}

function once(read: () => Parts): (at: number) => Parts {
  let parts: Parts | undefined;
  return () => (parts ??= read());
}

/** Only the documents that findings are in are read. */
function documentParts(text: string): (at: number) => Parts {
  const starts = [0, ...[...text.matchAll(/^---/gm)].map(({ index }) => index)];
  const known = new Map<number, Parts>();
  return (at) => {
    const index = lastAtMost(starts, at);
    const found = known.get(index) ?? yamlParts(text, starts[index] ?? 0, starts[index + 1] ?? text.length);
    // Findings come in the order of the lines, and the lines around one can be in two documents.
    const [oldest] = known.keys();
    if (known.size > 2 && oldest !== undefined && oldest !== index) known.delete(oldest);
    known.set(index, found);
    return found;
  };
}

/** The index of the last number that is at most `limit`, in ascending numbers of which the first one is. */
function lastAtMost(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
