/** Build instructions beside manifests or policies, not one of them. */
import path from 'node:path';
import { isObject, type JsonObject } from '../pod/pointer.ts';

export const KUSTOMIZATION_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
const GROUP = 'kustomize.config.k8s.io/';
const KINDS: readonly unknown[] = ['Kustomization', 'Component', undefined];

/** A file may be called so and hold something else: kubectl applies it all the same. */
export function isKustomization(file: string, value: unknown): value is JsonObject {
  if (!isObject(value) || value['items'] !== undefined) return false;
  const { apiVersion, kind } = value;
  if (apiVersion !== undefined) return typeof apiVersion === 'string' && apiVersion.startsWith(GROUP);
  return KUSTOMIZATION_NAMES.includes(path.basename(file)) && KINDS.includes(kind);
}
