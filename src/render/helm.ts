/** Renders Helm charts with `helm template`; each chart is one unit with the charts in it. */
import path from 'node:path';
import { isIrregular, loadText } from '../files/load-text.ts';
import type { InputError, ObjectOptions } from '../files/manifest-objects.ts';
import { nothingRendered, type RenderedInputs, type RenderUnitOptions } from '../files/rendered-inputs.ts';
import type { Place } from '../files/place.ts';
import { namedFew, type SkippedFile } from '../files/skipped-files.ts';
import { parseDocuments } from '../files/yaml/yaml.ts';
import { compileGlob } from '../image/glob.ts';
import { quoteValue } from '../image/quote.ts';
import { pointerSegments, valueAt } from '../pod/pointer.ts';
import type { Environment } from '../node/run-program.ts';
import { type Chart, readChart } from './chart.ts';
import { faultIn, type HelmFault, incompleteChart, type Release, runHelm, secretTexts } from './helm-command.ts';
import { type ConfiguredHelmSet, type HelmSet, isUrl } from './helm-settings.ts';
import { isInterrupted, isNotInstalled, type RendererRun, runAll } from './run-renderer.ts';
import { objectsInOutput, type Origin } from './rendered-objects.ts';
import { silentTemplates } from './silent-templates.ts';
import { linesThatWrite, sourceComments, sourcesIn, templateFile } from './template-files.ts';
import { type ImagePlaces, imagePlaces, mapAt, mergeFile, mergeSet, type ValueTree } from './value-origins.ts';

export interface HelmOptions {
  readonly configured: readonly ConfiguredHelmSet[];
  /** Applies to all charts, after the configuration file. */
  readonly flags: Pick<HelmSet, 'values' | 'set'>;
  readonly env: Environment;
}

interface Unit {
  readonly chart: Chart;
  readonly release: Release;
  readonly values: ValueTree;
  /** Why the release is not rendered. */
  readonly problem?: string | undefined;
}

export async function renderCharts(
  paths: readonly string[],
  options: RenderUnitOptions,
  helm: HelmOptions,
): Promise<RenderedInputs> {
  const charts = await readCharts(paths);
  const units = charts
    .filter(({ isLibrary }) => !isLibrary)
    .flatMap((chart) => releasesOf(chart, options, helm).map((release) => unitOf(chart, release)));
  const all = nothingRendered();
  for (const { path: at } of charts.filter(({ isLibrary }) => isLibrary))
    all.skipped.push({ path: at, why: 'library' });
  const runs = await runAll(units, async ({ problem, chart, release }) =>
    problem === undefined && chart.missing.length === 0
      ? runHelm(release, { env: helm.env, stop: options.stop })
      : undefined,
  );
  // Without the program, no chart can be rendered.
  if (runs.some((run) => run !== undefined && isNotInstalled(run))) return { ...all, errors: [notInstalled(charts)] };
  const incomplete = new Map<string, InputError>();
  const done = units.map((unit, index) => ({ unit, run: runs[index] }));
  all.left.push(...new Set(done.filter(({ run }) => isInterrupted(run)).map(({ unit }) => unit.chart.file)));
  for (const { unit, run } of done.filter((one) => !isInterrupted(one.run))) {
    const fault = faultOf(unit, run);
    if (run?.ended.state === 'ended' && fault === undefined) addOutput(all, unit, run.ended.output, options);
    else if (fault?.isIncomplete) incomplete.set(unit.chart.path, errorOf(unit, fault));
    else if (fault !== undefined) all.errors.push(errorOf(unit, fault));
  }
  all.errors.push(...incompleteErrors(incomplete));
  all.skipped.push(...(await silentIn(units, runs, options.kinds)));
  return all;
}

type Runs = readonly (RendererRun | undefined)[];

