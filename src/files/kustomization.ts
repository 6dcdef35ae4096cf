/** Kustomizations: how they are recognized, and the files, directories, and URLs that they refer to. */
import path from 'node:path';
import { isObject, type JsonObject } from '../pod/pointer.ts';

export const KUSTOMIZATION_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
const GROUP = 'kustomize.config.k8s.io/';
const KINDS: readonly unknown[] = ['Kustomization', 'Component', undefined];

/** A file with this name can contain an ordinary object, which kubectl applies. */
export function isKustomization(file: string, value: unknown): value is JsonObject {
  if (!isObject(value) || value['items'] !== undefined) return false;
  const { apiVersion, kind } = value;
  if (apiVersion !== undefined) return typeof apiVersion === 'string' && apiVersion.startsWith(GROUP);
  return KUSTOMIZATION_NAMES.includes(path.basename(file)) && KINDS.includes(kind);
}

/** Paths as written, relative to the kustomization. */
export interface KustomizationReferences {
  /** Files, directories, and URLs. */
  readonly resources: readonly string[];
  readonly components: readonly string[];
  /** Files that change objects and are not objects themselves, although a strategic merge patch looks like one. */
  readonly patchFiles: readonly PatchFile[];
  /** Files with `replacements`. */
  readonly replacementFiles: readonly string[];
  /** Files that define which fields are changed. */
  readonly configurations: readonly string[];
  /** Files, and directories with a kustomization. */
  readonly transformers: readonly string[];
  /** Files that become the data of ConfigMaps and Secrets, or that configure kustomize. */
  readonly dataFiles: readonly string[];
}

export interface PatchFile {
  readonly path: string;
  /** The `target` next to the path, if any. */
  readonly targets: readonly unknown[];
}

export function targetsIn(patch: JsonObject): readonly unknown[] {
  return isObject(patch['target']) ? [patch['target']] : [];
}

export function referencesOf(kustomization: JsonObject): KustomizationReferences {
  const texts = (key: string): readonly string[] =>
    listAt(kustomization, key).filter((entry): entry is string => typeof entry === 'string');
  const paths = (key: string): readonly string[] =>
    listAt(kustomization, key).flatMap((entry) =>
      isObject(entry) && typeof entry['path'] === 'string' ? [entry['path']] : [],
    );
  return {
    resources: [...texts('resources'), ...texts('bases')],
    components: texts('components'),
    patchFiles: [
      ...['patches', 'patchesJson6902'].flatMap((key) => patchFilesIn(listAt(kustomization, key))),
      ...texts('patchesStrategicMerge').flatMap((text) => (isInlinePatch(text) ? [] : [{ path: text, targets: [] }])),
    ],
    replacementFiles: paths('replacements'),
    configurations: texts('configurations'),
    transformers: texts('transformers').filter((entry) => !isInlinePatch(entry)),
    dataFiles: [
      ...texts('configurations'),
      ...['configMapGenerator', 'secretGenerator'].flatMap((key) => generatorFiles(listAt(kustomization, key))),
      ...listAt(kustomization, 'helmCharts').flatMap(valuesFiles),
    ],
  };
}

function patchFilesIn(patches: readonly unknown[]): readonly PatchFile[] {
  return patches
    .filter(isObject)
    .flatMap((patch) =>
      typeof patch['path'] === 'string' ? [{ path: patch['path'], targets: targetsIn(patch) }] : [],
    );
}

/** Parses `path` or `key=path`. */
function generatorFiles(generators: readonly unknown[]): readonly string[] {
  return generators
    .filter(isObject)
    .flatMap((generator) => listAt(generator, 'files'))
    .flatMap((entry) => (typeof entry === 'string' ? [entry.slice(entry.indexOf('=') + 1)] : []));
}

function valuesFiles(chart: unknown): readonly string[] {
  if (!isObject(chart)) return [];
  return [chart['valuesFile'], ...listAt(chart, 'additionalValuesFiles')].filter((entry) => typeof entry === 'string');
}

/** `patchesStrategicMerge` accepts paths and patches in one list. */
export function isInlinePatch(entry: string): boolean {
  return /[\n{]|:(?:\s|$)/.test(entry.trim());
}

export interface InlineText {
  readonly pointer: string;
  readonly text: string;
}

/** Returns the YAML texts in a list of paths and YAML texts. */
export function inlineTexts(kustomization: JsonObject, key: string): readonly InlineText[] {
  return listAt(kustomization, key).flatMap((entry, index) =>
    typeof entry === 'string' && isInlinePatch(entry) ? [{ pointer: `/${key}/${index}`, text: entry }] : [],
  );
}

export function listAt(kustomization: JsonObject, key: string): readonly unknown[] {
  const list = kustomization[key];
  return Array.isArray(list) ? list : [];
}
