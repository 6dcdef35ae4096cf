/** Finds the kustomizations among the input files, and loads the files that they include. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { loadInputs } from './input-texts.ts';
import { KUSTOMIZATION_NAMES } from './kustomization.ts';
import type { KustomizationReferences, PatchFile } from './kustomization.ts';
import { findImages } from './image-locations/find.ts';
import type { FileImages, FindOptions, KustomizationImages } from './image-locations/format.ts';
import { type Builds, buildsOf, type Inclusion, type Kustomization } from '../pinning/kustomize/builds.ts';
import { maskPassword } from '../image/password.ts';
import { quoteValue } from '../image/quote.ts';
import type { InputNotice } from './skipped-files.ts';

/** A file by its real path. */
export interface KnownFile {
  /** The path in messages. */
  readonly file: string;
  /** The directories that references start from; links to a kustomization can be in several directories. */
  readonly folders: ReadonlySet<string>;
  readonly found: FileImages;
  /** Whether the user named the file or its directory; other files are never changed. */
  readonly isGiven: boolean;
}

export type KnownFiles = ReadonlyMap<string, KnownFile>;

/** Returns the path after all links. A pipe has no real path. */
export function realPathOf(file: string): string {
  return existsSync(file) && statSync(file).isFile() ? realpathSync(file) : path.resolve(file);
}

/** Returns the directory of a file, or of a link to it. */
export function folderOf(file: string): string {
  const folder = path.dirname(path.resolve(file));
  return existsSync(folder) ? realpathSync(folder) : folder;
}

interface Target {
  /** The real path of a file. */
  readonly id: string;
  readonly folder: string;
}

/** Adds the files that kustomizations refer to and that the user did not name. */
export async function withIncluded(given: KnownFiles, options: FindOptions): Promise<KnownFiles> {
  const known = new Map(given);
  const waiting = [...given].flatMap(([id, { folders }]) => [...folders].map((folder): Target => ({ id, folder })));
  for (const { id, folder } of waiting) {
    for (const reference of referencesIn(known.get(id)).all) {
      const target = targetOf(folder, reference);
      const before = target && known.get(target.id);
      if (target === undefined || before?.folders.has(target.folder)) continue;
      const patches = referencesIn(known.get(id)).patchFiles.filter((one) => one.path === reference);
      const file = before ?? (await fileAt(target, patches.length > 0 ? asPatch(options, patches) : options));
      if (file === undefined) continue;
      known.set(target.id, { ...file, folders: new Set([...file.folders, target.folder]) });
      waiting.push(target);
    }
  }
  return known;
}

function referencesIn(
  file: KnownFile | undefined,
): Pick<KustomizationReferences, 'patchFiles'> & { readonly all: readonly string[] } {
  const {
    resources = [],
    components = [],
    patchFiles = [],
    replacementFiles = [],
    configurations = [],
    transformers = [],
  } = file?.found.kustomization ?? {};
  return {
    patchFiles,
    all: [
      ...resources,
      ...components,
      ...patchFiles.map((one) => one.path),
      ...replacementFiles,
      ...configurations,
      ...transformers,
    ],
  };
}

function asPatch(options: FindOptions, patches: readonly PatchFile[]): FindOptions {
  const targets = patches.flatMap((one) => one.targets);
  return { ...options, patchTargets: () => targets };
}

async function fileAt({ id, folder }: Target, options: FindOptions): Promise<KnownFile | undefined> {
  for await (const input of loadInputs([id])) {
    if (!('text' in input)) continue;
    const found = findImages(id, input.text, options);
    return { file: path.relative('.', id), folders: new Set([folder]), found, isGiven: false };
  }
  return undefined;
}

/** Returns a file, or the kustomization in a directory; undefined: not a local file, such as a URL. */
function targetOf(folder: string, reference: string): Target | undefined {
  const target = path.resolve(folder, reference);
  if (!existsSync(target)) return undefined;
  const stats = statSync(target);
  // Reading a pipe or a device can block.
  if (!stats.isFile() && !stats.isDirectory()) return undefined;
  const real = realpathSync(target);
  if (stats.isFile()) return { id: real, folder: folderOf(target) };
  const name = KUSTOMIZATION_NAMES.find((one) => existsSync(path.join(real, one)));
  return name === undefined ? undefined : { id: realpathSync(path.join(real, name)), folder: real };
}

export interface Parts {
  /** The real paths of a kustomization and of all files that it uses, also through others. */
  readonly ids: ReadonlySet<string>;
  /** References that lead to no file, such as URLs. */
  readonly lost: readonly string[];
}

export function partsOf(id: string, known: KnownFiles): Parts {
  const ids = new Set([id]);
  const lost = new Set<string>();
  for (const one of ids) {
    for (const { reference, target } of targetsIn(known.get(one))) {
      if (target !== undefined && known.has(target.id)) ids.add(target.id);
      else lost.add(reference);
    }
  }
  return { ids, lost: [...lost] };
}

