/** A file -> every image in it. What a file is, its contents say, and its name where they cannot. */
import type { ImagesEntry } from '../../pinning/kustomization.ts';
import type { ImagePlace, PlaceFormat } from '../../pinning/image-location.ts';
import type { KindTable } from '../../pod/kinds.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import { isReview } from '../../admission/review.ts';
import { isKustomization } from '../kustomization.ts';
import { type KustomizationReferences, referencesOf } from '../kustomization-references.ts';
import { itemsOfList } from '../lists.ts';
import { objectsIn } from '../manifest-objects.ts';
import { type UnseenObjects, unseenObjects } from '../unseen-objects.ts';
import { isManifestName } from '../walk.ts';
import { type ParsedDocument, readDocuments } from '../yaml/yaml.ts';
import type { FieldSpec, FieldUse } from '../../pinning/field-specs.ts';
import { type ComposeBuild, composeBuilds } from './compose/builds.ts';
import { composeImages, isCompose } from './compose/compose.ts';
import type { Build } from './dockerfile/images.ts';
import { isDockerfile, isNamedOnly, looksLikeDockerfile, readDockerfile } from './dockerfile/dockerfile.ts';
import { fieldSpecsIn } from './kustomize/field-specs.ts';
import { helmImages, leadingPointers } from './helm-values.ts';
import { imageTransformer, inlineTransformers } from './kustomize/image-transformers.ts';
import { inlineComparedFields, inlinePatchImages } from './kustomize/inline-patches.ts';
import { imagesEntries } from './kustomize/images-entries.ts';
import { isManifest, manifestImages } from './manifests.ts';
import { comparedFields, isJsonPatch, patchImages } from './kustomize/patches.ts';
import { cutFields, isReplacements, replacedImages } from './kustomize/replacements.ts';
import type { PlaceFault } from './location-fault.ts';
import type { Scene } from './document-context.ts';
import { unseenIn, unseenSources } from './kustomize/unread-sources.ts';

export interface FindOptions {
  readonly kinds: KindTable;
  /** Where images stand in Helm values: JSON pointers. */
  readonly helmImages: readonly string[];
  /** What a kustomization says that the file patches, where one names it as a patch and none as a resource. */
  readonly patchTargets?: (file: string) => readonly unknown[] | undefined;
  /** The builds of a Dockerfile that Compose files describe. */
  readonly buildsOf?: (file: string) => readonly Build[];
}

export interface FoundImages {
  /** Of the first document that is known; undefined: nothing in the file is. */
  readonly format: PlaceFormat | undefined;
  readonly places: readonly ImagePlace[];
  /** Images that are not pinned here, but changed by kustomizations. */
  readonly hidden: readonly ImagePlace[];
  readonly kustomization: FoundKustomization | undefined;
  /** Of a file under `configurations`. */
  readonly fields: readonly FieldSpec[];
  /** Of a Compose file. */
  readonly builds: readonly ComposeBuild[];
  /** Of transformers that change images. */
  readonly retagged: readonly string[];
  /** Of replacements that take images apart, and of patches that compare them. */
  readonly uses: readonly FieldUse[];
  /** Those of `helmImages` that lead somewhere. */
  readonly pointers: readonly string[];
  readonly faults: readonly PlaceFault[];
  /** Images that are not seen here. */
  readonly notices: readonly PlaceFault[];
  /** For one notice about all files. */
  readonly unseen: readonly UnseenObjects[];
}

export interface FoundKustomization extends KustomizationReferences {
  readonly isComponent: boolean;
  readonly entries: readonly ImagesEntry[];
  /** Images of the patches that are written into it. */
  readonly patches: readonly ImagePlace[];
  /** What brings in images that are not read. */
  readonly unseen: readonly string[];
}

const NOTHING: FoundImages = {
  format: undefined,
  places: [],
  hidden: [],
  kustomization: undefined,
  fields: [],
  uses: [],
  builds: [],
  retagged: [],
  pointers: [],
  faults: [],
  notices: [],
  unseen: [],
};

