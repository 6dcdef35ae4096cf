/** The excerpts of the findings of a report. Each file is read once, because findings come in the order of the files. */
import type { FindingRow } from '../rows.ts';
import { type ExcerptSource, excerptOf, excerptSource } from './excerpt.ts';
import type { Excerpt } from './report-data.ts';

export function createExcerpts(textOf: (file: string) => string | undefined): (row: FindingRow) => Excerpt | null {
  let current: { readonly file: string; readonly source: ExcerptSource | undefined } | undefined;
  const sourceIn = (file: string): ExcerptSource | undefined => {
    if (current?.file !== file) {
      const text = textOf(file);
      current = { file, source: text === undefined ? undefined : excerptSource(file, text) };
    }
    return current.source;
  };
  return ({ file, line, column, image, pointer }) => {
    if (line === null || column === null) return null;
    const source = sourceIn(file);
    return (source && excerptOf(source, { line, column, image, pointer })) ?? null;
  };
}
