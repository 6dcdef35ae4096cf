/** Builds kustomizations with `kubectl kustomize`, without a network: the outermost ones, which no other one includes. */
import path from 'node:path';
import { findImages } from '../files/image-locations/find.ts';
import {
  folderOf,
  type KnownFile,
  type KnownFiles,
  partsOf,
  realPathOf,
  withIncluded,
} from '../files/kustomize-files.ts';
import { loadRegularText } from '../files/load-text.ts';
import type { InputError, Manifest, ObjectOptions } from '../files/manifest-objects.ts';
import { type BuildKustomizations, nothingRendered, type RenderedInputs } from '../files/rendered-inputs.ts';
import type { Environment } from '../node/run-program.ts';
import { faultOf, irregularIn, localUrlsIn } from './kustomize-faults.ts';
import { writtenPlaces, type WrittenPlaces } from './kustomize-places.ts';
import { objectsInOutput } from './rendered-objects.ts';
import {
  asPath,
  isInterrupted,
  isNotInstalled,
  type RendererOptions,
  type RendererRun,
  runAll,
  runRenderer,
} from './run-renderer.ts';

interface Unit {
  readonly id: string;
  /** The kustomization file. */
  readonly file: string;
  /** The real paths of its files. */
  readonly ids: ReadonlySet<string>;
  readonly lost: readonly string[];
}

/** With `strict`, kustomizations that need a network or plugins are errors. */
export function kustomizationBuilder(env: Environment, strict = false): BuildKustomizations {
  return async (files, manifests, options) => {
    const known = await knownFiles(files, options);
    const units = outermostIn(known);
    const covered = new Set<string>();
    const placesOf = writtenPlaces(known);
    const manifestsOf = byRealPath(manifests);
    const all = { ...nothingRendered(), covers: (file: string) => covered.has(realPathOf(file)) };
    const runs = await runAll(units, async ({ file, lost }) =>
      lost.length === 0 ? build(path.dirname(file), { env, stop: options.stop }) : undefined,
    );
    if (runs.some((run) => run !== undefined && isNotInstalled(run)))
      return { ...all, errors: [errorAt(units[0]?.file ?? '', NOT_INSTALLED)] };
    for (const [index, unit] of units.entries()) {
      const run = runs[index];
      if (isInterrupted(run)) leaveUnit(all, unit, covered);
      else addUnit(all, unit, { run, placesOf, manifestsOf, options, strict, covered });
    }
    return all;
  };
}

const NOT_INSTALLED =
  'kustomizations are not built: neither kubectl nor kustomize is on the PATH; install one of them, or remove --kustomize';

async function knownFiles(files: readonly string[], { kinds }: ObjectOptions): Promise<KnownFiles> {
  const options = { kinds, helmImages: [] };
  const given = new Map<string, KnownFile>();
  for (const file of files) {
    const loaded = loadRegularText(file);
    if (!('text' in loaded)) continue;
    const folders = new Set([folderOf(file), ...(given.get(realPathOf(file))?.folders ?? [])]);
    given.set(realPathOf(file), { file, folders, found: findImages(file, loaded.text, options), isGiven: true });
  }
  return withIncluded(given, options);
}

/** Kustomizations that include each other are all outermost, so that the program reports the circle. */
function outermostIn(known: KnownFiles): readonly Unit[] {
  const units = [...known]
    .filter(([, { isGiven, found }]) => isGiven && found.kustomization?.isComponent === false)
    .map(([id, { file }]) => unitOf(id, file, known));
  return units.filter(({ id }) =>
    units.every(
      (other) => other.id === id || !other.ids.has(id) || units.some((one) => one.id === id && one.ids.has(other.id)),
    ),
  );
}

function unitOf(id: string, file: string, known: KnownFiles): Unit {
  const { ids, lost } = partsOf(id, known);
  const own = [...ids].filter((one) => known.get(one)?.found.kustomization !== undefined);
  const irregular = own.flatMap((one) => irregularIn(one, known.get(one)?.folders ?? []));
  return { id, file, ids, lost: [...(irregular.length > 0 ? irregular : lost), ...own.flatMap(localUrlsIn)] };
}

async function build(directory: string, options: RendererOptions): Promise<RendererRun> {
  const run = await runRenderer('kubectl', ['kustomize', asPath(directory)], options);
  return isNotInstalled(run) ? runRenderer('kustomize', ['build', asPath(directory)], options) : run;
}

interface UnitInput {
  readonly run: RendererRun | undefined;
  readonly placesOf: WrittenPlaces;
  /** By the real path of the file. */
  readonly manifestsOf: ReadonlyMap<string, readonly Manifest[]>;
  readonly options: ObjectOptions;
  readonly strict: boolean;
  /** The real paths of files that were built. */
  readonly covered: Set<string>;
}

function addUnit(
  all: RenderedInputs,
  unit: Unit,
  { run, placesOf, manifestsOf, options, strict, covered }: UnitInput,
): void {
  const { file, ids } = unit;
  if (run?.ended.state !== 'ended' || run.ended.code !== 0) {
    const { why, message } = faultOf(unit, run);
    if (why === undefined || strict) all.errors.push(errorAt(file, message));
    else all.skipped.push({ path: file, why });
    return;
  }
  const parts = [...ids].flatMap((id) => manifestsOf.get(id) ?? []);
  const placeOf = placesOf(file, parts);
  const rendered = { kustomization: path.dirname(file) };
  const found = objectsInOutput(run.ended.output, options, () => ({ rendered, file, placeOf }));
  all.documents += found.documents;
  for (const id of ids) covered.add(id);
  for (const manifest of found.manifests) all.manifests.push(manifest);
  for (const error of found.errors) all.errors.push(error);
}

/** What its files say is not what would be built. */
function leaveUnit({ left }: RenderedInputs, { file, ids }: Unit, covered: Set<string>): void {
  for (const id of ids) covered.add(id);
  left.push(file);
}

/** Looks at each file once. */
function byRealPath(manifests: readonly Manifest[]): ReadonlyMap<string, readonly Manifest[]> {
  const files = [...Map.groupBy(manifests, ({ file }) => file)].map(([file, all]) => ({ id: realPathOf(file), all }));
  return new Map([...Map.groupBy(files, ({ id }) => id)].map(([id, same]) => [id, same.flatMap(({ all }) => all)]));
}

function errorAt(file: string, message: string): InputError {
  return { file, line: null, column: null, document: null, message };
}
