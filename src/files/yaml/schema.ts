/**
 * One YAML document -> the value that kubectl 1.32 makes of it (sigs.k8s.io/yaml over go-yaml v2, `decode.go`), and its
 * outline. What differs from the YAML specification: scalars (scalars.ts); of two equal keys the later one counts; a
 * merge key overrides what stands above it in its map; tags of maps and lists mean nothing; keys become strings.
 */
import { isObject } from '../../pod/pointer.ts';
import { type Anchor, closeAnchor, countAlias, createTally, openAnchor, type Tally } from './aliases.ts';
import {
  closeRow,
  entriesOf,
  ITEM,
  itemsOf,
  keyOffsetOf,
  linkRow,
  openRow,
  type Outline,
  placeValue,
  UNNAMED,
} from './positions.ts';
import { type Key, keyOf, plainScalar, type Refused, type Scalar, taggedScalar } from './scalars.ts';
import { type Problem, Refusal } from './problems.ts';
import { EVENT, type Event } from './events.ts';
import type { ParsedText } from './parser.ts';
import { STANDARD } from './properties.ts';

export interface Root {
  readonly value: unknown;
  /** Its row in the outline. */
  readonly row: number;
}

/** No root and no problem: nothing but `null`. Both: the text goes on where kubectl stops reading. */
export interface ReadYaml {
  readonly root: Root | undefined;
  readonly problem: Problem | undefined;
}

/** Offsets of the text count from `base` in the outline. Throws a Refusal, which counts from the start of the text. */
export function readEvents({ events, problem }: ParsedText, base: number, outline: Outline): ReadYaml {
  if (events.length === 0) return { root: undefined, problem: undefined };
  const reading: Reading = { base, outline, events, anchors: new Map(), tally: createTally(), next: 0, at: 0 };
  const row = openRow(outline, UNNAMED, base);
  const value = readNode(reading, row);
  closeRow(outline, row);
  return { root: value === null ? undefined : { value, row }, problem };
}

interface Reading {
  readonly base: number;
  readonly outline: Outline;
  readonly events: readonly Event[];
  readonly anchors: Map<string, Anchor>;
  readonly tally: Tally;
  next: number;
  /** Offset in the text of what was read last: where a value without any text is said to be. */
  at: number;
}

function nextEvent(reading: Reading): Event {
  const event = reading.events[reading.next++];
  if (event === undefined) throw new TypeError('a YAML event is missing');
  if (event.at !== -1) reading.at = event.at;
  return event;
}

function atEnd(reading: Reading): boolean {
  if (reading.events[reading.next]?.kind !== EVENT.end) return false;
  reading.next += 1;
  return true;
}

function readNode(reading: Reading, row: number): unknown {
  const { outline } = reading;
  const event = nextEvent(reading);
  if (event.kind === EVENT.alias) {
    const anchor = follow(reading, event);
    linkRow(outline, row, anchor.row);
    return finite(anchor.value, event.at);
  }
  placeValue(outline, row, reading.base + reading.at);
  const { anchor } = event;
  const value = anchor === undefined ? readContent(reading, event) : readAnchored(reading, event, anchor, row);
  return finite(value, reading.at);
}

/** As a key it would be a text. */
function finite(value: unknown, at: number): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new Refusal('JSON, and so Kubernetes, has no such number', at);
}

function readAnchored(reading: Reading, event: Event, name: string, row: number): unknown {
  const anchor = openAnchor(reading.tally, row);
  reading.anchors.set(name, anchor);
  const value = readContent(reading, event);
  closeAnchor(reading.tally, anchor, value);
  return value;
}

function follow(reading: Reading, { text: name, at }: Event): Anchor {
  const anchor = reading.anchors.get(name);
  const problem =
    anchor === undefined
      ? `no anchor &${name} stands above this alias`
      : anchor.open
        ? `the anchor &${name} contains itself`
        : countAlias(reading.tally, anchor);
  if (anchor === undefined || problem !== undefined) throw new Refusal(problem ?? '', at);
  return anchor;
}

