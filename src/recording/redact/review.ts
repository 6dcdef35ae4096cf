/**
 * Removes secrets from an AdmissionReview before anything is written. Decisions of built-in rules stay the same: no rule reads the
 * values that are removed. `docs/recordings.md` lists them for users.
 */
import { maskPassword } from '../../image/password.ts';
import { isObject, type JsonObject, parsedJson } from '../../pod/pointer.ts';
import { isKept, reducedAnnotation } from './annotations.ts';
import { redactArguments } from './arguments.ts';
import { isEnvironmentName, isSecretListName, isSecretName, isSecretNumber } from './secret-names.ts';
import { hide, lose, note, type State, within } from './removal.ts';
import { redactText } from './secret-texts.ts';

export interface RedactedReview {
  readonly review: JsonObject;
  /** JSON Pointers from the root of the review, with `*` for each element of a list. */
  readonly redacted: readonly string[];
  /** The texts that were replaced, for `scrubbed`. */
  readonly secrets: ReadonlySet<string>;
}

/** `fields`: names of fields whose values are removed as well. */
export function redactReview(review: JsonObject, fields: ReadonlySet<string> = new Set()): RedactedReview {
  const state: State = { fields, path: [], redacted: new Set(), secrets: new Set() };
  const copy = redactMembers(review, state);
  return { review: copy, redacted: [...state.redacted].toSorted(), secrets: state.secrets };
}

/** Reviews of these kinds are not recorded at all. */
export function isUnrecorded(review: unknown): boolean {
  const request = isObject(review) ? review['request'] : undefined;
  const kind = isObject(request) ? request['kind'] : undefined;
  return isObject(kind) && UNRECORDED.has(String(kind['kind']));
}

const UNRECORDED = new Set(['Secret', 'TokenRequest', 'TokenReview', 'SealedSecret']);

/** Returns the same object if nothing in it changes. */
function redactMembers(object: JsonObject, state: State): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(object)) {
    const value = object[key];
    const redacted = within(key, state, () => redactMember(key, value, object, state));
    if (redacted === value) continue;
    copy ??= { ...object };
    if (redacted === undefined) delete copy[key];
    else copy[key] = redacted;
  }
  return copy ?? object;
}

type Redact = (value: unknown, object: JsonObject, state: State) => unknown;

/** By the name of the field. */
const FIELDS: ReadonlyMap<string, Redact> = new Map<string, Redact>([
  ['managedFields', (value, _object, state) => lose(value, state)],
  [
    'annotations',
    (value, _object, state) =>
      isObject(value) ? redactAnnotations(value, state) : redact(value, 'annotations', state),
  ],
  ['labels', (value) => value],
  ['matchLabels', (value) => value],
  ['nodeSelector', (value) => value],
  ['httpHeaders', (value, _object, state) => redactEnvironment(value, state)],
  ['args', (value, _object, state) => redactProgram(value, 'args', state)],
  ['command', (value, _object, state) => redactProgram(value, 'command', state)],
  ['items', (value, object, state) => redactItems(value, object, state)],
  [
    'data',
    (value, object, state) => (object['kind'] === 'ConfigMap' ? hide(value, state) : redact(value, 'data', state)),
  ],
  [
    'binaryData',
    (value, object, state) =>
      object['kind'] === 'ConfigMap' ? hide(value, state) : redact(value, 'binaryData', state),
  ],
  ['extra', (value, object, state) => ('username' in object ? lose(value, state) : redact(value, 'extra', state))],
]);

function redactMember(key: string, value: unknown, object: JsonObject, state: State): unknown {
  if (state.fields.has(key)) return hide(value, state);
  if (object['kind'] === 'Secret') {
    // The other fields stay: an object of a custom kind can have this kind and images.
    if (VALUE_FIELD.test(key)) return hide(value, state);
    if (key === 'metadata' && isObject(value)) return onlyNames(value, state);
  }
  const special = FIELDS.get(key);
  if (special !== undefined) return special(value, object, state);
  if (isEnvironmentName(key)) return redactEnvironment(value, state);
  const label = key === 'value' ? pairName(object) : key;
  return isSecretName(label) ? redactNamed(value, label, state) : redact(value, key, state);
}

/** Of `{name, value}` and `{key, value}`. */
function pairName({ name, key }: JsonObject): string {
  return typeof name === 'string' ? name : typeof key === 'string' ? key : 'value';
}

/** Fields that hold the value of an object with a secret name; others hold references, such as `secretName`. */
const VALUE_FIELD = /^(?:value|plain(?:text)?|inline|literal|raw|string|content|data|stringData|binaryData|text)$/i;

/** A value with a secret name. */
function redactNamed(value: unknown, name: string, state: State): unknown {
  if (typeof value === 'string' || (typeof value === 'number' && isSecretNumber(name))) return hide(value, state);
  if (Array.isArray(value) && value.every((child) => typeof child === 'string')) {
    return isSecretListName(name) ? hide(value, state) : redact(value, name, state);
  }
  return isObject(value) ? withoutValues(value, state) : redact(value, name, state);
}

