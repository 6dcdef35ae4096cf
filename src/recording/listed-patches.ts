/** The operations of two patches that a report lists. */

type Patch = readonly unknown[];

/** Of JSON, for each side. A patch for 100 containers has a third of it. */
const MAX_LENGTH = 32 * 1024;
/** Of one operation, whose text is cut. */
const MAX_OPERATION = 4096;

export interface Patches {
  readonly before: Patch;
  readonly after: Patch;
}

/** Short patches as they are. Of others, what only one side has, as far as there is space; a text counts the rest. */
export function listedPatches({ before, after }: Patches): Patches {
  const [left, right] = [textsOf(before), textsOf(after)];
  if (lengthOf(left) <= MAX_LENGTH && lengthOf(right) <= MAX_LENGTH) return { before, after };
  return { before: ownOperations(before, left, new Set(right)), after: ownOperations(after, right, new Set(left)) };
}

function textsOf(patch: Patch): readonly string[] {
  return patch.map((operation) => JSON.stringify(operation));
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + length, 0);
}

function ownOperations(patch: Patch, texts: readonly string[], others: ReadonlySet<string>): Patch {
  const listed: unknown[] = [];
  let length = 0;
  let more = 0;
  texts.forEach((text, index) => {
    if (others.has(text)) return;
    const one = text.length <= MAX_OPERATION ? patch[index] : `${text.slice(0, MAX_OPERATION)}…`;
    length += Math.min(text.length, MAX_OPERATION);
    if (length <= MAX_LENGTH) listed.push(one);
    else more += 1;
  });
  return more === 0 ? listed : [...listed, `… and ${more} more operations`];
}
