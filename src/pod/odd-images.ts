/**
 * Images that a JSON pointer alone cannot name: put together from several fields, used as a map key, or inside a string.
 * Each place is that of the value a user would change.
 */
import { escapeSegment, isObject, type JsonObject, type Place, pointerTo } from './pointer.ts';
import { readObject, readObjects, readString } from './read.ts';

export type OddReader = (object: JsonObject) => readonly Place[];

const MONITORED = new Set(['Prometheus', 'PrometheusAgent', 'Alertmanager', 'ThanosRuler']);

export function oddImages(group: string, kind: string): OddReader | undefined {
  if (group === 'monitoring.coreos.com' && MONITORED.has(kind)) return baseImage;
  if (group === 'apps.kruise.io' && kind === 'NodeImage') return nodeImages;
  if (group === 'cdi.kubevirt.io' && kind === 'DataVolume') return dataVolume;
  if (group === 'kubevirt.io' || group === 'pool.kubevirt.io') return hookSidecars;
  return undefined;
}

/** prometheus-operator before `spec.image`: `baseImage` with `sha` or `tag` (sha wins) or `version`. */
function baseImage(object: JsonObject): readonly Place[] {
  const spec = readObject(object, 'spec', '');
  if (spec === undefined || readString(spec, 'image', '/spec')) return [];
  const base = readString(spec, 'baseImage', '/spec');
  if (!base) return [];
  const sha = readString(spec, 'sha', '/spec');
  const tag = readString(spec, 'tag', '/spec') || readString(spec, 'version', '/spec');
  const value = sha ? `${base}@sha256:${sha}` : tag ? `${base}:${tag}` : base;
  return [{ pointer: '/spec/baseImage', value }];
}

/** OpenKruise NodeImage: `spec.images` maps a repository to its tags. */
function nodeImages(object: JsonObject): readonly Place[] {
  const spec = readObject(object, 'spec', '');
  const images = spec === undefined ? undefined : readObject(spec, 'images', '/spec');
  if (images === undefined) return [];
  return Object.keys(images).flatMap((repository) => {
    const at = pointerTo('/spec/images', repository);
    const entry = readObject(images, repository, '/spec/images');
    if (entry === undefined) return [];
    return readObjects(entry, 'tags', at).map((tag, index) => ({
      pointer: `${at}/tags/${index}/tag`,
      value: `${repository}:${readString(tag, 'tag', `${at}/tags/${index}`) ?? ''}`,
    }));
  });
}

/** containerized-data-importer: `spec.source.registry.url: docker://host/path:tag`. */
function dataVolume(object: JsonObject): readonly Place[] {
  const spec = readObject(object, 'spec', '');
  const source = spec && readObject(spec, 'source', '/spec');
  const registry = source && readObject(source, 'registry', '/spec/source');
  const url = registry && readString(registry, 'url', '/spec/source/registry');
  if (!url?.startsWith('docker://')) return [];
  return [{ pointer: '/spec/source/registry/url', value: url.slice('docker://'.length) }];
}

const HOOKS = 'hooks.kubevirt.io/hookSidecars';

/** KubeVirt: an annotation holds a JSON list of sidecars with an `image` each, on the machine or on its template. */
function hookSidecars(object: JsonObject): readonly Place[] {
  return ['', '/spec/template', '/spec/virtualMachineTemplate/spec/template'].flatMap((at) => {
    const holder = descend(object, at);
    const metadata = holder && readObject(holder, 'metadata', at);
    const annotations = metadata && readObject(metadata, 'annotations', `${at}/metadata`);
    const text = annotations && readString(annotations, HOOKS, `${at}/metadata/annotations`);
    if (text === undefined) return [];
    const pointer = `${at}/metadata/annotations/${escapeSegment(HOOKS)}`;
    return imagesInJson(text).map((value) => ({ pointer, value }));
  });
}

function descend(object: JsonObject, pointer: string): JsonObject | undefined {
  let value: unknown = object;
  for (const segment of pointer.split('/').slice(1)) value = isObject(value) ? value[segment] : undefined;
  return isObject(value) ? value : undefined;
}

/** What is not a JSON list of objects starts no sidecar: the controller refuses the machine. */
function imagesInJson(text: string): readonly string[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  if (!Array.isArray(list)) return [];
  return list.flatMap((hook: unknown) => (isObject(hook) && typeof hook['image'] === 'string' ? [hook['image']] : []));
}
