/**
 * Images that a JSON Pointer alone cannot select: composed from several fields, used as a map key, or inside a string. The
 * pointer of each location is that of the value that a user would change.
 */
import { hasVersion, PARTS_READERS } from './image-parts.ts';
import {
  escapeSegment,
  isObject,
  type JsonObject,
  jsonType,
  type Location,
  locationsAt,
  pointerSegments,
  pointerTo,
  ShapeError,
} from './pointer.ts';
import { readObject, readObjects, readString } from './read.ts';

export interface OddImage extends Location {
  /** See Container. */
  readonly inValues?: true;
}

export type OddReader = (object: JsonObject) => readonly OddImage[];

const BUILD_SOURCES = [
  ...['docker', 'source', 'custom'].map((strategy) => `/spec/strategy/${strategy}Strategy/from`),
  '/spec/source/images/*/from',
];

/** Sources of an Argo CD Application. */
const SOURCES = ['/source', '/sources/*', '/sourceHydrator/drySource'];

/** By `group/kind`. */
const READERS: Readonly<Record<string, OddReader>> = {
  ...PARTS_READERS,
  'monitoring.coreos.com/Prometheus': both(baseImage('/spec'), baseImage('/spec/thanos')),
  'monitoring.coreos.com/PrometheusAgent': baseImage('/spec'),
  'monitoring.coreos.com/Alertmanager': baseImage('/spec'),
  'monitoring.coreos.com/ThanosRuler': baseImage('/spec'),
  'apps.kruise.io/NodeImage': nodeImages,
  'argoproj.io/Application': kustomizeTexts('/spec', '/operation/sync'),
  'argoproj.io/ApplicationSet': kustomizeTexts(
    '/spec/template/spec',
    '/spec/generators/*/*/template/spec',
    '/spec/generators/*/*/generators/*/*/template/spec',
  ),
  'kustomize.toolkit.fluxcd.io/Kustomization': kustomizeImages('/spec/images/*'),
  'helm.toolkit.fluxcd.io/HelmRelease': kustomizeImages('/spec/postRenderers/*/kustomize/images/*'),
  'build.openshift.io/BuildConfig': dockerImages(...BUILD_SOURCES),
  'build.openshift.io/Build': dockerImages(...BUILD_SOURCES),
  'image.openshift.io/ImageStream': dockerImages('/spec/tags/*/from'),
  'image.openshift.io/ImageStreamImport': dockerImages('/spec/images/*/from'),
  'extensions.istio.io/WasmPlugin': wasmModule,
  'upgrade.cattle.io/Plan': upgradeImages,
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

/**
 * Argo CD: `kustomize.images` holds `name=image:tag` or `image:tag`, as `kustomize edit set image` takes it. What has neither tag
 * nor digest keeps the one of its manifest, and `*` keeps what the kustomization says.
 */
function kustomizeTexts(...specs: string[]): OddReader {
  const locations = specs.flatMap((at) =>
    SOURCES.map((source) => pointerSegments(`${at}${source}/kustomize/images/*`)),
  );
  return (object) =>
    locations.flatMap((location) =>
      locationsAt(object, location).flatMap(({ pointer, value: text }) => {
        if (typeof text !== 'string') return [];
        const value = text.slice(text.indexOf('=') + 1);
        return hasVersion(value) && !value.includes('*') ? [{ pointer, value }] : [];
      }),
    );
}

/** Flux: `images` as in a kustomization. An entry without tag and digest keeps that of the manifest. */
function kustomizeImages(at: string): OddReader {
  const segments = pointerSegments(at);
  return (object) =>
    locationsAt(object, segments).flatMap(({ pointer, value }) => {
      if (!isObject(value)) return [];
      const name = readString(value, 'newName', pointer) || readString(value, 'name', pointer) || '';
      const tag = readString(value, 'newTag', pointer);
      const digest = readString(value, 'digest', pointer);
      if (digest) return [{ pointer: `${pointer}/digest`, value: `${name}@${digest}` }];
      return tag ? [{ pointer: `${pointer}/newTag`, value: `${name}:${tag}` }] : [];
    });
}

/** OpenShift: a reference of kind DockerImage is an image; others are image streams. */
function dockerImages(...references: string[]): OddReader {
  const locations = references.map(pointerSegments);
  return (object) =>
    locations.flatMap((location) =>
      locationsAt(object, location).flatMap(({ pointer, value }) => {
        if (!isObject(value) || value['kind'] !== 'DockerImage') return [];
        return [{ pointer: `${pointer}/name`, value: readString(value, 'name', pointer) ?? '' }];
      }),
    );
}

/** Istio: a URL without a scheme is an image. */
function wasmModule(object: JsonObject): readonly Location[] {
  return locationsAt(object, ['spec', 'url']).flatMap(({ pointer, value }) => {
    if (typeof value !== 'string') throw new ShapeError(pointer, 'a string', jsonType(value));
    const [, scheme, image = ''] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(value) ?? [];
    return scheme === undefined || scheme === 'oci' ? [{ pointer, value: image }] : [];
  });
}

/** system-upgrade-controller: an image without a tag gets the version of the plan, or of its channel. */
function upgradeImages(object: JsonObject): readonly Location[] {
  const [version] = locationsAt(object, ['spec', 'version']);
  // Tags cannot contain a plus sign: k3s uses `v1.30.1-k3s1` for v1.30.1+k3s1.
  const tag = typeof version?.value === 'string' ? version.value.replaceAll('+', '-') : '';
  return ['upgrade', 'prepare'].flatMap((part) =>
    locationsAt(object, ['spec', part, 'image']).flatMap(({ pointer, value }) => {
      if (typeof value !== 'string') throw new ShapeError(pointer, 'a string', jsonType(value));
      if (hasVersion(value)) return [{ pointer, value }];
      return tag === '' ? [] : [{ pointer, value: `${value}:${tag}` }];
    }),
  );
}

/** containerized-data-importer: `docker://host/path:tag`. */
function registryUrls(url: string): OddReader {
  const segments = pointerSegments(url);
  return (object) =>
    locationsAt(object, segments).flatMap(({ pointer, value }) => {
      if (typeof value !== 'string') throw new ShapeError(pointer, 'a string', jsonType(value));
      return value.startsWith('docker://') ? [{ pointer, value: value.slice('docker://'.length) }] : [];
    });
}

/** prometheus-operator before `image`: `baseImage` with `sha` or `tag` (sha wins) or `version`. */
function baseImage(at: string): OddReader {
  const segments = pointerSegments(at);
  return (object) =>
    locationsAt(object, segments).flatMap(({ value: spec }) => {
      if (!isObject(spec)) throw new ShapeError(at, 'an object', jsonType(spec));
      if (readString(spec, 'image', at)) return [];
      const base = readString(spec, 'baseImage', at);
      if (!base) return [];
      const sha = readString(spec, 'sha', at);
      const tag = readString(spec, 'tag', at) || readString(spec, 'version', at);
      return [{ pointer: `${at}/baseImage`, value: sha ? `${base}@sha256:${sha}` : tag ? `${base}:${tag}` : base }];
    });
}

/** OpenKruise NodeImage: `spec.images` maps a repository to its tags. */
function nodeImages(object: JsonObject): readonly Location[] {
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

/** KubeVirt: an annotation of the machine or its template contains a JSON list of sidecars with an `image` each. */
function hookSidecars(object: JsonObject): readonly Location[] {
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

/** Returns none for a text that is not a JSON list of objects, because the controller then rejects the machine. */
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
