/** Charts and kustomizations of a revision: which of them differ, and the objects that programs render from those. */
import path from 'node:path';
import { extract, pathIn, type Unwritten, withTemporaryDirectory } from '../git/extraction.ts';
import { type TreeIndex, treeIndex } from '../git/tree-index.ts';
import type { GitFile } from '../git/tree.ts';
import type { InputError, Manifest } from '../manifest-objects.ts';
import { readPackedChart } from '../packed-chart.ts';
import type { Rendered } from '../place.ts';
import type { RenderOptions, RenderUnitOptions } from '../rendered-inputs.ts';
import { isArchiveName } from '../walk.ts';
import { type Charts, chartsIn, copyDependencies } from './charts.ts';
import { type Kustomizations, kustomizationsIn } from './kustomizations.ts';
import { shown } from './paths.ts';

/** How the units of a revision are rendered. */
export interface Rendering {
  readonly rendersCharts: boolean;
  /** The absolute paths of files with Helm values that are not those of charts. */
  readonly values: readonly string[];
  /** The programs, with the options of today, but with other paths. */
  readonly at: (moved: MovedPaths) => Promise<Programs>;
}

type Programs = Pick<RenderOptions, 'renderCharts' | 'buildKustomizations'>;

export interface MovedPaths {
  /** Also for a pattern. */
  readonly chart: (directory: string) => string;
  readonly values: (file: string) => string;
}

export interface UnitInput {
  readonly rendering: Rendering;
  readonly files: readonly GitFile[];
  /** The root of the repository. */
  readonly root: string;
  /** Reports whether a path is in those that the user named. */
  readonly isNamed: (file: string) => boolean;
  /** Reports whether a file was not read then. */
  readonly wasIgnored: (file: string) => boolean;
  /** The objects of today. */
  readonly manifests: readonly Manifest[];
  /** Returns the real path. */
  readonly fileOf: (file: string) => string;
  readonly options: RenderUnitOptions;
}

export interface OldUnits {
  /** Reports whether an object of today comes from a unit whose files are those of the revision. */
  readonly isSame: (manifest: Manifest) => boolean;
  /** The objects of units that differ. */
  readonly manifests: readonly Manifest[];
  /** Reports whether the objects in a file of the revision are part of a kustomization. */
  readonly covers: (file: string) => boolean;
  /** Some kustomizations of today are new. */
  readonly hasNewBuilds: boolean;
  readonly failed: readonly FailedUnit[];
}

export interface FailedUnit {
  /** The directory, or the archive, as in messages. */
  readonly unit: string;
  readonly reason: string;
}

/** Returns the directory of the chart or kustomization, or the archive of the chart. */
export function unitOf(rendered: Rendered): string {
  return 'chart' in rendered ? rendered.chart : rendered.kustomization;
}

export async function oldUnits(input: UnitInput): Promise<OldUnits> {
  const { files, rendering, manifests, fileOf, isNamed, wasIgnored } = input;
  const index = treeIndex(files);
  const rendered = manifests.flatMap((manifest) => (manifest.rendered === undefined ? [] : [manifest.rendered]));
  const [ofCharts, ofKustomizations] = [true, false].map(
    (isChart) => new Set(rendered.filter((one) => 'chart' in one === isChart).map((one) => fileOf(unitOf(one)))),
  );
  const charts = chartsIn({
    index,
    files,
    today: ofCharts ?? new Set(),
    isNamed,
    wasIgnored,
    values: rendering.values,
  });
  const kustomizations = await kustomizationsIn({
    index,
    files,
    today: ofKustomizations ?? new Set(),
    isNamed,
    wasIgnored,
  });
  const same = new Set([...charts.same, ...kustomizations.same]);
  return {
    ...(await renderedUnits(input, { index, charts, kustomizations })),
    isSame: (manifest) => manifest.rendered !== undefined && same.has(fileOf(unitOf(manifest.rendered))),
    covers: (file) => kustomizations.covered.has(file),
    hasNewBuilds: kustomizations.hasNew,
  };
}

