/**
 * The lines of an object that lead to a value, as YAML that contains nothing else: a recorded object has no file. What is shown of
 * values is the same as in an excerpt of a file.
 */
import { maskPassword } from '../../image/password.ts';
import { CUT } from '../../image/quote.ts';
import { isObject, type JsonObject, pointerSegments } from '../../pod/pointer.ts';
import { isKeyShown } from '../source/scalar-parts.ts';
import { isPrivateKey, isPrivateMap, isShown, looksSecret } from '../source/shown-values.ts';
import type { Excerpt, ExcerptLine } from './report-data.ts';

const MAX_SEGMENTS = 20;
const MAX_VALUE = 300;
/** Of a value that is an object or a list. */
const MAX_INNER = 12;

/** null: the pointer is that of the object as a whole, or too long. */
export function objectExcerpt(object: JsonObject, pointer: string): Excerpt | null {
  const segments = pointerSegments(pointer);
  if (segments.length === 0 || segments.length > MAX_SEGMENTS) return null;
  const { lines, place, left } = leadingLines(object, segments);
  const start = [...headLines(object, segments[0] ?? ''), ...lines];
  const { text, from, to, inner } = left.length > 0 ? missing(place, left) : present(place);
  const all = [...start, text, ...inner];
  return { lines: all.map((line, index): ExcerptLine => [index + 1, line]), marked: start.length, from, to };
}

/** The kind and the name of the object, unless the value is among them. */
function headLines(object: JsonObject, first: string): readonly string[] {
  const { apiVersion, kind, metadata } = object;
  const named = isObject(metadata) ? ['name', 'generateName', 'namespace'] : [];
  const names = named.flatMap((key) => {
    const value = isObject(metadata) ? metadata[key] : undefined;
    return typeof value === 'string' && value !== ''
      ? [`${key}: ${shownText(value, { key: 'name', parent: 'metadata' })}`]
      : [];
  });
  const lines = [
    ['apiVersion', `apiVersion: ${shownText(apiVersion, { key: 'apiVersion', parent: '' })}`],
    ['kind', `kind: ${shownText(kind, { key: 'kind', parent: '' })}`],
    ...(names.length === 0 ? [] : [['metadata', `metadata: {${names.join(', ')}}`]]),
  ];
  return lines.flatMap(([key, text = '']) => (key === first ? [] : [text]));
}

/** Where a value is, and what is before it on its line. */
interface Place {
  readonly value: unknown;
  /** The last key; undefined: the value is an item of a list. */
  readonly key: string | undefined;
  readonly parent: string;
  readonly isItem: boolean;
  readonly isPrivate: boolean;
  /** Of the keys beside it. */
  readonly indent: string;
  /** The indentation, or the dash of the list. */
  readonly lead: string;
}

interface Leading {
  readonly lines: readonly string[];
  readonly place: Place;
  /** Segments of the pointer that the object does not have. */
  readonly left: readonly string[];
}

const ROOT: Place = {
  value: undefined,
  key: undefined,
  parent: '',
  isItem: false,
  isPrivate: false,
  indent: '',
  lead: '',
};

function leadingLines(object: JsonObject, segments: readonly string[]): Leading {
  const lines: string[] = [];
  let place: Place = { ...ROOT, value: object };
  for (const [at, segment] of segments.entries()) {
    if (at > 0) place = entered(place, lines, segment);
    const next = childAt(place, segment, lines);
    if (next === undefined) return { lines, place, left: segments.slice(at) };
    place = next;
  }
  return { lines, place, left: [] };
}

/** Writes the line of an object or a list whose child comes next. */
function entered(place: Place, lines: string[], next: string): Place {
  const { key, value, lead, indent } = place;
  if (key !== undefined) {
    lines.push(`${lead}${shownKey(key)}:`);
    return { ...place, indent: `${indent}  `, lead: `${indent}  ` };
  }
  const inner = `${indent}  `;
  const name = isObject(value) && next !== 'name' ? value['name'] : undefined;
  if (typeof name !== 'string') return { ...place, indent: inner };
  lines.push(`${lead}name: ${shownText(name, { key: 'name', parent: '', isItem: true })}`);
  return { ...place, indent: inner, lead: inner };
}

function childAt(place: Place, segment: string, lines: string[]): Place | undefined {
  const { value, indent } = place;
  if (isObject(value)) return memberAt(place, value, segment);
  if (!Array.isArray(value) || !/^\d{1,9}$/.test(segment) || Number(segment) >= value.length) return undefined;
  if (segment !== '0') lines.push(`${indent}${CUT}`);
  return itemAt(place, value[Number(segment)]);
}

function itemAt({ key, parent, isPrivate, indent }: Place, value: unknown): Place {
  return { value, key: undefined, parent: key ?? parent, isItem: true, isPrivate, indent, lead: `${indent}- ` };
}

