/**
 * Lists as kubectl recognizes them: all objects with `items`, whatever their kind
 * (k8s.io/apimachinery, pkg/apis/meta/v1/unstructured/helpers.go; helm and kapp use the same code).
 */
import { isObject, type JsonObject } from '../pod/pointer.ts';

/** Returns the items, each with its type; undefined: not a list. */
export function itemsOfList(value: unknown): readonly unknown[] | undefined {
  if (!isObject(value)) return undefined;
  const { items } = value;
  if (items === null) return [];
  return Array.isArray(items) ? items.map((item: unknown) => listItem(item, value)) : undefined;
}

/** Items without apiVersion and kind have the apiVersion of the list, and its kind without `List` (`PodList` -> `Pod`). */
function listItem(item: unknown, list: JsonObject): unknown {
  if (!isObject(item) || isText(item['kind']) || isText(item['apiVersion'])) return item;
  const kind = isText(list['kind']) ? list['kind'].replace(/List$/, '') : '';
  return { ...item, apiVersion: list['apiVersion'], kind };
}

/** Go reads any other value as the empty text. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