async function silentIn(
  units: readonly Unit[],
  runs: Runs,
  kinds: ObjectOptions['kinds'],
): Promise<readonly SkippedFile[]> {
  const silent: SkippedFile[] = [];
  for (const chart of renderedCharts(units, runs))
    silent.push(...(await silentTemplates(chart, filesRendered(chart, { units, runs }), kinds)));
  return silent;
}

function renderedCharts(units: readonly Unit[], runs: Runs): ReadonlySet<Chart> {
  const failed = new Set(units.filter((unit, index) => !isRendered(unit, runs[index])).map(({ chart }) => chart));
  return new Set(units.map(({ chart }) => chart).filter((chart) => !failed.has(chart)));
}

function isRendered(unit: Unit, run: RendererRun | undefined): boolean {
  return run?.ended.state === 'ended' && faultOf(unit, run) === undefined;
}

/** With all of the values that a chart is rendered with. */
function filesRendered(
  chart: Chart,
  { units, runs }: { readonly units: readonly Unit[]; readonly runs: Runs },
): ReadonlySet<string> {
  const sources = units.flatMap((unit, index) => {
    const ended = runs[index]?.ended;
    return unit.chart === chart && ended?.state === 'ended' ? sourcesIn(ended.output) : [];
  });
  return new Set([...new Set(sources)].flatMap((source) => templateFile(source, chart).name ?? []));
}

function faultOf({ chart, release, values, problem }: Unit, run: RendererRun | undefined): HelmFault | undefined {
  if (run !== undefined) return faultIn(run, release, secretTexts(values));
  if (problem !== undefined) return { message: problem, template: undefined, line: undefined };
  return incompleteChart(release.chart, chart.missing.join(', '));
}

/** One error, because one command has to be run for all of them. */
function incompleteErrors(incomplete: ReadonlyMap<string, InputError>): readonly InputError[] {
  const [first] = incomplete.values();
  if (first === undefined || incomplete.size === 1) return first === undefined ? [] : [first];
  const names = namedFew([...incomplete.keys()].map((directory) => quoteValue(directory)));
  const message = `${incomplete.size} charts are not rendered because dependencies are missing: ${names}; run helm dependency build CHART for each of them`;
  return [{ ...first, message }];
}

async function readCharts(paths: readonly string[]): Promise<readonly Chart[]> {
  const charts: Chart[] = [];
  for (const at of paths) charts.push(await readChart(at));
  return charts;
}

function notInstalled(charts: readonly Chart[]): InputError {
  const what = charts.length === 1 ? 'the chart is' : `${charts.length} charts are`;
  const message = `${what} not rendered: helm is not on the PATH; install Helm, or remove --helm`;
  return { file: charts[0]?.file ?? '', line: null, column: null, document: null, message };
}

function releasesOf({ path: chart, name }: Chart, { namespace }: ObjectOptions, helm: HelmOptions): readonly Release[] {
  const at = path.resolve(chart);
  const matching = helm.configured.filter((set) => compileGlob(set.chart)(at));
  const sets: readonly HelmSet[] = matching.length === 0 ? [{ values: [], set: [] }] : matching;
  return sets.map((one) => ({
    chart,
    name: one.name ?? (isReleaseName(name) ? name : 'release-name'),
    namespace: one.namespace ?? namespace,
    kubeVersion: one.kubeVersion,
    values: [...one.values, ...helm.flags.values],
    set: [...one.set, ...helm.flags.set],
  }));
}

function isReleaseName(name: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,51}[a-z0-9])?$/.test(name);
}

function unitOf(chart: Chart, release: Release): Unit {
  const values: ValueTree = new Map();
  if (chart.problem !== undefined) return { chart, release, values, problem: `not rendered: ${chart.problem}` };
  const url = release.values.find(isUrl);
  if (url !== undefined) {
    const problem = `not rendered: values come from the URL ${quoteValue(url)}, and tidewaiter downloads nothing; use a file`;
    return { chart, release, values, problem };
  }
  const irregular = release.values.find(isIrregular);
  if (irregular !== undefined) {
    const problem = `not rendered: values come from ${quoteValue(irregular)}, which is not a regular file, and both Helm and tidewaiter read it; write the values to a file`;
    return { chart, release, values, problem };
  }
  mergeChart(values, chart);
  for (const file of release.values) mergeValues(values, file);
  for (const assignment of release.set) mergeSet(values, assignment);
  return { chart, release, values };
}

