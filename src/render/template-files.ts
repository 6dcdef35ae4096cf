/** The files of templates, by the comments that Helm prints above what they render. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { loadRegularText } from '../files/load-text.ts';
import type { Place } from '../files/place.ts';
import { compileGlob } from '../image/glob.ts';
import type { Chart } from './chart.ts';

/** A path as Helm names it: the name of the chart, those of its parts, and the path in the last one. */
export interface TemplateFile {
  /** The keys of the parts that contain it. */
  readonly parts: readonly string[];
  /** The chart that contains it. */
  readonly chart: Chart | undefined;
  /** Its path, which goes on in an archive; undefined: its chart is unknown. */
  readonly name: string | undefined;
  /** undefined: it is in an archive. */
  readonly file: string | undefined;
}

const SOURCE = /^---\r?\n# Source: (\S.*)$/gm;

/** The templates that printed something, as Helm names them. */
export function sourcesIn(output: string): readonly string[] {
  return [...output.matchAll(SOURCE)].map(([, source = '']) => source.trim());
}

/** Returns the comment that applies at an offset. */
export function sourceComments(output: string): (offset: number) => string | null {
  const comments = [...output.matchAll(SOURCE)].map(({ index, 0: whole, 1: source = '' }) => ({
    end: index + whole.length,
    source: source.trim(),
  }));
  return (offset) => {
    let low = 0;
    let high = comments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((comments[middle]?.end ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return comments[low - 1]?.source ?? null;
  };
}

export function templateFile(source: string, root: Chart): TemplateFile {
  const [, ...segments] = source.split('/');
  const parts: string[] = [];
  let chart: Chart | undefined = root;
  while (segments[0] === 'charts' && segments.length > 2) {
    const [, key = ''] = segments.splice(0, 2);
    parts.push(key);
    chart = chart?.parts.get(key);
  }
  // An author can print any comment.
  if (chart === undefined || segments.includes('..'))
    return { parts, chart: undefined, name: undefined, file: undefined };
  const name = path.join(chart.path, chart.inArchive ?? '', ...segments);
  return { parts, chart, name, file: chart.inArchive === undefined && existsSync(name) ? name : undefined };
}

export interface WritingLine {
  readonly place: Place;
  /** Without expressions. */
  readonly isLiteral: boolean;
}

/** Returns the lines of a template that can write a text under a key; expressions match any text. */
export function linesThatWrite(file: string, key: string, text: string): readonly WritingLine[] {
  const loaded = loadRegularText(file);
  if (!('text' in loaded)) return [];
  return loaded.text.split('\n').flatMap((line, index) => {
    const found = KEY_AND_VALUE.exec(line);
    if (found === null || found[2] !== key || !canWrite(found[3] ?? '', text)) return [];
    const place = { file, line: index + 1, column: (found[1] ?? '').length + 1 };
    return [{ place, isLiteral: !line.includes('{{') }];
  });
}

const KEY_AND_VALUE = /^(\s*(?:-\s+)?["']?([\w-]+)["']?:\s*)(.*?)\s*$/;

function canWrite(value: string, text: string): boolean {
  const glob = value
    .replace(/\s+#.*$/, '')
    .replaceAll(/\{\{.*?\}\}/g, '*')
    .replaceAll(/^["']|["']$/g, '');
  return glob !== '' && compileGlob(glob)(text);
}
