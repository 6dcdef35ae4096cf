/** Compares objects in files with a git revision. Only files that differ from it are read from git. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import { isUnchanged } from '../git/blobs.ts';
import { commitOf } from '../git/commit.ts';
import { type GitEnvironment, type Repository, repositoryOf } from '../git/repository.ts';
import { type GitFile, type GitTree, treeAt } from '../git/tree.ts';
import { CHECKED_NAMES } from '../input-texts.ts';
import type { Manifest } from '../manifest-objects.ts';
import type { CollectOptions, Manifests } from '../manifests.ts';
import { isRenderedPart } from '../chart-inputs.ts';
import { isManifestName, statOrProblem } from '../walk.ts';
import { chartFinder } from './charts.ts';
import { oldObjects } from './old-files.ts';
import { type ConfiguredIgnore, ignoredThen, ignoreFilesAbove } from './ignored-then.ts';
import { envFilesBeside, type OldEnvironments, oldEnvironments } from './environments.ts';
import { createComparison, identity, isComparable } from './pairs.ts';
import { realPath, shown } from './paths.ts';
import { type FailedUnit, type OldUnits, oldUnits, type Rendering, type UnitInput, unitOf } from './units.ts';

export interface Revision {
  /** The result is incomplete if `stop` is aborted. */
  readonly changesTo: (loaded: Manifests, stop: AbortSignal) => Promise<Changes>;
}

export interface Changes {
  /** Objects that are new or differ, in the order of the files. */
  readonly changed: readonly Manifest[];
  readonly unchanged: readonly Manifest[];
  /** Files and submodules of the revision that cannot be read; their objects count as missing. */
  readonly unread: readonly string[];
  /** Charts and kustomizations of the revision that cannot be rendered; all their objects count as missing. */
  readonly failed: readonly FailedUnit[];
}

export interface RevisionOptions extends CollectOptions {
  readonly env: GitEnvironment;
  /** undefined: today, nothing is rendered. */
  readonly rendering: Rendering | undefined;
  /** undefined: ignore files do not count. */
  readonly configuredIgnore: ConfiguredIgnore | undefined;
}

/** Faults in the revision are reported at once, before anything is evaluated. */
export function openRevision(revision: string, paths: readonly string[], options: RevisionOptions): Revision {
  const streamed = paths.find(isStream);
  if (streamed !== undefined) {
    const what = streamed === '-' ? 'standard input' : quoteValue(streamed, 256);
    throw new UserError(`--since compares files with a git revision, and ${what} is not a file in a repository`);
  }
  const named = paths.map(realPath);
  const repository = repositoryOf(named[0] ?? '.', options.env);
  const commit = commitOf(revision, repository);
  const relative = named.map((at, index) => within(repository, at, paths[index] ?? ''));
  const { env, rendering, configuredIgnore } = options;
  // Kustomizations and charts can use files outside of the paths.
  const tree = treeAt(repository, commit, {
    paths:
      rendering === undefined
        ? [...relative, ...envFilesBeside(relative), ...ignoreFiles(relative, repository, configuredIgnore)]
        : ['.'],
    env,
  });
  const isNamed = (file: string): boolean => named.some((one) => file === one || file.startsWith(`${one}${path.sep}`));
  const accepts = (name: string): boolean => (options.imageFiles ? CHECKED_NAMES.accepts(name) : isManifestName(name));
  const chartOf = rendering?.rendersCharts ? chartFinder(tree.files) : (): undefined => undefined;
  const canContainObjects = ({ path: file, isLink }: GitFile): boolean =>
    !isLink &&
    isNamed(file) &&
    (named.includes(file) || accepts(path.basename(file))) &&
    !isRenderedPart({ path: file, chart: chartOf(file) });
  const files = tree.files.filter(canContainObjects);
  const input = { tree, files, named, isNamed, repository, root: repository.root, rendering };
  return { changesTo: async (loaded, stop) => changesSince(input, loaded, { ...options, stop }) };
}

/** What decides which files of the revision were read. */
function ignoreFiles(
  paths: readonly string[],
  { root }: Repository,
  configured: ConfiguredIgnore | undefined,
): readonly string[] {
  if (configured === undefined) return [];
  const file = path.relative(root, configured.file).replaceAll(path.sep, '/');
  return [...ignoreFilesAbove(paths), ...(file.startsWith('../') || path.isAbsolute(file) ? [] : [file])];
}

/** Also for a pipe, such as the shell creates for <(command). */
function isStream(given: string): boolean {
  if (given === '-') return true;
  const found = statOrProblem(given);
  return typeof found !== 'string' && !found.isFile() && !found.isDirectory();
}

function within({ root }: Repository, at: string, given: string): string {
  const relative = path.relative(root, at);
  if (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative))
    return relative.replaceAll(path.sep, '/') || '.';
  throw new UserError(
    `--since: ${quoteValue(given, 256)} is outside of the repository ${quoteValue(root, 256)}; check it in another run`,
  );
}

function remembered(compute: (file: string) => string): (file: string) => string {
  const known = new Map<string, string>();
  return (file) => {
    const value = known.get(file) ?? compute(file);
    known.set(file, value);
    return value;
  };
}

