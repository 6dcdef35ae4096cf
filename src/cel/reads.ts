/**
 * Finds the parts of the object and the request that an expression can read, according to its text: `object.spec.hostNetwork`
 * reads one value, `object.spec.containers.all(…)` the whole list. A variable of the policy counts where it is used.
 */
import { escapeSegment } from '../pod/pointer.ts';
import { childrenOf, type Node } from './parse.ts';
import { READ_ROOTS, type Reads } from './read-places.ts';

export type Variables = ReadonlyMap<string, Node>;

export function readsOf(nodes: readonly Node[], variables: Variables): Reads {
  const reads = {
    object: new Set<string>(),
    container: new Set<string>(),
    image: new Set<string>(),
    request: new Set<string>(),
    oldObject: new Set<string>(),
  };
  const visited = new Set<Node>();
  const waiting = [...nodes];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (visited.has(node)) continue;
    visited.add(node);
    const place = placeOf(node, variables);
    if (place === undefined) waiting.push(...childrenOf(node));
    else {
      // The original is found from the image.
      const given = place.root === 'original' ? 'image' : place.root;
      const root = READ_ROOTS.find((name) => name === given);
      if (root !== undefined) reads[root].add(place.pointer);
      waiting.push(...place.inside);
    }
  }
  return reads;
}

/** The place that a node reads: a pointer below a variable. */
interface NodePlace {
  readonly root: string;
  readonly pointer: string;
  /** The text does not show which value is read below this pointer. */
  readonly isOpen: boolean;
  /** Nodes to visit as well: indexes, and the expressions of variables. */
  readonly inside: readonly Node[];
}

function placeOf(node: Node, variables: Variables): NodePlace | undefined {
  switch (node.op) {
    case 'id':
      return { root: node.args, pointer: '', isOpen: false, inside: [] };
    case '.':
    case '.?':
      return fieldPlace(node.args, variables);
    case '[]':
    case '[?]':
      return indexPlace(node.args, variables);
    default:
      return undefined;
  }
}

function fieldPlace([left, name]: readonly [Node, string], variables: Variables): NodePlace | undefined {
  if (left.op === 'id' && left.args === 'variables') return variablePlace(name, variables);
  return below(placeOf(left, variables), name);
}

function indexPlace([left, index]: readonly [Node, Node], variables: Variables): NodePlace | undefined {
  const place = placeOf(left, variables);
  const key = index.op === 'value' ? index.args : undefined;
  if (typeof key === 'string' || typeof key === 'bigint') return below(place, String(key));
  return place && { ...place, isOpen: true, inside: [...place.inside, index] };
}

function below(place: NodePlace | undefined, key: string): NodePlace | undefined {
  if (place === undefined || place.isOpen) return place;
  return { ...place, pointer: `${place.pointer}/${escapeSegment(key)}` };
}

function variablePlace(name: string, variables: Variables): NodePlace {
  const node = variables.get(name);
  const place = node && placeOf(node, variables);
  return place ?? { root: '', pointer: '', isOpen: true, inside: node === undefined ? [] : [node] };
}