function readContent(reading: Reading, event: Event): unknown {
  const { tally } = reading;
  tally.nodes += 1;
  if (event.kind === EVENT.scalar) return readScalar(reading, event);
  tally.depth += 1;
  if (tally.depth > tally.deepest) tally.deepest = tally.depth;
  const value = event.kind === EVENT.map ? readMap(reading) : readList(reading);
  tally.depth -= 1;
  return value;
}

function readScalar({ tally }: Reading, { text, plain, tag }: Event): Scalar {
  tally.size += text.length;
  if (tag !== undefined) return accept(taggedScalar(text, tag.text), tag.at);
  return plain ? plainScalar(text) : text;
}

function accept<T extends Scalar | Key>(read: T | Refused, offset: number): T {
  if (typeof read === 'object' && read !== null && 'refused' in read) throw new Refusal(read.refused, offset);
  return read;
}

function readList(reading: Reading): readonly unknown[] {
  const { outline } = reading;
  const list: unknown[] = [];
  while (!atEnd(reading)) {
    const row = openRow(outline, ITEM, reading.base + reading.at);
    list.push(readNode(reading, row));
    closeRow(outline, row);
  }
  return list;
}

type Writable = Record<string, unknown>;

function readMap(reading: Reading): Writable {
  const { outline } = reading;
  const map: Writable = {};
  while (!atEnd(reading)) {
    const event = nextEvent(reading);
    const at = reading.base + reading.at;
    if (isMergeKey(event)) {
      merge(reading, map);
      continue;
    }
    const { name, kind } = readKey(reading, event);
    const row = openRow(outline, name, at);
    if (kind !== 'text') outline.keyKinds.set(row, kind);
    put(map, name, readNode(reading, row));
    closeRow(outline, row);
  }
  return map;
}

/** `__proto__` is a key like any other. */
function put(map: Writable, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  else map[key] = value;
}

function readKey(reading: Reading, event: Event): Key {
  const { at, base, outline } = reading;
  if (event.kind === EVENT.map || event.kind === EVENT.list) throw new Refusal('a map or a list cannot be a key', at);
  let key: unknown;
  if (event.kind === EVENT.alias) {
    key = follow(reading, event).value;
  } else if (event.anchor !== undefined) {
    const row = openRow(outline, UNNAMED, base + at);
    key = readAnchored(reading, event, event.anchor, row);
    closeRow(outline, row);
  } else {
    reading.tally.nodes += 1;
    key = readScalar(reading, event);
  }
  return accept(keyOf(key, event.kind === EVENT.alias ? numberText(key) : event.text), at);
}

function numberText(key: unknown): string {
  return typeof key === 'number' ? String(key) : '';
}

/** Quotes do not matter to go-yaml where there is a tag. */
function isMergeKey({ kind, text, plain, tag }: Event): boolean {
  if (kind !== EVENT.scalar || text !== '<<') return false;
  return tag === undefined ? plain : tag.text === '!' || tag.text === `${STANDARD}merge`;
}

/** What `<<` brings: each entry in the outline stands for the one that it comes from. */
function merge(reading: Reading, map: Writable): void {
  const { at, base, outline } = reading;
  const several = reading.events[reading.next]?.kind === EVENT.list;
  const row = openRow(outline, UNNAMED, base + at);
  const value = readNode(reading, row);
  closeRow(outline, row);
  // Of several maps the first one counts: it comes last.
  const sources = several && Array.isArray(value) ? value.toReversed() : [value];
  const rows = several ? itemsOf(outline, row).toReversed() : [row];
  for (const [index, source] of sources.entries()) {
    if (!isObject(source)) throw new Refusal('"<<" takes a map, or a list of maps', at);
    for (const [key, entry] of entriesOf(outline, rows[index] ?? row)) {
      put(map, key, source[key]);
      const copy = openRow(outline, key, keyOffsetOf(outline, entry));
      linkRow(outline, copy, entry);
      outline.merged.add(copy);
      closeRow(outline, copy);
    }
  }
}
