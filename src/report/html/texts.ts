/** The texts of a packed report, each once. */

export interface Texts {
  /** The first is null. */
  readonly list: readonly (string | null)[];
  /** The index of a text in the list. */
  readonly at: (text: string | null) => number;
}

/** Returns the text with an index. */
export type TextAt = (index: number) => string | null;

export function createTexts(): Texts {
  const list: (string | null)[] = [null];
  const known = new Map<string | null, number>([[null, 0]]);
  return {
    list,
    at(text) {
      const before = known.get(text);
      if (before !== undefined) return before;
      known.set(text, list.length);
      return list.push(text) - 1;
    },
  };
}
