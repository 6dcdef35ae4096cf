/** The images that a mutate rule of Kyverno writes: in patches for each container, or in one patch with anchors. */
import { parseDocuments } from '../../files/yaml/yaml.ts';
import { escapeSegment, isObject, type JsonObject } from '../../pod/pointer.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ContainerKind } from '../../pod/containers.ts';
import { listOf, MAX_ITEMS, objectOf, textOf, TOO_MANY_ITEMS } from './converted.ts';

export interface ImageChange {
  /** The new image: text with expressions. */
  readonly image: string;
  /** The key of the containers in the Pod spec. */
  readonly list: string;
  readonly containers: readonly ContainerKind[];
  /** To the new image, or the patch that has it. */
  readonly pointer: string;
  /** The element of `foreach`; undefined without one. */
  readonly element: JsonObject | undefined;
}

export interface LeftChange {
  readonly pointer: string;
  readonly why: string;
}

export interface ImageChanges {
  readonly changes: readonly ImageChange[];
  readonly left: readonly LeftChange[];
}

const KINDS: Readonly<Record<string, readonly ContainerKind[]>> = {
  containers: ['regular'],
  initContainers: ['init', 'sidecar'],
  ephemeralContainers: ['ephemeral'],
};

export function imageChanges(mutate: JsonObject, at: string): ImageChanges {
  if ('targets' in mutate) return only(`${at}/targets`, 'it changes existing objects');
  const { foreach } = mutate;
  if (!Array.isArray(foreach)) return patched(mutate, at, undefined);
  const elements: readonly unknown[] = foreach;
  const all = elements
    .slice(0, MAX_ITEMS)
    .map((element, index) =>
      isObject(element)
        ? patched(element, `${at}/foreach/${index}`, element)
        : only(`${at}/foreach/${index}`, 'it is not an object'),
    );
  const more = elements.length > MAX_ITEMS ? [{ pointer: at, why: TOO_MANY_ITEMS }] : [];
  return { changes: all.flatMap(({ changes }) => changes), left: [...all.flatMap(({ left }) => left), ...more] };
}

function only(pointer: string, why: string): ImageChanges {
  return { changes: [], left: [{ pointer, why }] };
}

function patched(holder: JsonObject, at: string, element: JsonObject | undefined): ImageChanges {
  const merge = holder['patchStrategicMerge'];
  if (isObject(merge)) return mergePatch(merge, `${at}/patchStrategicMerge`, element);
  const json = holder['patchesJson6902'];
  if (typeof json === 'string' && element !== undefined) return jsonPatch(json, `${at}/patchesJson6902`, element);
  return only(at, 'it has no patchStrategicMerge and, in foreach, no patchesJson6902');
}

function mergePatch(patch: JsonObject, at: string, element: JsonObject | undefined): ImageChanges {
  const spec = objectOf(patch['spec']);
  const lists = Object.keys(KINDS).map((field) => listPatch(spec[field], `${at}/spec/${field}`, { field, element }));
  const others = Object.keys(patch).filter((key) => key !== 'spec');
  return {
    changes: lists.flatMap(({ changes }) => changes),
    left: [
      ...others.map((key) => ({
        pointer: `${at}/${escapeSegment(key)}`,
        why: `its change of ${quoteValue(key, 80)} is not a rewrite`,
      })),
      ...lists.flatMap(({ left }) => left),
    ],
  };
}

interface PatchedList {
  readonly field: string;
  readonly element: JsonObject | undefined;
}

/** A list of containers, or one. */
function listPatch(list: unknown, at: string, { field, element }: PatchedList): ImageChanges {
  if (listOf(list).length > MAX_ITEMS) return only(at, TOO_MANY_ITEMS);
  const items = isObject(list) ? [{ item: list, pointer: at }] : itemsOf(list, at);
  const all = items.map(({ item, pointer }): ImageChanges => {
    const { image } = objectOf(item);
    const why = itemProblem(objectOf(item), element) ?? listProblem(element, field);
    if (why !== undefined || typeof image !== 'string') return only(pointer, why ?? 'it sets no image');
    return {
      changes: [{ image, list: field, containers: KINDS[field] ?? [], pointer: `${pointer}/image`, element }],
      left: [],
    };
  });
  return { changes: all.flatMap(({ changes }) => changes), left: all.flatMap(({ left }) => left) };
}

function itemsOf(list: unknown, at: string): readonly { readonly item: unknown; readonly pointer: string }[] {
  return listOf(list).map((item, index) => ({ item, pointer: `${at}/${index}` }));
}

function itemProblem(item: JsonObject, element: JsonObject | undefined): string | undefined {
  const other = Object.keys(item).find((key) => !['name', '(name)', 'image'].includes(key));
  if (other !== undefined) return `it also has ${quoteValue(other, 80)}, which is a condition or another change`;
  const name = item['name'] ?? item['(name)'];
  const isEach = element === undefined ? item['(name)'] === '*' : /^\{\{ ?element\.name ?\}\}$/.test(textOf(name));
  return isEach ? undefined : 'it changes only containers with some names';
}

function jsonPatch(text: string, at: string, element: JsonObject): ImageChanges {
  const list = operationsIn(text);
  const { op, path: target, value: image } = objectOf(list[0]);
  if (list.length !== 1 || op !== 'replace') return only(at, 'patchesJson6902 is not one "replace" of an image');
  const [, field = ''] = /^\/spec\/(\w+)\/\{\{ ?elementIndex ?\}\}\/image$/.exec(textOf(target)) ?? [];
  const containers = KINDS[field];
  if (containers === undefined || typeof image !== 'string') return only(at, 'patchesJson6902 has another path');
  const why = listProblem(element, field);
  return why === undefined
    ? { changes: [{ image, list: field, containers, pointer: at, element }], left: [] }
    : only(at, why);
}

function operationsIn(text: string): readonly unknown[] {
  const [document] = text.length > MAX_PATCH ? [] : parseDocuments(text);
  return listOf(document?.ok === true ? document.value : undefined);
}

const MAX_PATCH = 10_000;

/** The list of the elements must be the one that is patched. */
function listProblem(element: JsonObject | undefined, field: string): string | undefined {
  if (element === undefined) return undefined;
  const list = textOf(element['list']).slice(0, MAX_PATCH);
  const [, named] = /^request\.object\.spec\.(\w+)(?:\[\])?(?: \|\| `\[\]`)?$/.exec(list.trim()) ?? [];
  if (named === field) return undefined;
  return named === undefined
    ? 'its list is not request.object.spec.containers, initContainers, or ephemeralContainers'
    : `it lists ${named}, and changes ${field}`;
}
