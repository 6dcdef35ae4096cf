/** Converts manifests, lists, and recorded reviews in files to admission requests with locations, and reports skipped inputs. */
import { parseBesideReport } from './helm-report.ts';
import { isKustomization } from './kustomization.ts';
import { type Kustomization, partsOfKustomizations } from './kustomization-parts.ts';
import { type Input, loadInputs } from './input-texts.ts';
import { type InputNotice, type SkippedFile, skippedNotices, mayBeManifest } from './skipped-files.ts';
import {
  type ObjectsAndErrors,
  type InputError,
  type Manifest,
  type ObjectOptions,
  addObjects,
} from './manifest-objects.ts';
import { isReadByKubectl } from './load-text.ts';
import { repeatedKeyNotices } from './yaml/repeated-keys.ts';
import { uncheckedNotices, uncheckedObjects } from './unchecked-objects.ts';
import type { ParsedDocument } from './yaml/yaml.ts';

export type { InputError, Manifest };

export function unreadable(file: string, message: string): InputError {
  return { file, line: null, column: null, document: null, message };
}

export interface Manifests {
  /** Files that were read, or should have been. */
  readonly files: number;
  readonly documents: number;
  readonly kustomizations: number;
  readonly manifests: readonly Manifest[];
  readonly errors: readonly InputError[];
  /** Inputs that are not evaluated, or that have another meaning than expected. */
  readonly notices: readonly InputNotice[];
}

export interface ManifestOptions extends ObjectOptions {
  /** The input for `-`. */
  readonly stdin: AsyncIterable<Uint8Array | string>;
}

interface InputObjects extends ObjectsAndErrors {
  documents: number;
  readonly kustomizations: Kustomization[];
  readonly repeated: InputNotice[];
}

export async function loadManifests(paths: readonly string[], options: ManifestOptions): Promise<Manifests> {
  const all = nothing();
  const skipped: SkippedFile[] = [];
  let files = 0;
  for await (const input of loadInputs(paths, { ...options, onSkipped: (one) => void skipped.push(one) })) {
    const loaded = readInput(input, options);
    if (input.hidden && isIrrelevant(input, loaded)) {
      skipped.push({ path: input.path, why: 'hidden' });
    } else {
      files += 1;
      merge(all, loaded);
    }
  }
  const { manifests, errors, without } = partsOfKustomizations(all, options.kinds);
  return {
    files,
    documents: all.documents,
    kustomizations: all.kustomizations.length,
    manifests,
    errors,
    notices: [
      ...all.repeated,
      ...uncheckedNotices(uncheckedObjects(manifests, options.kinds), 'evaluated'),
      ...skippedNotices([...skipped, ...without], 'Kubernetes object'),
    ],
  };
}

/** A hidden file that is not a manifest is not an error. */
function isIrrelevant(input: Input, { manifests, kustomizations, errors, nonObjects }: InputObjects): boolean {
  if (manifests.length + kustomizations.length > 0) return false;
  if ('problem' in input) return !isReadByKubectl(input.problem);
  return errors.every((error) => nonObjects.has(error)) || !mayBeManifest(input.text);
}

function nothing(): InputObjects {
  return { documents: 0, kustomizations: [], repeated: [], manifests: [], errors: [], nonObjects: new Set() };
}

function merge(all: InputObjects, more: InputObjects): void {
  all.documents += more.documents;
  for (const one of more.kustomizations) all.kustomizations.push(one);
  for (const one of more.repeated) all.repeated.push(one);
  for (const one of more.manifests) all.manifests.push(one);
  for (const one of more.errors) all.errors.push(one);
  for (const one of more.nonObjects) all.nonObjects.add(one);
}

function readInput(input: Input, options: ObjectOptions): InputObjects {
  const loaded = nothing();
  const { path: file } = input;
  if ('problem' in input) {
    loaded.errors.push(unreadable(file, input.problem));
    return loaded;
  }
  const documents = parseBesideReport(input.text);
  for (const document of documents) {
    loaded.documents += 1;
    if (!document.ok) loaded.errors.push(syntaxError(document, file));
    else if (isKustomization(file, document.value)) loaded.kustomizations.push({ file, value: document.value });
    else addObjects(document, file, loaded, options);
  }
  loaded.repeated.push(...repeatedKeyNotices(file, documents));
  return loaded;
}

function syntaxError(
  { line, column, index, problem }: Extract<ParsedDocument, { readonly ok: false }>,
  file: string,
): InputError {
  return { file, line, column, document: index + 1, message: problem };
}
