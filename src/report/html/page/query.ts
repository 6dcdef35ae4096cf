/** The language of the search: words, "several words", key:value, and -anything to leave it out. */
import { isKey, type Key } from './finding-keys.ts';

export interface Term {
  readonly not: boolean;
  /** undefined: anywhere. */
  readonly key: Key | undefined;
  /** In lower case. */
  readonly text: string;
}

const MAX_TERMS = 20;

export function parseQuery(query: string): readonly Term[] {
  const terms: Term[] = [];
  for (const match of query.matchAll(/(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi)) {
    const [, minus = '', name = '', quoted, word = ''] = match;
    const key = name.toLowerCase();
    const text = (quoted ?? word).toLowerCase();
    const anywhere = name === '' ? text : `${key}:${text}`;
    terms.push({ not: minus !== '', key: isKey(key) ? key : undefined, text: isKey(key) ? text : anywhere });
    if (terms.length === MAX_TERMS) break;
  }
  return terms;
}