function withoutValues(value: JsonObject, state: State): JsonObject {
  const inner = Object.fromEntries(Object.entries(value).filter(([key]) => VALUE_FIELD.test(key)));
  const hiddenFields = Object.fromEntries(
    Object.entries(inner).map(([key, child]) => [key, within(key, state, () => hide(child, state))] as const),
  );
  return redactMembers(Object.keys(inner).length === 0 ? value : { ...value, ...hiddenFields }, state);
}

function redact(value: unknown, key: string, state: State): unknown {
  if (typeof value === 'string') return redactString(value, key, state);
  if (Array.isArray(value)) return redactList(value, state, (child) => redact(child, key, state));
  return isObject(value) ? redactMembers(value, state) : value;
}

function redactList(list: readonly unknown[], state: State, each: (child: unknown) => unknown): unknown {
  const copy = within('*', state, () => list.map(each));
  return copy.every((child, index) => child === list[index]) ? list : copy;
}

/** Rules read images, so only a password in them is masked, as in messages. */
function redactString(text: string, key: string, state: State): string {
  const found = (secret: string): void => void state.secrets.add(secret);
  const redacted = /image/i.test(key)
    ? maskPassword(text)
    : (redactJson(text, state) ?? redactText(maskPassword(text), found));
  if (redacted !== text) note(state);
  return redacted;
}

const JSON_START = /^\s{0,100}(?:\{\s{0,100}["}]|\[\s{0,100}["{[\]\d-])/;

/** Returns undefined for other texts than JSON. The text as a whole is noted. */
function redactJson(text: string, state: State): string | undefined {
  const value = JSON_START.test(text) ? parsedJson(text) : undefined;
  if (value === undefined) return undefined;
  const redacted = redactInside(value, state);
  return redacted === value ? text : JSON.stringify(redacted);
}

function redactAnnotations(annotations: JsonObject, state: State): JsonObject {
  const entries = Object.entries(annotations).map(
    ([key, value]) => [key, within(key, state, () => redactAnnotation(key, value, state))] as const,
  );
  return Object.fromEntries(entries);
}

function redactAnnotation(key: string, value: unknown, state: State): unknown {
  if (isKept(key)) return redact(value, 'image', state);
  if (typeof value !== 'string') return hide(value, state);
  const reduced = reducedAnnotation(key, value, (object) => redactInside(object, state));
  if (reduced !== undefined && reduced !== value) lose(value, state);
  return reduced ?? hide(value, state);
}

/** An object in the text of an annotation. The annotation as a whole is noted. */
function redactInside(value: object, { fields, secrets }: State): unknown {
  return redact(value, '', { fields, path: [], redacted: new Set(), secrets });
}

/** A list of `{name, value, valueFrom}`, or a map, as in custom resources. */
function redactEnvironment(value: unknown, state: State): unknown {
  if (isObject(value)) return hideEach(value, state);
  if (!Array.isArray(value)) return hide(value, state);
  return redactList(value, state, (variable) => {
    if (!isObject(variable)) return hide(variable, state);
    if (variable['value'] === undefined) return redactMembers(variable, state);
    const hidden = within('value', state, () => hide(variable['value'], state));
    return redactMembers(hidden === variable['value'] ? variable : { ...variable, value: hidden }, state);
  });
}

function redactProgram(value: unknown, key: string, state: State): unknown {
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list)) return redact(value, key, state);
  const inJson = list.map((one) => (typeof one === 'string' ? (redactJson(one, state) ?? one) : one));
  const hidden = redactArguments(inJson, (secret) => void state.secrets.add(secret));
  if (typeof value === 'string') {
    if (hidden[0] !== value) note(state);
    return hidden[0];
  }
  let index = 0;
  return redactList(list, state, (child) => {
    const element = hidden[index++];
    if (typeof child !== 'string') return redact(child, key, state);
    if (element !== child) note(state);
    return element;
  });
}

/** The items of a list have no kind of their own. */
function redactItems(items: unknown, { kind }: JsonObject, state: State): unknown {
  if (kind !== 'SecretList' || !Array.isArray(items)) return redact(items, 'items', state);
  return redactList(items, state, (item) => (isObject(item) ? withoutValues(item, state) : hide(item, state)));
}

function onlyNames(metadata: JsonObject, state: State): JsonObject {
  const others = Object.keys(metadata).filter((key) => key !== 'name' && key !== 'namespace');
  if (others.length === 0) return metadata;
  for (const key of others) within(key, state, () => lose(metadata[key], state));
  const names = Object.entries(metadata).filter(([key]) => key === 'name' || key === 'namespace');
  return Object.fromEntries(names);
}

function hideEach(map: JsonObject, state: State): JsonObject {
  const hidden = (key: string, value: unknown): unknown =>
    isObject(value) || Array.isArray(value) ? redact(value, key, state) : hide(value, state);
  const entries = Object.entries(map).map(
    ([key, value]) => [key, within(key, state, () => hidden(key, value))] as const,
  );
  return Object.fromEntries(entries);
}