interface Units {
  readonly index: TreeIndex;
  readonly charts: Charts;
  readonly kustomizations: Kustomizations;
}

async function renderedUnits(
  { rendering, root, options }: UnitInput,
  { index, charts, kustomizations }: Units,
): Promise<Pick<OldUnits, 'manifests' | 'failed'>> {
  if (charts.differing.length + kustomizations.differing.length === 0) return { manifests: [], failed: [] };
  return withTemporaryDirectory(async (directory) => {
    const moved = (file: string): string => pathIn(directory, root, file);
    const files = new Set([...charts.files, ...kustomizations.files]);
    const unwritten = await extract([...files], { root, directory, index, stop: options.stop });
    const isWhole = (own: readonly GitFile[]): boolean =>
      !unwritten.some(({ file }) => own.some((one) => one.path === file));
    const written = new Set([...files].map((file) => file.path));
    const programs = await rendering.at({
      chart: (at) => (isWithin(root, at) ? moved(at) : at),
      values: (file) => (written.has(file) ? moved(file) : file),
    });
    for (const chart of charts.differing) await copyDependencies(chart.path, moved(chart.path), index);
    const wholeCharts = await chartsAmong(
      charts.differing.filter((chart) => isWhole(chart.files)),
      moved,
    );
    const wholeKustomizations = kustomizations.differing.filter((one) => isWhole(one.files));
    const results = [
      await programs.renderCharts?.(
        wholeCharts.map((chart) => moved(chart.path)),
        options,
      ),
      await programs.buildKustomizations?.(
        wholeKustomizations.map((one) => moved(one.file)),
        [],
        options,
      ),
    ].filter((result) => result !== undefined);
    const units = [...wholeCharts, ...wholeKustomizations].map((unit) => moved(unit.path));
    const back = (file: string): string => shown(path.join(root, path.relative(directory, path.resolve(file))));
    return {
      manifests: results.flatMap((result) => result.manifests.map((manifest) => movedBack(manifest, back))),
      failed: [
        ...failedBy(unwritten, [...charts.differing, ...kustomizations.differing]),
        ...results.flatMap((result) => result.errors.map((error) => failure(error, { directory, back, units }))),
      ],
    };
  });
}

function isWithin(directory: string, at: string): boolean {
  return at === directory || at.startsWith(`${directory}${path.sep}`);
}

function movedBack(manifest: Manifest, back: (file: string) => string): Manifest {
  const { rendered } = manifest;
  if (rendered === undefined) return manifest;
  const moved =
    'chart' in rendered
      ? { ...rendered, chart: back(rendered.chart) }
      : { kustomization: back(rendered.kustomization) };
  return { ...manifest, file: back(manifest.file), rendered: moved };
}

interface Extracted {
  readonly directory: string;
  readonly back: (file: string) => string;
  readonly units: readonly string[];
}

function failure({ file, message }: InputError, { directory, back, units }: Extracted): FailedUnit {
  const unit = units.find((one) => isWithin(one, path.resolve(file))) ?? path.dirname(file);
  return {
    unit: back(unit),
    reason: message.replace(/^not (?:rendered|built): /, '').replaceAll(`${directory}/`, ''),
  };
}

/** Archives of other programs are not charts. */
async function chartsAmong(units: readonly Unit[], moved: (file: string) => string): Promise<readonly Unit[]> {
  const charts: Unit[] = [];
  for (const unit of units) {
    if (!isArchiveName(unit.path) || typeof (await readPackedChart(moved(unit.path))) !== 'string') charts.push(unit);
  }
  return charts;
}

interface Unit {
  readonly path: string;
  readonly files: readonly GitFile[];
}

function failedBy(unwritten: readonly Unwritten[], units: readonly Unit[]): readonly FailedUnit[] {
  return units.flatMap(({ path: unit, files }) => {
    const [first] = unwritten.filter(({ file }) => files.some((one) => one.path === file));
    return first === undefined ? [] : [{ unit: shown(unit), reason: `${shown(first.file)}: ${first.problem}` }];
  });
}
