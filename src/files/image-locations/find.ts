/** A file -> every image in it. What a file is, its contents say, and its name where they cannot. */
import type { ImagesEntry } from '../../pinning/kustomization.ts';
import type { ImageLocation, LocationFormat } from '../../pinning/image-location.ts';
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
import type { DocumentContext } from './document-context.ts';
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
  readonly format: LocationFormat | undefined;
  readonly locations: readonly ImageLocation[];
  /** Images that are not pinned here, but changed by kustomizations. */
  readonly hidden: readonly ImageLocation[];
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
  readonly patches: readonly ImageLocation[];
  /** What brings in images that are not read. */
  readonly unseen: readonly string[];
}

const NOTHING: FoundImages = {
  format: undefined,
  locations: [],
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
    locations: found.flatMap(({ locations }) => locations),
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
  const context = (format: LocationFormat): DocumentContext => ({ text, document, format });
  if (isKustomization(file, value)) return inKustomization(context('kustomization'), value, options);
  // A recording says what was asked once, not what shall run.
  if (isReview(value) && itemsOfList(value) === undefined) return NOTHING;
  const patched = inPatch(context('patch'), options.patchTargets?.(file), options);
  if (patched !== undefined) return patched;
  if (isManifest(value)) return inManifest(file, context('manifest'), options);
  if (isCompose(file, value)) {
    const locations = composeImages(context('compose'));
    return { ...NOTHING, format: 'compose', locations, builds: composeBuilds(value) };
  }
  const locations = helmImages(context('helm-values'), options.helmImages);
  return locations.length === 0
    ? { ...NOTHING, fields: fieldSpecsIn(value) }
    : { ...NOTHING, format: 'helm-values', locations, pointers: leadingPointers(value, options.helmImages) };
}

function inKustomization(context: DocumentContext, value: JsonObject, { kinds }: FindOptions): FoundImages {
  const transformers = inlineTransformers(context, value);
  const entries = imagesEntries(context, value);
  const patches = inlinePatchImages(context, value, kinds);
  const replaced = replacedImages(context, { pointer: '/replacements', value: value['replacements'], kinds });
  return {
    ...NOTHING,
    format: 'kustomization',
    locations: [...entries.map(({ location }) => location), ...patches, ...replaced, ...transformers.locations],
    retagged: transformers.names,
    uses: [...cutFields(value['replacements'], kinds), ...inlineComparedFields(value, kinds)],
    kustomization: {
      ...referencesOf(value),
      isComponent: value['kind'] === 'Component',
      entries,
      patches,
      unseen: unseenSources(value),
    },
    notices: unseenIn(context, value),
  };
}

/** Undefined where the document is no patch: what it patches is not known, and it does not look like one. */
function inPatch(
  context: DocumentContext,
  targets: readonly unknown[] | undefined,
  { kinds }: FindOptions,
): FoundImages | undefined {
  const { value } = context.document;
  const found = { ...NOTHING, format: 'patch' as const };
  if (isReplacements(value))
    return {
      ...found,
      locations: replacedImages(context, { pointer: '', value, kinds }),
      uses: cutFields(value, kinds),
    };
  const transformer = imageTransformer(context);
  if (transformer !== undefined) return { ...found, locations: transformer.locations, retagged: transformer.names };
  if (targets === undefined && !isJsonPatch(value)) return undefined;
  const patched = { kinds, targets: targets ?? [] };
  return { ...found, locations: patchImages(context, patched), uses: comparedFields(value, patched) };
}

function inManifest(file: string, context: DocumentContext, { kinds }: FindOptions): FoundImages {
  const { locations, hidden, faults } = manifestImages(context, kinds);
  const objects = objectsIn(context.document, file, { kinds, namespace: 'default' });
  const placed = faults.map(({ pointer, problem }) => {
    const { line, column } = context.document.positionOf(pointer);
    return { line, column, message: `${pointer || '/'}: ${problem}` };
  });
  return { ...NOTHING, format: 'manifest', locations, hidden, faults: placed, unseen: [unseenObjects(objects, kinds)] };
}