interface RevisionInput extends Pick<UnitInput, 'root' | 'isNamed'> {
  readonly tree: GitTree;
  /** Those that can contain objects. */
  readonly files: readonly GitFile[];
  /** The real paths that the user named. */
  readonly named: readonly string[];
  readonly rendering: Rendering | undefined;
  readonly repository: Repository;
}

/**
 * An object is the same if file, kind, and name are; instead of the file, a rendered object has its chart or kustomization. If its
 * file no longer contains it, it has moved to the file that contains an object of that kind and name. With several candidates, none
 * is chosen, and the object counts as new.
 */
async function changesSince(revision: RevisionInput, loaded: Manifests, options: RevisionOptions): Promise<Changes> {
  const { manifests } = loaded;
  const wasIgnored = await ignoredIn(revision, options.configuredIgnore);
  const input = { ...revision, files: revision.files.filter((file) => !wasIgnored(file.path)), wasIgnored };
  const fileOf = remembered(realPath);
  const units = await unitsOf(input, { manifests, fileOf, options });
  const environments = await oldEnvironments(input.tree.files, input.repository);
  const { files, same } = differing(input, { loaded, fileOf, units, environments });
  const isSame = (manifest: Manifest): boolean =>
    manifest.rendered === undefined ? same.has(fileOf(manifest.file)) : units.isSame(manifest);
  const unchanged = new Set(manifests.filter((manifest) => isSame(manifest) && isComparable(manifest)));
  const now = manifests.filter((manifest) => !unchanged.has(manifest) && isComparable(manifest));
  const comparison = createComparison(now, (manifest) =>
    JSON.stringify([originOf(manifest, fileOf), identity(manifest)]),
  );
  const unread = new Set(input.tree.unread.map(shown));
  comparison.add(units.manifests);
  for await (const { manifests: before, errors } of oldObjects(files, input.tree, {
    ...options,
    environmentOf: environments.environmentOf,
  })) {
    comparison.add(before.filter(isComparable));
    for (const { file } of errors) unread.add(file);
  }
  const { equal, updates } = comparison.finish();
  const isUnchangedObject = (manifest: Manifest): boolean => unchanged.has(manifest) || equal.has(manifest);
  return {
    changed: manifests
      .filter((manifest) => !isUnchangedObject(manifest))
      .map((manifest) => updates.get(manifest) ?? manifest),
    unchanged: manifests.filter(isUnchangedObject),
    unread: [...unread],
    failed: units.failed,
  };
}

/** A file that was not read then counts as new. */
async function ignoredIn(
  { tree, named, root }: RevisionInput,
  configured: ConfiguredIgnore | undefined,
): Promise<(file: string) => boolean> {
  return configured === undefined ? () => false : ignoredThen({ files: tree.files, named, root, configured });
}

async function unitsOf(
  { tree, rendering, ...input }: RevisionInput & Pick<UnitInput, 'wasIgnored'>,
  today: Pick<UnitInput, 'manifests' | 'fileOf' | 'options'>,
): Promise<OldUnits> {
  return rendering === undefined ? NO_UNITS : oldUnits({ ...input, ...today, rendering, files: tree.files });
}

const NO_UNITS: OldUnits = {
  isSame: () => false,
  manifests: [],
  covers: () => false,
  hasNewBuilds: false,
  failed: [],
};

interface Differing {
  /** The files to read from git. */
  readonly files: readonly GitFile[];
  /** The paths of files whose objects are those of the revision. */
  readonly same: ReadonlySet<string>;
}

interface Today {
  readonly loaded: Manifests;
  readonly fileOf: (file: string) => string;
  readonly units: OldUnits;
  readonly environments: OldEnvironments;
}

function differing(
  { files }: RevisionInput,
  { loaded: { manifests, listed }, fileOf, units, environments }: Today,
): Differing {
  const read = new Set(listed.flatMap(({ path: file, skipped }) => (skipped === undefined ? [fileOf(file)] : [])));
  const plain = new Set(manifests.filter(({ rendered }) => rendered === undefined).map(({ file }) => fileOf(file)));
  const alone = files.filter(({ path: file }) => !units.covers(file));
  const same = new Set(
    alone
      .filter((file) => read.has(file.path) && !environments.differ(file.path) && isUnchanged(file))
      .map((file) => file.path),
  );
  // An object in a file that is still there, and not read, is neither changed nor moved.
  const isGone = (file: string): boolean => read.has(file) || !existsSync(file);
  const isBuiltToday = (file: string): boolean => units.hasNewBuilds && !plain.has(file);
  return {
    files: alone.filter(({ path: file }) => isGone(file) && (!same.has(file) || isBuiltToday(file))),
    same,
  };
}

function originOf({ file, rendered }: Manifest, fileOf: (file: string) => string): readonly string[] {
  if (rendered === undefined) return [fileOf(file)];
  return [fileOf(unitOf(rendered)), 'chart' in rendered ? `release ${rendered.release}` : 'kustomization'];
}
