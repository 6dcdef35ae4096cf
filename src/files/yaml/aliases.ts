/**
 * Limits the size to which aliases of a document can expand. The values are shared, but code that walks or prints them pays for
 * every copy: ten lines of aliases can expand to a billion values.
 */
import { MAX_DEPTH } from './json.ts';

/** The counts of one document so far. An alias counts as everything that it expands to. */
export interface Tally {
  depth: number;
  deepest: number;
  /** Keys and values. */
  nodes: number;
  aliasedNodes: number;
  /** UTF-16 units of scalars. */
  size: number;
  aliasedSize: number;
}

/** While the anchor is open, `nodes`, `size`, and `height` are the earlier counts of the tally. */
export interface Anchor {
  readonly row: number;
  /** Of a scalar. */
  readonly text: string;
  open: boolean;
  value: unknown;
  nodes: number;
  size: number;
  /** Levels of maps and lists. */
  height: number;
}

export function createTally(): Tally {
  return { depth: 0, deepest: 0, nodes: 0, aliasedNodes: 0, size: 0, aliasedSize: 0 };
}

export function openAnchor(tally: Tally, { row, text }: Pick<Anchor, 'row' | 'text'>): Anchor {
  const anchor = {
    row,
    text,
    open: true,
    value: undefined,
    nodes: tally.nodes,
    size: tally.size,
    height: tally.deepest,
  };
  tally.deepest = tally.depth;
  return anchor;
}

export function closeAnchor(tally: Tally, anchor: Anchor, value: unknown): void {
  const deepestBefore = anchor.height;
  anchor.open = false;
  anchor.value = value;
  anchor.nodes = tally.nodes - anchor.nodes;
  anchor.size = tally.size - anchor.size;
  anchor.height = tally.deepest - tally.depth;
  tally.deepest = Math.max(tally.deepest, deepestBefore);
}

const MAX_ALIASED_SIZE = 16 * 1024 * 1024;

/** Counts one use of an anchor. Returns the problem if it exceeds a limit. */
export function countAlias(tally: Tally, { nodes, size, height }: Anchor): string | undefined {
  tally.nodes += nodes + 1;
  tally.aliasedNodes += nodes;
  tally.size += size;
  tally.aliasedSize += size;
  tally.deepest = Math.max(tally.deepest, tally.depth + height);
  if (tally.deepest > MAX_DEPTH)
    return `maps and lists are nested more than ${MAX_DEPTH} deep, counting aliases (*name)`;
  if (tally.aliasedSize > MAX_ALIASED_SIZE)
    return 'aliases (*name) in this document expand to more than 16 MiB of text';
  if (tooManyNodes(tally))
    return `aliases (*name) in this document expand to ${tally.aliasedNodes} values, which kubectl rejects`;
  return undefined;
}

/** go-yaml v2, decode.go: up to 99 % of a small document may come through aliases, down to 10 % of a large one. */
const SMALL = 400_000;
const LARGE = 4_000_000;

function tooManyNodes({ nodes, aliasedNodes }: Tally): boolean {
  if (aliasedNodes <= 100 || nodes <= 1000) return false;
  const scale = Math.min(Math.max((nodes - SMALL) / (LARGE - SMALL), 0), 1);
  return aliasedNodes / nodes > 0.99 - 0.89 * scale;
}
