/**
 * Images that a JSON pointer alone cannot name: put together from several fields, used as a map key, or inside a string.
 * Each place is that of the value a user would change.
 */
import {
  escapeSegment,
  isObject,
  type JsonObject,
  jsonType,
  type Place,
  placesAt,
  pointerSegments,
  pointerTo,
  ShapeError,
} from './pointer.ts';
import { readObject, readObjects, readString } from './read.ts';

export type OddReader = (object: JsonObject) => readonly Place[];

/** By group and kind. */
const READERS: Readonly<Record<string, OddReader>> = {
  'monitoring.coreos.com/Prometheus': baseImage,
  'monitoring.coreos.com/PrometheusAgent': baseImage,
  'monitoring.coreos.com/Alertmanager': baseImage,
  'monitoring.coreos.com/ThanosRuler': baseImage,
  'apps.kruise.io/NodeImage': nodeImages,
  'argoproj.io/Application': (object) => kustomizeTexts(object, '/spec'),
  'argoproj.io/ApplicationSet': (object) => kustomizeTexts(object, '/spec/template/spec'),
  'kustomize.toolkit.fluxcd.io/Kustomization': kustomizeImages,
  'cdi.kubevirt.io/DataVolume': registryUrls('/spec/source/registry/url'),
  'cdi.kubevirt.io/DataImportCron': registryUrls('/spec/template/spec/source/registry/url'),
  'cdi.kubevirt.io/VolumeImportSource': registryUrls('/spec/source/registry/url'),
  'kubevirt.io/VirtualMachineInstance': hookSidecars,
  'kubevirt.io/VirtualMachineInstanceReplicaSet': hookSidecars,
  'kubevirt.io/VirtualMachine': both(
    hookSidecars,
    registryUrls('/spec/dataVolumeTemplates/*/spec/source/registry/url'),
  ),
  'pool.kubevirt.io/VirtualMachinePool': both(
    hookSidecars,
    registryUrls('/spec/virtualMachineTemplate/spec/dataVolumeTemplates/*/spec/source/registry/url'),
  ),
};

export function oddImages(group: string, kind: string): OddReader | undefined {
  const name = `${group}/${kind}`;
  return Object.hasOwn(READERS, name) ? READERS[name] : undefined;
}

function both(one: OddReader, other: OddReader): OddReader {
  return (object) => [...one(object), ...other(object)];
}

/** Argo CD: `spec.source.kustomize.images` holds `name=image:tag` or `image:tag`, as `kustomize edit set image` takes it. */
function kustomizeTexts(object: JsonObject, at: string): readonly Place[] {
  return ['/source', '/sources/*'].flatMap((source) =>
    placesAt(object, pointerSegments(`${at}${source}/kustomize/images/*`)).flatMap(({ pointer, value }) =>
      typeof value === 'string' ? [{ pointer, value: value.slice(value.indexOf('=') + 1) }] : [],
    ),
  );
}

/** Flux: `spec.images` as in a kustomization. What has neither tag nor digest keeps the one of its manifest. */
function kustomizeImages(object: JsonObject): readonly Place[] {
  return placesAt(object, pointerSegments('/spec/images/*')).flatMap(({ pointer, value }) => {
    if (!isObject(value)) return [];
    const name = readString(value, 'newName', pointer) || readString(value, 'name', pointer) || '';
    const tag = readString(value, 'newTag', pointer);
    const digest = readString(value, 'digest', pointer);
    if (digest) return [{ pointer: `${pointer}/digest`, value: `${name}@${digest}` }];
    return tag ? [{ pointer: `${pointer}/newTag`, value: `${name}:${tag}` }] : [];
  });
}

/** containerized-data-importer: `docker://host/path:tag`. */
function registryUrls(url: string): OddReader {
  const segments = pointerSegments(url);
  return (object) =>
    placesAt(object, segments).flatMap(({ pointer, value }) => {
      if (typeof value !== 'string') throw new ShapeError(pointer, 'a string', jsonType(value));
      return value.startsWith('docker://') ? [{ pointer, value: value.slice('docker://'.length) }] : [];
    });
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