function targetsIn(
  file: KnownFile | undefined,
): readonly { readonly reference: string; readonly target?: Target | undefined }[] {
  return [...(file?.folders ?? [])].flatMap((folder) =>
    referencesIn(file).all.map((reference) => ({ reference, target: targetOf(folder, reference) })),
  );
}

/** Returns the targets of files that kustomizations use only as patches, not as resources. */
export function patchesOnly(known: KnownFiles): ReadonlyMap<string, readonly unknown[]> {
  const all = [...known.values()].flatMap(({ folders, found: { kustomization } }) =>
    kustomization === undefined ? [] : [...folders].map((folder) => ({ folder, kustomization })),
  );
  const idOf = (folder: string, reference: string): string => targetOf(folder, reference)?.id ?? '';
  const resources = new Set(
    all.flatMap(({ folder, kustomization }) => kustomization.resources.map((one) => idOf(folder, one))),
  );
  const patches = Map.groupBy(
    all.flatMap(({ folder, kustomization }) =>
      kustomization.patchFiles.map((one) => ({ id: idOf(folder, one.path), targets: one.targets })),
    ),
    ({ id }) => id,
  );
  return new Map(
    [...patches]
      .filter(([id]) => !resources.has(id))
      .map(([id, named]) => [id, named.flatMap(({ targets }) => targets)]),
  );
}

export function buildsIn(known: KnownFiles): Builds {
  const made = new Map<string, Kustomization>();
  const get = (target: Target, found: KustomizationImages): Kustomization => {
    const key = JSON.stringify(target);
    const one = made.get(key) ?? kustomizationAt(target, found, { known, get });
    made.set(key, one);
    return one;
  };
  return buildsOf(
    [...known].flatMap(([id, { folders, found, isGiven }]) => {
      const { kustomization } = found;
      return isGiven && kustomization !== undefined
        ? [...folders].map((folder) => get({ id, folder }, kustomization))
        : [];
    }),
  );
}

interface BuildContext {
  readonly known: KnownFiles;
  readonly get: (target: Target, found: KustomizationImages) => Kustomization;
}

function kustomizationAt(
  { id, folder }: Target,
  found: KustomizationImages,
  { known, get }: BuildContext,
): Kustomization {
  const includedAt = (reference: string): Inclusion => {
    const target = targetOf(folder, reference);
    const file = target && known.get(target.id);
    if (target === undefined || file === undefined) return { state: 'unread', why: unreadText(reference) };
    const { kustomization, locations, hidden } = file.found;
    if (kustomization === undefined) return { state: 'objects', locations: [...locations, ...hidden] };
    return { state: 'kustomization', get: () => get(target, kustomization) };
  };
  const retaggedAt = (file: string): readonly string[] => {
    const { retagged = [], kustomization } = known.get(file)?.found ?? {};
    const inside = file === id ? [] : (kustomization?.resources ?? []);
    const at = inside.map((one) => targetOf(path.dirname(file), one)?.id ?? '');
    return [...retagged, ...at.flatMap((one) => known.get(one)?.found.retagged ?? [])];
  };
  const foundAt = (reference: string): FileImages | undefined =>
    known.get(targetOf(folder, reference)?.id ?? '')?.found;
  const { isComponent, entries, resources, components, patches, patchFiles, transformers, unseen } = found;
  return {
    file: known.get(id)?.file ?? id,
    isComponent,
    resources: resources.map(includedAt),
    components: components.map(includedAt),
    patches: [...patches, ...patchFiles.flatMap((one) => foundAt(one.path)?.locations ?? [])],
    entries,
    fields: found.configurations.flatMap((one) => foundAt(one)?.fields ?? []),
    uses: [
      known.get(id)?.found,
      ...found.replacementFiles.map(foundAt),
      ...patchFiles.map((one) => foundAt(one.path)),
    ].flatMap((one) => one?.uses ?? []),
    retagged: [id, ...transformers.map((one) => targetOf(folder, one)?.id ?? '')].flatMap(retaggedAt),
    unseen,
  };
}

function unreadText(reference: string): string {
  return `${quoteValue(maskPassword(reference))} cannot be read`;
}

/** Reports references of kustomizations that cannot be read, usually URLs. */
export function unreadIn(known: KnownFiles): readonly InputNotice[] {
  return [...known.values()].flatMap((file) => {
    const unread = [...file.folders].flatMap((folder) =>
      referencesIn(file).all.filter((reference) => !known.has(targetOf(folder, reference)?.id ?? '')),
    );
    return [...new Set(file.isGiven ? unread : [])].map((reference) => {
      const message = `${unreadText(reference)}, so its images are not checked`;
      return { file: file.file, line: null, column: null, message };
    });
  });
}
