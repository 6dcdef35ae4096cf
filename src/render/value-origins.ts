/** The values of a chart, merged as Helm merges them, each with the place that set it; and the images that they spell out. */
import type { Place } from '../files/place.ts';
import { placeIn } from '../files/place.ts';
import type { ValidDocument } from '../files/yaml/yaml.ts';
import { escapeSegment, isObject } from '../pod/pointer.ts';

export type ValueTree = Map<string, ValueTree | Leaf>;

/** A scalar. */
export interface Leaf {
  readonly text: string;
  /** undefined: a flag, the configuration file, or a packed chart sets it. */
  readonly place: (() => Place) | undefined;
}

/** Merges a file into the values. A list replaces a list, and `null` removes what was set. */
export function mergeFile(tree: ValueTree, file: string | undefined, document: ValidDocument): void {
  if (isObject(document.value)) mergeMap(tree, document.value, { file, document, pointer: '' });
}

interface At {
  /** undefined: it is in a packed chart. */
  readonly file: string | undefined;
  readonly document: ValidDocument;
  readonly pointer: string;
}

function mergeMap(tree: ValueTree, map: object, at: At): void {
  for (const [key, value] of Object.entries(map)) {
    const child = { ...at, pointer: `${at.pointer}/${escapeSegment(key)}` };
    if (value === null || value === undefined) tree.delete(key);
    else if (typeof value === 'object') mergeMap(mapAt(tree, key, !Array.isArray(value)), value, child);
    else tree.set(key, { text: String(value), place: placeOf(child) });
  }
}

function placeOf({ file, document, pointer }: At): Leaf['place'] {
  return file === undefined ? undefined : () => placeIn(file, document, pointer);
}

/** The map at a key, which replaces a scalar there. */
export function mapAt(tree: ValueTree, key: string, keeps: boolean): ValueTree {
  const found = tree.get(key);
  if (keeps && found instanceof Map) return found;
  const created: ValueTree = new Map();
  tree.set(key, created);
  return created;
}

/** `a.b[0].c=v,d=w`. A value that is a list replaces a scalar with text that is not an image. */
export function mergeSet(tree: ValueTree, set: string): void {
  for (const assignment of set.split(/(?<!\\),/)) {
    const at = assignment.indexOf('=');
    if (at === -1) continue;
    const keys = assignment
      .slice(0, at)
      .split(/(?<!\\)\.|\[|\]\.?/)
      .filter((key) => key !== '')
      .map((key) => key.replaceAll(/\\(.)/g, '$1'));
    const last = keys.pop();
    const map = keys.reduce((inner, key) => mapAt(inner, key, true), tree);
    if (last !== undefined)
      map.set(last, { text: assignment.slice(at + 1).replaceAll(/\\(.)/g, '$1'), place: undefined });
  }
}

export type ImagePlaces = (image: string) => Place | undefined;

interface Around {
  readonly appVersion: string | undefined;
  /** The registry for all images, by the key that charts agree on. */
  readonly globalRegistry: string | undefined;
}

/** Returns the place of an image if exactly one place spells it out. `without`: keys whose values other charts use. */
export function imagePlaces(
  tree: ValueTree,
  appVersion: string | undefined,
  without: ReadonlySet<string>,
): ImagePlaces {
  const found = new Map<string, Set<Leaf>>();
  const add = (text: string, leaf: Leaf): void => {
    const leaves = found.get(text) ?? new Set();
    found.set(text, leaves.add(leaf));
  };
  const around = { appVersion, globalRegistry: textAt(tree, 'global', 'imageRegistry') };
  for (const [key, value] of tree) {
    if (!without.has(key)) addValue(key, value, { around, add });
  }
  return (image) => {
    const leaves = [...(found.get(image) ?? [])];
    const [leaf] = leaves;
    return leaves.length === 1 ? leaf?.place?.() : undefined;
  };
}

function textAt(tree: ValueTree, ...keys: readonly string[]): string | undefined {
  const [key = '', ...more] = keys;
  const value = tree.get(key);
  if (value instanceof Map) return more.length === 0 ? undefined : textAt(value, ...more);
  return more.length === 0 ? value?.text : undefined;
}

type Add = (text: string, leaf: Leaf) => void;

interface Index {
  readonly around: Around;
  readonly add: Add;
}

function addValue(key: string, value: ValueTree | Leaf, index: Index): void {
  if (value instanceof Map) {
    addParts(value, index);
    for (const [inner, each] of value) addValue(inner, each, index);
  } else if (/image/i.test(key) || /[/:]/.test(value.text)) {
    // A name alone is also that of other things.
    index.add(value.text, value);
  }
}

/** Keys that charts use for the path of an image, in the order in which they are joined. */
const PATHS = [['repository'], ['name'], ['image'], ['repository', 'name'], ['repository', 'image']] as const;
const REGISTRIES = ['registry', 'hub'] as const;
/** A map without one of these keys is not about an image. */
const IMAGE_KEYS = ['repository', 'tag', 'digest', ...REGISTRIES];

function addParts(map: ValueTree, { around, add }: Index): void {
  if (!IMAGE_KEYS.some((key) => map.has(key))) return;
  const leaf = (key: string): Leaf | undefined => {
    const found = map.get(key);
    return found instanceof Map || found?.text === '' ? undefined : found;
  };
  const registries = [undefined, around.globalRegistry, ...REGISTRIES.map((key) => leaf(key)?.text)];
  const tag = leaf('tag');
  const digest = leaf('digest');
  const endings = endingsOf(tag, digest, around);
  for (const keys of PATHS) {
    const parts = keys.map(leaf);
    const last = parts.at(-1);
    if (last === undefined || parts.includes(undefined)) continue;
    const repository = parts.map((part) => part?.text).join('/');
    for (const registry of new Set(registries))
      for (const ending of endings)
        add(`${registry === undefined ? '' : `${registry}/`}${repository}${ending}`, tag ?? digest ?? last);
  }
}

/** Templates use the version of the application if there is no tag. */
function endingsOf(tag: Leaf | undefined, digest: Leaf | undefined, { appVersion }: Around): readonly string[] {
  const versions = appVersion === undefined ? [] : [`:${appVersion}`, `:v${appVersion}`];
  const tags = tag === undefined ? ['', ...versions] : [`:${tag.text}`];
  if (digest === undefined) return tags;
  return ['', ...tags].map((one) => `${one}@${digest.text}`);
}
