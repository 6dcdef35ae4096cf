/** Which findings have a word of the search. */
import type { Model } from './model.ts';
import type { Term } from './query.ts';
import type { TextIndex } from './text-index.ts';

const OF_FINDINGS = [
  'message',
  'remedy',
  'rule',
  'registry',
  'image',
  'policy',
  'container',
  'outcome',
  'file',
] as const;
const OF_REVIEWS = ['owner', 'namespace', 'kind', 'name'] as const;

type Test = (index: number) => boolean;

export function termFilter(model: Model, { not, key, text }: Term): Test {
  const has = key === undefined ? anywhere(model, text) : inColumn(model.keys[key], model.texts().having(text));
  return not ? (index) => !has(index) : has;
}

function inColumn(column: Int32Array, having: Uint8Array): Test {
  return (index) => having[column[index] ?? 0] === 1;
}

function anywhere(model: Model, text: string): Test {
  const texts = model.texts();
  const having = texts.having(text);
  const { findings } = model.cells;
  const columns = OF_FINDINGS.map((name) => findings[name]);
  const reviews = reviewsWith(model, { texts, text, having });
  const isPlace = placeTest(model, text);
  return (index) => {
    if (reviews[findings.review[index] ?? 0] === 1) return true;
    for (const column of columns) if (having[column[index] ?? 0] === 1) return true;
    return isPlace?.(index) ?? false;
  };
}

interface Searched {
  readonly texts: TextIndex;
  readonly text: string;
  readonly having: Uint8Array;
}

/** By review: 1 if one of its texts, or its namespace and name as they are written together, has the word. */
function reviewsWith({ cells: { reviews }, reviewCount }: Model, { texts, text, having }: Searched): Uint8Array {
  const found = new Uint8Array(reviewCount);
  const columns = OF_REVIEWS.map((name) => reviews[name]);
  const isPair = text.includes('/');
  for (let at = 0; at < reviewCount; at += 1) {
    const [namespace = 0, name = 0] = [reviews.namespace[at], reviews.name[at]];
    if (columns.some((column) => having[column[at] ?? 0] === 1)) found[at] = 1;
    else if (isPair && `${texts.at(namespace)}/${texts.at(name)}`.includes(text)) found[at] = 1;
  }
  return found;
}

/** `web.yaml:12` */
function placeTest({ cells: { findings }, strings }: Model, text: string): Test | undefined {
  const [, file, line] = /^(.*):(\d*)$/s.exec(text) ?? [];
  if (file === undefined || line === undefined) return undefined;
  const ends = strings.map((each) => each !== null && each.toLowerCase().endsWith(file));
  return (index) => {
    const code = findings.file[index] ?? 0;
    const at = findings.line[index] ?? -1;
    return code !== 0 && ends[code] === true && (at < 0 ? line === '' : String(at).startsWith(line));
  };
}