/** Values of a chart come before those that its parts have for themselves. */
function mergeChart(tree: ValueTree, { values, parts }: Chart): void {
  for (const [key, part] of parts) mergeChart(mapAt(tree, key, true), part);
  if (values !== undefined) mergeFile(tree, values.file, values.document);
}

/** Helm reports what is wrong with a file. */
function mergeValues(tree: ValueTree, file: string): void {
  const loaded = loadText(file);
  if (!('text' in loaded)) return;
  const [document] = parseDocuments(loaded.text);
  if (document?.ok) mergeFile(tree, file, document);
}

function addOutput(all: RenderedInputs, unit: Unit, output: string, options: ObjectOptions): void {
  const { namespace } = unit.release;
  const found = objectsInOutput(output, { ...options, namespace }, originsIn(output, unit));
  all.documents += found.documents;
  all.files += 1;
  for (const manifest of found.manifests) all.manifests.push(manifest);
  for (const error of found.errors) all.errors.push(error);
}

function errorOf({ chart }: Unit, { message, template, line }: HelmFault): InputError {
  const file = template === undefined ? undefined : templateFile(template, chart).file;
  if (file === undefined) return { file: chart.file, line: null, column: null, document: null, message };
  return { file, line: line ?? null, column: line === undefined ? null : 1, document: null, message };
}

function originsIn(output: string, { chart, release, values }: Unit): (offset: number) => Origin {
  const sourceAt = sourceComments(output);
  const places = new Map<string, ImagePlaces>();
  const known = new Map<string | null, Origin>();
  return (offset) => {
    const template = sourceAt(offset);
    const found = known.get(template);
    if (found !== undefined) return found;
    const at = template === null ? undefined : templateFile(template, chart);
    const part = at?.parts.join('/') ?? '';
    const inValues = places.get(part) ?? placesFor(values, chart, at);
    places.set(part, inValues);
    const file = at?.file;
    const origin: Origin = {
      rendered: { chart: chart.path, template, release: release.name },
      file: file ?? chart.file,
      placeOf: placesOf(inValues, file),
    };
    known.set(template, origin);
    return origin;
  };
}

/** A text in the template itself does not come from values. Each text is looked up once, also if many containers have it. */
function placesOf(inValues: ImagePlaces, file: string | undefined): Origin['placeOf'] {
  const known = new Map<string, Place | undefined>();
  return ({ request }, pointer) => {
    const text = valueAt(request.object, pointer);
    if (typeof text !== 'string') return undefined;
    const key = pointerSegments(pointer).at(-1) ?? '';
    const id = `${key}: ${text}`;
    if (known.has(id)) return known.get(id);
    const lines = file === undefined ? [] : linesThatWrite(file, key, text);
    const only = lines.length === 1 ? lines[0]?.place : undefined;
    const place = lines.some(({ isLiteral }) => isLiteral) ? only : (inValues(text) ?? only);
    known.set(id, place);
    return place;
  };
}

/** A template sees the values below the key of its chart. */
function placesFor(values: ValueTree, root: Chart, at: ReturnType<typeof templateFile> | undefined): ImagePlaces {
  const chart = at === undefined || at.parts.length === 0 ? root : at.chart;
  const tree = (at?.parts ?? []).reduce<ValueTree | undefined>((inner, key) => {
    const next = inner?.get(key);
    return next instanceof Map ? next : undefined;
  }, values);
  if (tree === undefined) return () => undefined;
  return imagePlaces(tree, chart?.appVersion, new Set(chart?.parts.keys()));
}
