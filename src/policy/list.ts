/** Named lists (kind: ImageNameList): strings that many policies share. */
import { didYouMean } from '../image/suggestion.ts';
import { type DocumentFault, schemaCheck } from './schema-faults.ts';
import { quoteValue } from '../image/quote.ts';
import { LIST_SCHEMA } from './schema.ts';

export interface NamedList {
  readonly name: string;
  readonly items: readonly string[];
}

export type ListResult =
  | { readonly ok: true; readonly list: NamedList }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

interface Document {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly items: readonly string[] };
}

const checkDocument = schemaCheck(LIST_SCHEMA);

export function readList(value: unknown): ListResult {
  const faults = checkDocument(value);
  if (faults.length > 0) return { ok: false, faults };
  const { metadata, spec } = value as Document;
  return { ok: true, list: { name: metadata.name, items: spec.items } };
}

/** The lists that documents can refer to. */
export interface Lists {
  /** Returns the items, or a problem; the problem is `undefined` if it is already reported. */
  find(name: string): { readonly items: readonly string[] } | { readonly problem: string | undefined };
  /** Returns one array for equal lists of strings and references, so that their patterns compile once. */
  joined(key: string, join: () => readonly unknown[]): readonly unknown[];
  /** The lists that no document uses. */
  unused(): readonly string[];
}

/** `broken`: lists with faults, which are reported already. */
export function namedLists(lists: readonly NamedList[], broken: readonly string[] = []): Lists {
  const items = new Map(lists.map((list) => [list.name, list.items]));
  const joinedLists = new Map<string, readonly unknown[]>();
  const used = new Set<string>();
  return {
    find(name) {
      used.add(name);
      const known = items.get(name);
      if (known !== undefined) return { items: known };
      return { problem: broken.includes(name) ? undefined : unknownList(name, [...items.keys()]) };
    },
    joined(key, join) {
      const before = joinedLists.get(key);
      if (before !== undefined) return before;
      const list = join();
      joinedLists.set(key, list);
      return list;
    },
    unused: () => lists.flatMap(({ name }) => (used.has(name) ? [] : [name])),
  };
}

function unknownList(name: string, names: readonly string[]): string {
  const all =
    names.length === 0
      ? 'no lists are loaded; create a list with kind: ImageNameList'
      : `all lists: ${names.join(', ')}`;
  return `unknown list ${quoteValue(name)}${didYouMean(name, names)} (${all})`;
}

export const NO_LISTS: Lists = namedLists([]);
