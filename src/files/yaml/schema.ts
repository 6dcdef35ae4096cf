/**
 * Converts one YAML document to the value in kubectl 1.32 (sigs.k8s.io/yaml over go-yaml v2, `decode.go`), with its outline. It
 * differs from the YAML specification: scalars (scalar-values.ts); the last of two equal keys is used; a merge key overrides earlier
 * keys of its map; tags of maps and lists have no meaning; keys become strings.
 */
import { isObject, pointerTo } from '../../pod/pointer.ts';
import { type Anchor, closeAnchor, countAlias, createTally, openAnchor, type Tally } from './aliases.ts';
import {
  closeRow,
  entriesOf,
  ITEM,
  itemsOf,
  keyOffsetOf,
  linkRow,
  locate,
  openRow,
  type Outline,
  placeValue,
  UNNAMED,
} from './positions.ts';
import { type Key, keyOf, plainScalar, type ScalarFault, type Scalar, taggedScalar } from './scalar-values.ts';
import { type Problem, Refusal } from './problems.ts';
import { EVENT, type Event } from './events.ts';
import type { ParsedText } from './parser.ts';
import { STANDARD } from './properties.ts';

export interface Root {
  readonly value: unknown;
  /** The row in the outline. */
  readonly row: number;
}

/** No root and no problem: only `null`. Both: text follows where kubectl stops reading. */
export interface ReadYaml {
  readonly root: Root | undefined;
  readonly problem: Problem | undefined;
}

/** Offsets of the text count from `base` in the outline. Throws a Refusal, which counts from the start of the text. */
export function readEvents({ events, problem }: ParsedText, base: number, outline: Outline): ReadYaml {
  if (events.length === 0) return { root: undefined, problem: undefined };
  const state: ParseState = {
    base,
    outline,
    events,
    anchors: new Map(),
    tally: createTally(),
    next: 0,
    at: 0,
    nonFinite: false,
  };
  const row = openRow(outline, UNNAMED, base);
  const value = readNode(state, row);
  closeRow(outline, row);
  if (state.nonFinite) rejectNonFinite(value, outline, row, base);
  return { root: value === null ? undefined : { value, row }, problem };
}

interface ParseState {
  readonly base: number;
  readonly outline: Outline;
  readonly events: readonly Event[];
  readonly anchors: Map<string, Anchor>;
  readonly tally: Tally;
  next: number;
  /** Offset of the last event, which is the position of a value without text. */
  at: number;
  /** The document contains an infinite number or NaN, perhaps as a key or as a value that a later key replaces. */
  nonFinite: boolean;
}

function nextEvent(state: ParseState): Event {
  const event = state.events[state.next++];
  if (event === undefined) throw new TypeError('a YAML event is missing');
  if (event.at !== -1) state.at = event.at;
  return event;
}

function atEnd(state: ParseState): boolean {
  if (state.events[state.next]?.kind !== EVENT.end) return false;
  state.next += 1;
  return true;
}

function readNode(state: ParseState, row: number): unknown {
  const { outline } = state;
  const event = nextEvent(state);
  if (event.kind === EVENT.alias) {
    const anchor = follow(state, event);
    linkRow(outline, row, anchor.row);
    return anchor.value;
  }
  placeValue(outline, row, state.base + state.at);
  const { anchor } = event;
  return anchor === undefined ? readContent(state, event) : readAnchored(state, event, anchor, row);
}

/**
 * Rejects infinite numbers and NaN. They are allowed as keys, because keys become strings, and as values that a later key
 * replaces, because kubectl converts only what is left to JSON.
 */
function rejectNonFinite(document: unknown, outline: Outline, row: number, base: number): void {
  const pointer = nonFiniteIn(document, '');
  if (pointer === undefined) return;
  throw new Refusal(
    'JSON, and therefore Kubernetes, has no such number',
    locate(outline, row, pointer, 'value') - base,
  );
}

/** Returns the JSON pointer of the first number that is not finite. */
function nonFiniteIn(value: unknown, pointer: string): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : pointer;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const found = nonFiniteIn(child, pointerTo(pointer, key));
    if (found !== undefined) return found;
  }
  return undefined;
}

function readAnchored(state: ParseState, event: Event, name: string, row: number): unknown {
  const anchor = openAnchor(state.tally, { row, text: event.text });
  state.anchors.set(name, anchor);
  const value = readContent(state, event);
  closeAnchor(state.tally, anchor, value);
  return value;
}