function memberAt(place: Place, object: JsonObject, key: string): Place | undefined {
  if (!Object.hasOwn(object, key)) return undefined;
  const { indent, lead } = place;
  const isItem = place.key === undefined && place.isItem;
  const parent = isItem ? '' : (place.key ?? '');
  const isPrivate = place.isPrivate || isPrivateKey(key, isItem) || (isPrivateMap(parent) && !isItem);
  return { value: object[key], key, parent, isItem, isPrivate, indent, lead };
}

interface Marked {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** The lines below it. */
  readonly inner: readonly string[];
}

function missing({ lead }: Place, left: readonly string[]): Marked {
  const said = `# ${left.map(shownKey).join('.')} is not set`;
  return { text: `${lead}${said}`, from: lead.length, to: lead.length + said.length, inner: [] };
}

function present(place: Place): Marked {
  const { value, key, lead, indent } = place;
  const head = key === undefined ? lead : `${lead}${shownKey(key)}:`;
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    const start = key === undefined ? head : `${head} `;
    const shown = markedText(place);
    return { text: `${start}${shown}`, from: start.length, to: start.length + shown.length, inner: [] };
  }
  const lines = innerLines(place, key === undefined ? indent : `${indent}  `);
  const shown = lines.length <= MAX_INNER ? lines : [...lines.slice(0, MAX_INNER), `${indent}  ${CUT}`];
  if (key !== undefined) return { text: head, from: lead.length, to: head.length, inner: shown };
  const [first = '', ...inner] = shown;
  return { text: first, from: lead.length, to: first.length, inner };
}

/** The members of an object or a list. Stops when there are more than can be shown. */
function innerLines(place: Place, indent: string, depth = 0): readonly string[] {
  const lines: string[] = [];
  const isItem = place.key === undefined && !Array.isArray(place.value);
  const column = isItem ? `${indent}  ` : indent;
  // The first key of an item is behind the dash.
  let lead = isItem ? `${indent}- ` : column;
  for (const child of childrenOf({ ...place, indent: column })) {
    if (lines.length > MAX_INNER) break;
    lines.push(...memberLines(child.key === undefined ? child : { ...child, lead }, depth));
    lead = column;
  }
  return lines;
}

function childrenOf(place: Place): readonly Place[] {
  const { value } = place;
  if (Array.isArray(value)) return value.slice(0, MAX_INNER + 1).map((item: unknown) => itemAt(place, item));
  if (!isObject(value)) return [];
  return Object.keys(value)
    .slice(0, MAX_INNER + 1)
    .flatMap((key) => memberAt(place, value, key) ?? []);
}

function memberLines(child: Place, depth: number): readonly string[] {
  const { value, key, lead, indent } = child;
  const head = key === undefined ? lead : `${lead}${shownKey(key)}:`;
  const isScalar = typeof value !== 'object' || value === null || Object.keys(value).length === 0;
  if (isScalar) return [key === undefined ? `${head}${scalarText(child)}` : `${head} ${scalarText(child)}`];
  if (depth >= MAX_DEPTH) return [`${head}${key === undefined ? '' : ' '}${CUT}`];
  const inner = innerLines(child, key === undefined ? indent : `${indent}  `, depth + 1);
  return key === undefined ? inner : [head, ...inner];
}

const MAX_DEPTH = 4;

function scalarText({ value, key, parent, isItem, isPrivate }: Place): string {
  return isPrivate && typeof value === 'string' ? CUT : shownText(value, { key: key ?? parent, parent, isItem });
}

const IMAGE_KEYS = new Set(['image', 'reference']);

/** The value that a finding is about: what cannot be a secret, and images, which messages contain. */
function markedText({ value, key = '', isPrivate }: Place): string {
  if (typeof value !== 'string') return plainText(value);
  if (IMAGE_KEYS.has(key)) return cut(maskPassword(value));
  return isPrivate || looksSecret(value) || value.includes('\n') ? CUT : cut(quoted(value));
}

interface Keyed {
  readonly key: string;
  readonly parent: string;
  readonly isItem?: boolean;
}

function shownText(value: unknown, { key, parent, isItem = false }: Keyed): string {
  if (typeof value !== 'string') return plainText(value);
  return isShown({ key, parent, isItem, text: value }) ? cut(quoted(value)) : CUT;
}

/** Numbers and booleans are no secrets, except for long numbers. */
function plainText(value: unknown): string {
  if (value === undefined) return CUT;
  const text = JSON.stringify(value);
  return text.length > MAX_NUMBER ? CUT : text;
}

const MAX_NUMBER = 10;

/** As YAML needs it: numbers, and texts with a meaning of their own, in quotes. */
function quoted(text: string): string {
  if (/^\d{1,9}(?:m|[kMGTP]i?)$/.test(text)) return text;
  return /^[A-Za-z/][\w./:@ +-]*$/.test(text) && !/:(?: |$)| $|^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

function cut(text: string): string {
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE - 1)}${CUT}`;
}

function shownKey(key: string): string {
  return isKeyShown(key) ? key : CUT;
}
