/** Remembers the shapes of a segment, so that each has one line and a count of the others. */
import { RECORDING_FORMAT, type RecordedRepeats } from './format.ts';

export type Repeats = Omit<RecordedRepeats, 'dropped'>;

export interface ShapeMemory {
  /** Returns true if the shape has a line, and counts the review; `time` as in a line. */
  isRepeat(shape: string, time: string): boolean;
  /** Returns true if the shape has a line, and counts the reviews; times as in a line. */
  addRepeats(shape: string, repeats: Pick<Repeats, 'count' | 'first' | 'last'>): boolean;
  /**
   * Remembers the line of a shape. Returns the count of a shape that is forgotten for it: one of the group with the most shapes, so
   * that no namespace can replace the shapes of others.
   */
  add(shape: string, id: string, group?: string): readonly Repeats[];
  /** The counts since the last call, of shapes that were told last before `dueTime`, or of all. Times in milliseconds since 1970. */
  take(now: number, dueTime?: number): readonly Repeats[];
  /** The reviews that `take` has not returned. */
  pending(): number;
  clear(): void;
}

interface Shape {
  readonly id: string;
  readonly group: string;
  count: number;
  first: string;
  last: string;
  toldAt: number;
}

export function shapeMemory(limit: number): ShapeMemory {
  const shapes = new Map<string, Shape>();
  const order = createOrder();
  const pending = new Set<Shape>();
  let waiting = 0;
  const told = (shape: Shape, now: number): Repeats => {
    const { id, count, first, last } = shape;
    pending.delete(shape);
    waiting -= count;
    shape.count = 0;
    shape.toldAt = now;
    return { format: RECORDING_FORMAT, type: 'repeats', of: id, count, first, last };
  };
  const forget = (): Shape | undefined => {
    const oldest = order.takeOldest();
    const shape = shapes.get(oldest);
    shapes.delete(oldest);
    return shape;
  };
  const addRepeats: ShapeMemory['addRepeats'] = (key, repeats) => {
    const shape = shapes.get(key);
    if (shape === undefined) return false;
    order.see(key, shape.group);
    addTo(shape, repeats);
    waiting += repeats.count;
    pending.add(shape);
    return true;
  };
  return {
    isRepeat: (key, time) => addRepeats(key, { count: 1, first: time, last: time }),
    addRepeats,
    add(key, id, group = '') {
      const forgotten = shapes.size < limit ? undefined : forget();
      shapes.set(key, { id, group, count: 0, first: '', last: '', toldAt: 0 });
      order.see(key, group);
      return forgotten === undefined || forgotten.count === 0 ? [] : [told(forgotten, 0)];
    },
    take(now, dueTime = Number.POSITIVE_INFINITY) {
      return [...pending].filter(({ toldAt }) => toldAt < dueTime).map((shape) => told(shape, now));
    },
    pending: () => waiting,
    clear() {
      shapes.clear();
      order.clear();
      pending.clear();
      waiting = 0;
    },
  };
}

/** Times in UTC with milliseconds compare as text; decisions can end in another order than they began. */
function addTo(shape: Shape, { count, first, last }: Pick<Repeats, 'count' | 'first' | 'last'>): void {
  if (shape.count === 0 || first < shape.first) shape.first = first;
  if (shape.count === 0 || last > shape.last) shape.last = last;
  shape.count += count;
}

interface Order {
  see(key: string, group: string): void;
  /** Returns the key that was not seen for the longest time, of the group with the most keys, and forgets it. */
  takeOldest(): string;
  clear(): void;
}

function createOrder(): Order {
  /** The least recently seen first. */
  const groups = new Map<string, Set<string>>();
  return {
    see(key, group) {
      const keys = groups.get(group);
      if (keys === undefined) groups.set(group, new Set([key]));
      else {
        keys.delete(key);
        keys.add(key);
      }
    },
    takeOldest() {
      const [group, keys] = largest(groups);
      const [oldest = ''] = keys;
      keys.delete(oldest);
      if (keys.size === 0) groups.delete(group);
      return oldest;
    },
    clear: () => groups.clear(),
  };
}

function largest(groups: ReadonlyMap<string, Set<string>>): readonly [string, Set<string>] {
  let found: readonly [string, Set<string>] = ['', new Set()];
  for (const entry of groups) if (entry[1].size > found[1].size) found = entry;
  return found;
}