function follow(state: ParseState, { text: name, at }: Event): Anchor {
  const anchor = state.anchors.get(name);
  const problem =
    anchor === undefined
      ? 'unknown alias: no anchor with its name precedes it; quote strings that start with "*"'
      : anchor.open
        ? `anchor &${name} contains itself`
        : countAlias(state.tally, anchor);
  if (anchor === undefined || problem !== undefined) throw new Refusal(problem ?? '', at);
  return anchor;
}

function readContent(state: ParseState, event: Event): unknown {
  const { tally } = state;
  tally.nodes += 1;
  if (event.kind === EVENT.scalar) return readScalar(state, event);
  tally.depth += 1;
  if (tally.depth > tally.deepest) tally.deepest = tally.depth;
  const value = event.kind === EVENT.map ? readMap(state) : readList(state);
  tally.depth -= 1;
  return value;
}

function readScalar(state: ParseState, { text, plain, tag }: Event): Scalar {
  state.tally.size += text.length;
  if (tag === undefined && !plain) return text;
  const value = tag === undefined ? plainScalar(text) : accept(taggedScalar(text, tag.text), tag.at);
  if (typeof value === 'number' && !Number.isFinite(value)) state.nonFinite = true;
  return value;
}

function accept<T extends Scalar | Key>(read: T | ScalarFault, offset: number): T {
  if (typeof read === 'object' && read !== null && 'problem' in read) throw new Refusal(read.problem, offset);
  return read;
}

function readList(state: ParseState): readonly unknown[] {
  const { outline } = state;
  const list: unknown[] = [];
  while (!atEnd(state)) {
    const row = openRow(outline, ITEM, state.base + state.at);
    list.push(readNode(state, row));
    closeRow(outline, row);
  }
  return list;
}

type Writable = Record<string, unknown>;

function readMap(state: ParseState): Writable {
  const { outline } = state;
  const map: Writable = {};
  while (!atEnd(state)) {
    const event = nextEvent(state);
    const at = state.base + state.at;
    if (isMergeKey(event)) {
      merge(state, map);
      continue;
    }
    const { name, kind } = readKey(state, event);
    const row = openRow(outline, name, at);
    if (kind !== 'text') (outline.keyKinds ??= new Map()).set(row, kind);
    put(map, name, readNode(state, row));
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

function readKey(state: ParseState, event: Event): Key {
  const { at, base, outline } = state;
  if (event.kind === EVENT.map || event.kind === EVENT.list) throw new Refusal('a map or a list cannot be a key', at);
  let { text } = event;
  let key: unknown;
  if (event.kind === EVENT.alias) {
    ({ value: key, text } = follow(state, event));
  } else if (event.anchor !== undefined) {
    const row = openRow(outline, UNNAMED, base + at);
    key = readAnchored(state, event, event.anchor, row);
    closeRow(outline, row);
  } else {
    state.tally.nodes += 1;
    key = readScalar(state, event);
  }
  return accept(keyOf(key, text), at);
}

/** go-yaml ignores quotes if there is a tag. */
function isMergeKey({ kind, text, plain, tag }: Event): boolean {
  if (kind !== EVENT.scalar || text !== '<<') return false;
  return tag === undefined ? plain : tag.text === '!' || tag.text === `${STANDARD}merge`;
}

/** Adds the entries of a merge key, each linked to its source in the outline. */
function merge(state: ParseState, map: Writable): void {
  const { at, base, outline } = state;
  const several = state.events[state.next]?.kind === EVENT.list;
  const row = openRow(outline, UNNAMED, base + at);
  const value = readNode(state, row);
  closeRow(outline, row);
  // The first of several maps has precedence, so it is merged last.
  const sources = several && Array.isArray(value) ? value.toReversed() : [value];
  const rows = several ? itemsOf(outline, row).toReversed() : [row];
  for (const [index, source] of sources.entries()) {
    if (!isObject(source)) throw new Refusal('"<<" requires a map or a list of maps', at);
    for (const [key, entry] of entriesOf(outline, rows[index] ?? row)) {
      put(map, key, source[key]);
      const copy = openRow(outline, key, keyOffsetOf(outline, entry));
      linkRow(outline, copy, entry);
      (outline.merged ??= new Set()).add(copy);
      closeRow(outline, copy);
    }
  }
}
