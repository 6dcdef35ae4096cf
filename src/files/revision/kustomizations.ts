/** The kustomizations of a revision, each with the files that it uses. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { isObject } from '../../pod/pointer.ts';
import { contentsOf, isUnchanged, withoutPointer } from '../git/blobs.ts';
import type { TreeIndex } from '../git/tree-index.ts';
import type { GitFile } from '../git/tree.ts';
import { KUSTOMIZATION_NAMES } from '../kustomization.ts';
import { decodeText } from '../load-text.ts';
import { parseDocuments } from '../yaml/yaml.ts';

interface Kustomization {
  /** The directory. */
  readonly path: string;
  /** The kustomization file. */
  readonly file: string;
  /** With those of the kustomizations that it includes. */
  readonly files: readonly GitFile[];
}

export interface Kustomizations {
  /** The directories of kustomizations that are in the revision as they are today. */
  readonly same: ReadonlySet<string>;
  /** Those that differ, and those that do not exist today. */
  readonly differing: readonly Kustomization[];
  /** Those that building needs. */
  readonly files: readonly GitFile[];
  /** All files of all kustomizations. */
  readonly covered: ReadonlySet<string>;
  /** Some kustomizations of today are not in the revision. */
  readonly hasNew: boolean;
}

interface KustomizationInput {
  readonly index: TreeIndex;
  readonly files: readonly GitFile[];
  /** The directories of kustomizations that are built today. */
  readonly today: ReadonlySet<string>;
  readonly isNamed: (file: string) => boolean;
  /** Reports whether a file was not read then. */
  readonly wasIgnored: (file: string) => boolean;
}

export async function kustomizationsIn({
  index,
  files,
  today,
  isNamed,
  wasIgnored,
}: KustomizationInput): Promise<Kustomizations> {
  if (today.size === 0) return { same: new Set(), differing: [], files: [], covered: new Set(), hasNew: false };
  const old = [...today]
    .flatMap((directory) => fileIn(directory, index) ?? [])
    .filter((file) => !wasIgnored(file.path));
  const gone = files.filter(
    (file) => isKustomizationFile(file) && isNamed(file.path) && !wasIgnored(file.path) && !existsSync(file.path),
  );
  const referencesOf = await referencesIn([...old, ...gone], index);
  const all = [...old, ...gone].map((file) => ({
    path: path.dirname(file.path),
    file: file.path,
    files: filesOf(file, referencesOf),
  }));
  const isSame = (one: Kustomization): boolean => one.files.every(isUnchanged);
  const differing = all.filter((one) => !isSame(one));
  return {
    same: new Set(all.filter(isSame).map((one) => one.path)),
    differing,
    files: differing.flatMap((one) => one.files),
    covered: new Set(all.flatMap((one) => one.files.map((file) => file.path))),
    hasNew: old.length < today.size,
  };
}

function isKustomizationFile({ path: file }: GitFile): boolean {
  return KUSTOMIZATION_NAMES.includes(path.basename(file));
}

function fileIn(directory: string, index: TreeIndex): GitFile | undefined {
  return KUSTOMIZATION_NAMES.map((name) => index.file(path.join(directory, name))).find((file) => file !== undefined);
}

type References = ReadonlyMap<GitFile, readonly GitFile[]>;

function filesOf(file: GitFile, references: References): readonly GitFile[] {
  const found = new Set([file]);
  for (const one of found) for (const target of references.get(one) ?? []) found.add(target);
  return [...found];
}

/** Reads the kustomizations level by level, so that one run of git reads all files of a level. */
async function referencesIn(files: readonly GitFile[], index: TreeIndex): Promise<References> {
  const known = new Map<GitFile, readonly GitFile[]>();
  for (let level = [...new Set(files)]; level.length > 0;) {
    const next = new Set<GitFile>();
    for await (const [file, content] of contentsOf(level)) {
      const found = withoutPointer(file, content);
      const { files: all, read } = targetsIn(file, 'bytes' in found ? found.bytes : Buffer.alloc(0), index);
      known.set(file, all);
      for (const one of read) next.add(one);
    }
    level = [...next].filter((file) => !known.has(file));
  }
  return known;
}

interface Targets {
  readonly files: readonly GitFile[];
  /** The files that can refer to others. */
  readonly read: readonly GitFile[];
}

/** Files under these keys configure kustomize, and can refer to other files. */
const CONFIGURING: ReadonlySet<string> = new Set([
  'configurations',
  'generators',
  'replacements',
  'transformers',
  'validators',
]);

/** Each text that is the path of a file, or of a directory with a kustomization, can be a reference: better one file too many. */
function targetsIn(file: GitFile, bytes: Buffer, index: TreeIndex): Targets {
  const decoded = decodeText(bytes);
  const documents = 'text' in decoded ? parseDocuments(decoded.text) : [];
  const entries = documents.flatMap((document) =>
    document.ok && isObject(document.value) ? Object.entries(document.value) : [],
  );
  const targets = entries.flatMap(([key, value]) =>
    textsIn(value).flatMap((text) =>
      targetsOf(text, path.dirname(file.path), index).map((target) => ({ key, target })),
    ),
  );
  const refers = (key: string, target: GitFile): boolean =>
    isKustomizationFile(target) || CONFIGURING.has(key) || !isKustomizationFile(file);
  return {
    files: targets.map(({ target }) => target),
    read: targets.filter(({ key, target }) => refers(key, target)).map(({ target }) => target),
  };
}

/** `name=path` in generators. */
function targetsOf(text: string, directory: string, index: TreeIndex): readonly GitFile[] {
  if (text.length > MAX_PATH) return [];
  return [text, text.slice(text.indexOf('=') + 1)].flatMap((one) => {
    const at = path.resolve(directory, one);
    return index.file(at) ?? fileIn(at, index) ?? [];
  });
}

const MAX_PATH = 4096;

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
