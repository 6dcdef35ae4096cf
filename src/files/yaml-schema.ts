/**
 * One YAML document -> the value that kubectl 1.32 makes of it (sigs.k8s.io/yaml over go-yaml v2, `decode.go`), and its
 * outline. What differs from the YAML specification: scalars (scalars.ts); of two equal keys the later one counts; a
 * merge key overrides what stands above it in its map; tags of maps and lists mean nothing; keys become strings.
 */
import {
  type AliasEvent,
  type Event,
  EVENT_ID,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from 'js-yaml';
import { isObject } from '../pod/pointer.ts';
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
import { keyText, plainScalar, type Refused, type Scalar, taggedScalar } from './scalars.ts';
import { IGNORED, type Problem, Refusal } from './yaml-problems.ts';

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

/** What stands between two separators: a text and its events. */
export interface Source {
  readonly text: string;
  /** Offset of the text in its file: the outline counts from there, a problem from the start of the text. */
  readonly base: number;
  readonly events: readonly Event[];
}

export function readEvents({ text, base, events }: Source, outline: Outline): ReadYaml {
  if (events.length === 0) return { root: undefined, problem: undefined };
  try {
    return readDocument({
      source: text,
      base,
      outline,
      events,
      anchors: new Map(),
      tally: createTally(),
      next: 1,
      at: base,
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { root: undefined, problem: { offset: error.offset, problem: error.message } };
  }
}

interface Reading {
  readonly source: string;
  readonly base: number;
  readonly outline: Outline;
  readonly events: readonly Event[];
  readonly anchors: Map<string, Anchor>;
  readonly tally: Tally;
  next: number;
  /** Offset in the file of what was read last: where a value without any text is said to be. */
  at: number;
}

function readDocument(reading: Reading): ReadYaml {
  const { base, events, outline } = reading;
  const row = openRow(outline, UNNAMED, base);
  const value = readNode(reading, row);
  closeRow(outline, row);
  // After our own end: the start of another document, and what that one is.
  const another = events[reading.next + 2];
  const more = another !== undefined && !isEmpty(another);
  return {
    root: value === null ? undefined : { value, row },
    problem: more ? { offset: offsetOf(reading, another), problem: IGNORED } : undefined,
  };
}

function isEmpty(event: Event): boolean {
  return event.type === EVENT_ID.SCALAR && event.valueStart === -1;
}

type Content = ScalarEvent | SequenceEvent | MappingEvent;

function nextEvent(reading: Reading): Content | AliasEvent {
  const event = reading.events[reading.next++];
  if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT)
    throw new TypeError('a YAML event out of order');
  return event;
}

function atEnd(reading: Reading): boolean {
  if (reading.events[reading.next]?.type !== EVENT_ID.POP) return false;
  reading.next += 1;
  return true;
}

function readNode(reading: Reading, row: number): unknown {
  const { outline } = reading;
  const event = nextEvent(reading);
  reading.at = reading.base + offsetOf(reading, event);
  if (event.type === EVENT_ID.ALIAS) {
    const anchor = follow(reading, event);
    linkRow(outline, row, anchor.row);
    return anchor.value;
  }
  placeValue(outline, row, reading.at);
  return event.anchorStart === -1 ? readContent(reading, event) : readAnchored(reading, event, row);
}

function readAnchored(reading: Reading, event: Content, row: number): unknown {
  const anchor = openAnchor(reading.tally, row);
  reading.anchors.set(reading.source.slice(event.anchorStart, event.anchorEnd), anchor);
  const value = readContent(reading, event);
  closeAnchor(reading.tally, anchor, value);
  return value;
}

function follow(reading: Reading, event: AliasEvent): Anchor {
  const name = reading.source.slice(event.anchorStart, event.anchorEnd);
  const anchor = reading.anchors.get(name);
  const problem =
    anchor === undefined
      ? `no anchor &${name} stands above this alias`
      : anchor.open
        ? `the anchor &${name} contains itself`
        : countAlias(reading.tally, anchor);
  if (anchor === undefined || problem !== undefined) throw new Refusal(problem ?? '', event.anchorStart - 1);
  return anchor;
}

function readContent(reading: Reading, event: Content): unknown {
  const { tally } = reading;
  tally.nodes += 1;
  if (event.type === EVENT_ID.SCALAR) {
    const value = readScalar(reading, event);
    if (typeof value !== 'number' || Number.isFinite(value)) return value;
    throw new Refusal('JSON, and so Kubernetes, has no such number', offsetOf(reading, event));
  }
  tally.depth += 1;
  if (tally.depth > tally.deepest) tally.deepest = tally.depth;
  const value = event.type === EVENT_ID.MAPPING ? readMap(reading) : readList(reading);
  tally.depth -= 1;
  return value;
}

function readScalar({ source, tally }: Reading, event: ScalarEvent): Scalar {
  const text = textOf(source, event);
  tally.size += text.length;
  if (event.tagStart !== -1)
    return accept(taggedScalar(text, source.slice(event.tagStart, event.tagEnd)), event.tagStart);
  if (event.style === SCALAR_STYLE.PLAIN) return plainScalar(text);
  if (event.fast || text.isWellFormed()) return text;
  throw new Refusal('an escape stands for half of a character: write the character itself', event.valueStart - 1);
}

function textOf(source: string, event: ScalarEvent): string {
  return event.fast ? source.slice(event.valueStart, event.valueEnd) : getScalarValue(source, event);
}

function accept<T extends Scalar>(read: T | Refused, offset: number): T {
  if (typeof read === 'object' && read !== null) throw new Refusal(read.refused, offset);
  return read;
}

function readList(reading: Reading): readonly unknown[] {
  const { outline } = reading;
  const list: unknown[] = [];
  while (!atEnd(reading)) {
    const row = openRow(outline, ITEM, reading.at);
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
    const at = reading.base + offsetOf(reading, event);
    reading.at = at;
    if (isMergeKey(reading, event)) {
      merge(reading, map);
      continue;
    }
    const key = readKey(reading, event);
    const row = openRow(outline, key, at);
    put(map, key, readNode(reading, row));
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

function readKey(reading: Reading, event: Content | AliasEvent): string {
  const { at, base, outline, source } = reading;
  if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE)
    throw new Refusal('a map or a list cannot be a key', at - base);
  let key: unknown;
  if (event.type === EVENT_ID.ALIAS) {
    key = follow(reading, event).value;
  } else if (event.anchorStart !== -1) {
    const row = openRow(outline, UNNAMED, at);
    key = readAnchored(reading, event, row);
    closeRow(outline, row);
  } else {
    reading.tally.nodes += 1;
    key = readScalar(reading, event);
  }
  if (typeof key === 'string') return key;
  return accept(keyText(key, event.type === EVENT_ID.SCALAR ? textOf(source, event) : String(key)), at - base);
}

const MERGE_TAGS: readonly string[] = ['!', '!!merge', '!<tag:yaml.org,2002:merge>'];

function isMergeKey({ source }: Reading, event: Content | AliasEvent): event is ScalarEvent {
  if (event.type !== EVENT_ID.SCALAR || event.style !== SCALAR_STYLE.PLAIN || event.valueEnd - event.valueStart !== 2)
    return false;
  if (!source.startsWith('<<', event.valueStart)) return false;
  return event.tagStart === -1 || MERGE_TAGS.includes(source.slice(event.tagStart, event.tagEnd));
}

/** What `<<` brings: each entry in the outline stands for the one that it comes from. */
function merge(reading: Reading, map: Writable): void {
  const { at, base, outline } = reading;
  const several = reading.events[reading.next]?.type === EVENT_ID.SEQUENCE;
  const row = openRow(outline, UNNAMED, at);
  const value = readNode(reading, row);
  closeRow(outline, row);
  // Of several maps the first one counts: it comes last.
  const sources = several && Array.isArray(value) ? value.toReversed() : [value];
  const rows = several ? itemsOf(outline, row).toReversed() : [row];
  for (const [index, source] of sources.entries()) {
    if (!isObject(source)) throw new Refusal('"<<" takes a map, or a list of maps', at - base);
    for (const [key, entry] of entriesOf(outline, rows[index] ?? row)) {
      put(map, key, source[key]);
      const copy = openRow(outline, key, keyOffsetOf(outline, entry));
      linkRow(outline, copy, entry);
      closeRow(outline, copy);
    }
  }
}

/** Where an event stands in the source: at its quote, or at the first letter of a block scalar. */
function offsetOf({ source, at, base }: Reading, event: Event): number {
  switch (event.type) {
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart - 1;
    case EVENT_ID.SCALAR:
      if (event.valueStart !== -1) return scalarOffset(source, event);
      // No text at all: `key:` and nothing more.
      return event.tagStart === -1 && event.anchorStart === -1
        ? at - base
        : Math.max(event.tagStart, event.anchorStart - 1);
    default:
      return at - base;
  }
}

function scalarOffset(source: string, { style, valueStart, valueEnd }: ScalarEvent): number {
  if (style === SCALAR_STYLE.PLAIN) return valueStart;
  if (style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED) return valueStart - 1;
  const first = source.slice(valueStart, valueEnd).search(/\S/);
  return valueStart + Math.max(first, 0);
}
