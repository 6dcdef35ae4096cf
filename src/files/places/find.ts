/** A file -> every image in it. What a file is, its contents say, and its name where they cannot. */
import path from 'node:path';
import type { ImagePlace, PlaceFormat } from '../../pinning/place.ts';
import type { KindTable } from '../../pod/kinds.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import { isReview } from '../../admission/review.ts';
import { isKustomization } from '../kustomization.ts';
import { referencesOf } from '../kustomization-references.ts';
import { itemsOfList } from '../lists.ts';
import { type ParsedDocument, readDocuments } from '../yaml.ts';
import { composeImages, isCompose } from './compose.ts';
import { dockerfileImages, isDockerfile, looksLikeDockerfile } from './dockerfile.ts';
import { helmImages, leadingPointers } from './helm-values.ts';
import { kustomizationImages, replacedNames } from './kustomization.ts';
import { isManifest, manifestImages } from './manifests.ts';
import type { Scene } from './scene.ts';

export interface FindOptions {
  readonly kinds: KindTable;
  /** Where images stand in Helm values: JSON pointers. */
  readonly helmImages: readonly string[];
}

export interface PlaceFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface FoundImages {
  /** Of the first document that is known; undefined: nothing in the file is. */
  readonly format: PlaceFormat | undefined;
  readonly places: readonly ImagePlace[];
  /** Names that a kustomization replaces in the manifests: they need not be images of any registry. */
  readonly replaced: readonly string[];
  /** What a kustomization includes, as it is written there. */
  readonly includes: readonly string[];
  /** Those of `helmImages` that lead somewhere. */
  readonly pointers: readonly string[];
  readonly faults: readonly PlaceFault[];
}

export function findImages(file: string, text: string, options: FindOptions): FoundImages {
  if (isDockerfile(file) || (!isYamlName(file) && looksLikeDockerfile(text))) {
    return {
      format: 'dockerfile',
      places: dockerfileImages(text),
      replaced: [],
      includes: [],
      pointers: [],
      faults: [],
    };
  }
  const places: ImagePlace[] = [];
  const replaced: string[] = [];
  const includes: string[] = [];
  const pointers: string[] = [];
  const faults: PlaceFault[] = [];
  let format: PlaceFormat | undefined;
  for (const document of readDocuments(text)) {
    if (!document.ok) {
      faults.push({ line: document.line, column: document.column, message: document.problem });
      continue;
    }
    const found = inDocument({ file, text, document }, options);
    format ??= found.format;
    places.push(...found.places);
    replaced.push(...found.replaced);
    includes.push(...found.includes);
    pointers.push(...found.pointers);
    faults.push(...found.faults);
  }
  return { format, places, replaced, includes, pointers, faults };
}

function isYamlName(file: string): boolean {
  return ['.yaml', '.yml', '.json'].includes(path.extname(file).toLowerCase());
}

/** What is worth opening when a folder is named. */
export const PIN_NAMES = {
  accepts: (name: string): boolean => isYamlName(name) || isDockerfile(name) || name === 'Kustomization',
  described: '.yaml, .yml, .json or Dockerfile',
};

function includesOf(kustomization: JsonObject): readonly string[] {
  const { resources, components } = referencesOf(kustomization);
  return [...resources, ...components];
}

interface Opened {
  readonly file: string;
  readonly text: string;
  readonly document: Extract<ParsedDocument, { readonly ok: true }>;
}

const NOTHING: FoundImages = { format: undefined, places: [], replaced: [], includes: [], pointers: [], faults: [] };

function inDocument({ file, text, document }: Opened, { kinds, helmImages: pointers }: FindOptions): FoundImages {
  const { value } = document;
  const scene = (format: PlaceFormat): Scene => ({ text, document, format });
  if (isKustomization(file, value))
    return {
      ...NOTHING,
      format: 'kustomization',
      places: kustomizationImages(scene('kustomization')),
      replaced: replacedNames(value),
      includes: includesOf(value),
    };
  // A recording says what was asked once, not what shall run.
  if (isReview(value) && itemsOfList(value) === undefined) return NOTHING;
  if (isManifest(value)) {
    const { places, faults } = manifestImages(scene('manifest'), kinds);
    const placed = faults.map(({ pointer, problem }) => {
      const { line, column } = document.positionOf(pointer);
      return { line, column, message: `${pointer || '/'}: ${problem}` };
    });
    return { ...NOTHING, format: 'manifest', places, faults: placed };
  }
  if (isCompose(file, value)) return { ...NOTHING, format: 'compose', places: composeImages(scene('compose')) };
  const places = helmImages(scene('helm-values'), pointers);
  return places.length === 0
    ? NOTHING
    : { ...NOTHING, format: 'helm-values', places, pointers: leadingPointers(value, pointers) };
}