export function findImages(file: string, text: string, options: FindOptions): FoundImages {
  if (isNamedOnly(file, text)) return NOTHING;
  if (isDockerfile(file) || (!isManifestName(file) && looksLikeDockerfile(text)))
    return { ...NOTHING, format: 'dockerfile', ...readDockerfile(text, options.buildsOf?.(file)) };
  const found = readDocuments(text).map((document): FoundImages => {
    if (document.ok) return inDocument({ file, text, document }, options);
    const { line, column, problem: message } = document;
    return { ...NOTHING, faults: [{ line, column, message }] };
  });
  return {
    format: found.find(({ format }) => format !== undefined)?.format,
    places: found.flatMap(({ places }) => places),
    hidden: found.flatMap(({ hidden }) => hidden),
    fields: found.flatMap(({ fields }) => fields),
    uses: found.flatMap(({ uses }) => uses),
    builds: found.flatMap(({ builds }) => builds),
    retagged: found.flatMap(({ retagged }) => retagged),
    kustomization: found.find(({ kustomization }) => kustomization !== undefined)?.kustomization,
    pointers: found.flatMap(({ pointers }) => pointers),
    faults: found.flatMap(({ faults }) => faults),
    notices: found.flatMap(({ notices }) => notices),
    unseen: found.flatMap(({ unseen }) => unseen),
  };
}

/** What is worth opening when a folder is named. */
export const PIN_NAMES = {
  accepts: (name: string): boolean => isManifestName(name) || isDockerfile(name) || name === 'Kustomization',
  described: '.yaml, .yml, .json or Dockerfile',
};

interface Opened {
  readonly file: string;
  readonly text: string;
  readonly document: Extract<ParsedDocument, { readonly ok: true }>;
}

function inDocument(opened: Opened, options: FindOptions): FoundImages {
  const { file, text, document } = opened;
  const { value } = document;
  const scene = (format: PlaceFormat): Scene => ({ text, document, format });
  if (isKustomization(file, value)) return inKustomization(scene('kustomization'), value, options);
  // A recording says what was asked once, not what shall run.
  if (isReview(value) && itemsOfList(value) === undefined) return NOTHING;
  const patched = inPatch(scene('patch'), options.patchTargets?.(file), options);
  if (patched !== undefined) return patched;
  if (isManifest(value)) return inManifest(file, scene('manifest'), options);
  if (isCompose(file, value)) {
    const places = composeImages(scene('compose'));
    return { ...NOTHING, format: 'compose', places, builds: composeBuilds(value) };
  }
  const places = helmImages(scene('helm-values'), options.helmImages);
  return places.length === 0
    ? { ...NOTHING, fields: fieldSpecsIn(value) }
    : { ...NOTHING, format: 'helm-values', places, pointers: leadingPointers(value, options.helmImages) };
}

function inKustomization(scene: Scene, value: JsonObject, { kinds }: FindOptions): FoundImages {
  const transformers = inlineTransformers(scene, value);
  const entries = imagesEntries(scene, value);
  const patches = inlinePatchImages(scene, value, kinds);
  const replaced = replacedImages(scene, { pointer: '/replacements', value: value['replacements'], kinds });
  return {
    ...NOTHING,
    format: 'kustomization',
    places: [...entries.map(({ place }) => place), ...patches, ...replaced, ...transformers.places],
    retagged: transformers.names,
    uses: [...cutFields(value['replacements'], kinds), ...inlineComparedFields(value, kinds)],
    kustomization: {
      ...referencesOf(value),
      isComponent: value['kind'] === 'Component',
      entries,
      patches,
      unseen: unseenSources(value),
    },
    notices: unseenIn(scene, value),
  };
}

/** Undefined where the document is no patch: what it patches is not known, and it does not look like one. */
function inPatch(
  scene: Scene,
  targets: readonly unknown[] | undefined,
  { kinds }: FindOptions,
): FoundImages | undefined {
  const { value } = scene.document;
  const found = { ...NOTHING, format: 'patch' as const };
  if (isReplacements(value))
    return { ...found, places: replacedImages(scene, { pointer: '', value, kinds }), uses: cutFields(value, kinds) };
  const transformer = imageTransformer(scene);
  if (transformer !== undefined) return { ...found, places: transformer.places, retagged: transformer.names };
  if (targets === undefined && !isJsonPatch(value)) return undefined;
  const patched = { kinds, targets: targets ?? [] };
  return { ...found, places: patchImages(scene, patched), uses: comparedFields(value, patched) };
}

function inManifest(file: string, scene: Scene, { kinds }: FindOptions): FoundImages {
  const { places, hidden, faults } = manifestImages(scene, kinds);
  const objects = objectsIn(scene.document, file, { kinds, namespace: 'default' });
  const placed = faults.map(({ pointer, problem }) => {
    const { line, column } = scene.document.positionOf(pointer);
    return { line, column, message: `${pointer || '/'}: ${problem}` };
  });
  return { ...NOTHING, format: 'manifest', places, hidden, faults: placed, unseen: [unseenObjects(objects, kinds)] };
}
