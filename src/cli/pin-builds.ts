/** The kustomizations among the files, with what they include: read from disk where it was not given. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { loadInputs } from '../files/documents.ts';
import { KUSTOMIZATION_NAMES } from '../files/kustomization.ts';
import type { KustomizationReferences } from '../files/kustomization-references.ts';
import { type FindOptions, findImages, type FoundImages, type FoundKustomization } from '../files/places/find.ts';
import { type Builds, buildsOf, type Included, type Kustomization } from '../pinning/builds.ts';
import { maskPassword } from '../image/password.ts';
import { quoteValue } from '../image/quote.ts';
import type { ImagePlace } from '../pinning/place.ts';
import type { PinErrorRow } from '../report/pins.ts';

/** A file by its real path. */
export interface KnownFile {
  /** As it is named in messages. */
  readonly file: string;
  readonly found: FoundImages;
  /** Whether the user named it, or its directory: no other file is changed. */
  readonly isGiven: boolean;
}

export type KnownFiles = ReadonlyMap<string, KnownFile>;

/** The file itself, whatever links lead there. A pipe has no real path. */
export function realPathOf(file: string): string {
  return existsSync(file) && statSync(file).isFile() ? realpathSync(file) : path.resolve(file);
}

/** Adds what kustomizations refer to and what was not given. */
export async function withIncluded(given: KnownFiles, options: FindOptions): Promise<KnownFiles> {
  const known = new Map(given);
  const waiting = [...given.keys()];
  for (const id of waiting) {
    const { resources, components, patchFiles } = known.get(id)?.found.kustomization ?? NO_REFERENCES;
    for (const reference of [...resources, ...components, ...patchFiles]) {
      const target = targetOf(id, reference);
      if (target === undefined || known.has(target)) continue;
      const found = await foundIn(target, patchFiles.includes(reference) ? asPatch(options) : options);
      if (found === undefined) continue;
      known.set(target, { file: path.relative('.', target), found, isGiven: false });
      waiting.push(target);
    }
  }
  return known;
}

const asPatch = (options: FindOptions): FindOptions => ({ ...options, isPatch: () => true });

const NO_REFERENCES: KustomizationReferences = { resources: [], components: [], patchFiles: [] };

async function foundIn(file: string, options: FindOptions): Promise<FoundImages | undefined> {
  for await (const input of loadInputs([file])) if ('text' in input) return findImages(file, input.text, options);
  return undefined;
}

/** The real path of a file, or of the kustomization in a directory; undefined for what is not here, such as a URL. */
function targetOf(id: string, reference: string): string | undefined {
  const target = path.resolve(path.dirname(id), reference);
  if (!existsSync(target)) return undefined;
  const real = realpathSync(target);
  if (!statSync(real).isDirectory()) return real;
  const name = KUSTOMIZATION_NAMES.find((one) => existsSync(path.join(real, one)));
  return name === undefined ? undefined : realpathSync(path.join(real, name));
}

/** Files that are named as patches by a kustomization, and as resources by none. */
export function patchesOnly(known: KnownFiles): ReadonlySet<string> {
  const named = (list: (found: FoundKustomization) => readonly string[]): readonly (string | undefined)[] =>
    [...known].flatMap(([id, { found }]) =>
      found.kustomization === undefined ? [] : list(found.kustomization).map((one) => targetOf(id, one)),
    );
  const resources = new Set(named((one) => one.resources));
  const patches = named((one) => one.patchFiles).filter((one) => one !== undefined);
  return new Set(patches.filter((one) => !resources.has(one)));
}

export function buildsIn(known: KnownFiles): Builds {
  const made = new Map<string, Kustomization>();
  const get = (id: string, found: FoundKustomization): Kustomization => {
    const before = made.get(id);
    if (before !== undefined) return before;
    const { isComponent, entries } = found;
    const includedAt = (reference: string): Included => {
      const target = targetOf(id, reference);
      const file = target === undefined ? undefined : known.get(target);
      if (target === undefined || file === undefined) return { state: 'unread', name: reference };
      const { kustomization, places } = file.found;
      if (kustomization === undefined) return { state: 'objects', places };
      return { state: 'kustomization', get: () => get(target, kustomization) };
    };
    const one: Kustomization = {
      file: known.get(id)?.file ?? id,
      isComponent,
      resources: found.resources.map(includedAt),
      components: found.components.map(includedAt),
      patches: [...found.patches, ...found.patchFiles.flatMap((patch) => placesAt(known, targetOf(id, patch)))],
      entries,
    };
    made.set(id, one);
    return one;
  };
  return buildsOf(
    [...known].flatMap(([id, { found, isGiven }]) =>
      isGiven && found.kustomization !== undefined ? [get(id, found.kustomization)] : [],
    ),
  );
}

function placesAt(known: KnownFiles, id: string | undefined): readonly ImagePlace[] {
  return (id === undefined ? undefined : known.get(id)?.found.places) ?? [];
}

/** What kustomizations refer to and is not here: URLs, mostly. */
export function unreadIn(known: KnownFiles): readonly PinErrorRow[] {
  return [...known].flatMap(([id, { file, found, isGiven }]) => {
    const { resources, components, patchFiles } = isGiven ? (found.kustomization ?? NO_REFERENCES) : NO_REFERENCES;
    return [...resources, ...components, ...patchFiles]
      .filter((reference) => !known.has(targetOf(id, reference) ?? ''))
      .map((reference) => {
        const message = `${quoteValue(maskPassword(reference))} cannot be read, so its images are not checked`;
        return { file, line: null, column: null, message };
      });
  });
}
