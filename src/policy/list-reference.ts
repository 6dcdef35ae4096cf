/**
 * Replaces `{list: NAME}` by the items of the list, but only where the schema has a list of strings, so that no other value is
 * taken for a reference. `trace` maps faults of the expanded value to the original element or list item.
 */
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { takesTexts } from './document-schema.ts';
import type { Lists } from './list.ts';
import type { DocumentFault } from './schema-faults.ts';

export interface Expanded {
  readonly value: unknown;
  /** Faults of the references. */
  readonly faults: readonly DocumentFault[];
  /** Maps faults to pointers of the original value, without those that follow from `faults`. */
  readonly trace: (faults: readonly DocumentFault[]) => readonly DocumentFault[];
}

/** The origin of the elements of an expanded list from index `from`. */
interface Stretch {
  readonly from: number;
  /** Index of the original element. */
  readonly element: number;
  readonly list: string | undefined;
}

interface Expansion {
  readonly lists: Lists;
  readonly faults: DocumentFault[];
  /** By the pointer of the list of strings. */
  readonly stretches: Map<string, readonly Stretch[]>;
  /** Pointers of lists with an invalid reference. */
  readonly incomplete: Set<string>;
}

export function expandLists(value: unknown, schema: object, lists: Lists): Expanded {
  const expansion: Expansion = { lists, faults: [], stretches: new Map(), incomplete: new Set() };
  const expanded = expand(value, { schema, at: '' }, expansion);
  return {
    value: expanded,
    faults: expansion.faults,
    trace: (faults) =>
      faults.filter(({ pointer }) => !expansion.incomplete.has(pointer)).map((fault) => traced(fault, expansion)),
  };
}

interface SchemaPlace {
  readonly schema: unknown;
  readonly at: string;
}

/** Copies only values that contain a reference. */
function expand(value: unknown, { schema, at }: SchemaPlace, expansion: Expansion): unknown {
  if (!isObject(schema)) return value;
  if (Array.isArray(value)) {
    const elements: readonly unknown[] = value;
    if (takesTexts(schema)) return elements.some(isObject) ? expandTexts(elements, at, expansion) : value;
    const items = elements.map((item, index) =>
      expand(item, { schema: schema['items'], at: `${at}/${index}` }, expansion),
    );
    return items.some((item, index) => item !== elements[index]) ? items : value;
  }
  const { properties } = schema;
  return isObject(value) && isObject(properties) ? expandKeys(value, { schema: properties, at }, expansion) : value;
}

function expandKeys(
  value: JsonObject,
  { schema, at }: { schema: JsonObject; at: string },
  into: Expansion,
): JsonObject {
  const changed = Object.keys(schema).flatMap((key) => {
    if (!Object.hasOwn(value, key)) return [];
    const expanded = expand(value[key], { schema: schema[key], at: `${at}/${key}` }, into);
    return expanded === value[key] ? [] : [[key, expanded] as const];
  });
  return changed.length === 0 ? value : { ...value, ...Object.fromEntries(changed) };
}

function expandTexts(elements: readonly unknown[], at: string, expansion: Expansion): readonly unknown[] {
  const parts: (readonly unknown[])[] = [];
  const stretches: Stretch[] = [];
  let from = 0;
  for (const [element, text] of elements.entries()) {
    const list = referenceIn(text);
    const part = isObject(text) ? itemsOf(list, `${at}/${element}`, expansion) : [text];
    if (part === undefined) {
      expansion.incomplete.add(at);
      continue;
    }
    stretches.push({ from, element, list });
    parts.push(part);
    from += part.length;
  }
  expansion.stretches.set(at, stretches);
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return expansion.lists.joined(JSON.stringify(elements), () => parts.flat());
}

function referenceIn(element: unknown): string | undefined {
  if (!isObject(element) || Object.keys(element).length !== 1) return undefined;
  return typeof element['list'] === 'string' ? element['list'] : undefined;
}

function itemsOf(name: string | undefined, at: string, { lists, faults }: Expansion): readonly string[] | undefined {
  if (name === undefined) {
    faults.push({ pointer: at, problem: 'expected a string or {list: NAME}, found another object', at: 'value' });
    return undefined;
  }
  const found = lists.find(name);
  if ('items' in found) return found.items;
  if (found.problem !== undefined) faults.push({ pointer: `${at}/list`, problem: found.problem, at: 'value' });
  return undefined;
}

function traced(fault: DocumentFault, { stretches }: Expansion): DocumentFault {
  const slash = fault.pointer.lastIndexOf('/');
  const parent = fault.pointer.slice(0, Math.max(0, slash));
  const index = Number(fault.pointer.slice(slash + 1));
  const stretch = stretches.get(parent)?.findLast(({ from }) => from <= index);
  if (stretch === undefined) return fault;
  const written = `${parent}/${stretch.element}`;
  if (stretch.list === undefined) return { ...fault, pointer: written };
  const pointer = `/spec/items/${index - stretch.from}`;
  return { ...fault, pointer, list: { name: stretch.list, usedAt: written } };
}
