/** test/fixtures/cel/answers.txt: expressions, and what the API server makes of them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface Row {
  readonly section: string;
  readonly expression: string;
  /** As `show` writes it, or `refused`. */
  readonly expected: string;
}

const lines = readFileSync(path.resolve(import.meta.dirname, '../fixtures/cel/answers.txt'), 'utf8').split('\n');

export const OBJECT: unknown = JSON.parse(/object = (.*)$/.exec(lines[0] ?? '')?.[1] ?? '');

export const ANSWERS: readonly Row[] = rowsIn(lines);

function rowsIn(all: readonly string[]): readonly Row[] {
  let section = '';
  return all.flatMap((line) => {
    if (line.startsWith('# ')) section = line.slice(2);
    const arrow = line.lastIndexOf('  =>  ');
    return arrow < 0 ? [] : [{ section, expression: line.slice(0, arrow), expected: line.slice(arrow + 6) }];
  });
}
