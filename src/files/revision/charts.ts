/** The Helm charts of a revision. */
import { cpSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { isUnchanged } from '../git/blobs.ts';
import type { TreeIndex } from '../git/tree-index.ts';
import type { GitFile } from '../git/tree.ts';
import { isPart, MAX_ARCHIVES } from '../chart-inputs.ts';
import { loadRegularText } from '../load-text.ts';
import { readPackedChart } from '../packed-chart.ts';
import { isArchiveName } from '../walk.ts';
import { parseDocuments } from '../yaml/yaml.ts';

/** Returns the directory of the chart that contains a file. The charts in `charts/` are parts of their chart, as on disk (`walk.ts`). */
export function chartFinder(files: readonly GitFile[]): (file: string) => string | undefined {
  const charts = new Set(chartDirectories(files));
  const known = new Map<string, string | undefined>();
  const chartAt = (directory: string): string | undefined => {
    if (known.has(directory)) return known.get(directory);
    const parent = path.dirname(directory);
    const outer = parent === directory ? undefined : chartAt(parent);
    const isInner = outer !== undefined && path.relative(outer, directory).split(path.sep)[0] === 'charts';
    const chart = charts.has(directory) && !isInner ? directory : outer;
    known.set(directory, chart);
    return chart;
  };
  return (file) => chartAt(path.dirname(file));
}

function chartDirectories(files: readonly GitFile[]): readonly string[] {
  return files
    .map((file) => file.path)
    .filter((file) => path.basename(file) === FILE)
    .map((file) => path.dirname(file));
}

const FILE = 'Chart.yaml';

interface Chart {
  /** The directory, or the archive. */
  readonly path: string;
  readonly files: readonly GitFile[];
}

export interface Charts {
  /** The paths of charts that are in the revision as they are today. */
  readonly same: ReadonlySet<string>;
  /** The charts that differ, and those that do not exist today; archives can be those of another program. */
  readonly differing: readonly Chart[];
  /** Those that rendering needs. */
  readonly files: readonly GitFile[];
}

interface ChartInput {
  readonly index: TreeIndex;
  readonly files: readonly GitFile[];
  /** The paths of charts that are rendered today. */
  readonly today: ReadonlySet<string>;
  readonly isNamed: (file: string) => boolean;
  /** Reports whether a file was not read then. */
  readonly wasIgnored: (file: string) => boolean;
  readonly values: readonly string[];
}

export function chartsIn({ index, files, today, isNamed, wasIgnored, values }: ChartInput): Charts {
  if (today.size === 0) return { same: new Set(), differing: [], files: [] };
  const valuesFiles = values.flatMap((file) => index.file(file) ?? []);
  const hasSameValues = valuesFiles.every(isUnchanged);
  const filesAt = (at: string): readonly GitFile[] => {
    const file = index.file(at);
    return file === undefined ? index.under(at) : [file];
  };
  const fileOf = (at: string): string => (isArchiveName(at) ? at : path.join(at, FILE));
  const isOld = (at: string): boolean => index.file(fileOf(at)) !== undefined && !wasIgnored(fileOf(at));
  const old = [...today].filter(isOld);
  const same = new Set(old.filter((at) => hasSameValues && filesAt(at).every(isUnchanged) && hasNoNewFile(at, index)));
  const gone = goneCharts(files, { hasNew: old.length < today.size }).filter(
    (at) => isNamed(at) && !wasIgnored(fileOf(at)),
  );
  const differing = [...old.filter((at) => !same.has(at)), ...gone].map((at) => ({ path: at, files: filesAt(at) }));
  return { same, differing, files: [...differing.flatMap((chart) => chart.files), ...valuesFiles] };
}

/** An archive has the version in its name, so a new archive often replaces one that is gone. */
function goneCharts(files: readonly GitFile[], { hasNew }: { readonly hasNew: boolean }): readonly string[] {
  const chartOf = chartFinder(files);
  const directories = chartDirectories(files).filter(
    (at) => chartOf(path.join(at, FILE)) === at && !existsSync(path.join(at, FILE)),
  );
  const archives = (hasNew ? files : [])
    .map((file) => file.path)
    .filter((at) => isArchiveName(at) && !existsSync(at) && !isPart({ path: at, chart: chartOf(at) }));
  return [...directories, ...archives.slice(0, MAX_ARCHIVES)];
}

/** Helm reads all files of a chart. What git does not know in `charts/` belongs to Chart.yaml, which git knows. */
function hasNoNewFile(at: string, index: TreeIndex): boolean {
  if (isArchiveName(at)) return true;
  return readdirSync(at, { withFileTypes: true, recursive: true }).every((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    const isDependency = path.relative(at, file).split(path.sep)[0] === 'charts';
    return entry.isDirectory() || isDependency || index.file(file) !== undefined;
  });
}

/**
 * Dependencies are often not in git: `helm dependency build` downloads them. Those of today are those of the revision if Chart.yaml
 * and Chart.lock list the same, except of charts that git has in another version: of two charts with a name, Helm renders any.
 */
export async function copyDependencies(today: string, old: string, index: TreeIndex): Promise<void> {
  const folder = path.join(today, 'charts');
  if (!existsSync(folder) || !hasSameDependencies(today, old, index)) return;
  const inGit = await chartNamesIn(path.join(old, 'charts'));
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    const isKnown = index.file(at) !== undefined || index.under(at).length > 0;
    if (isKnown || !(entry.isFile() || entry.isDirectory()) || inGit.has(await chartNameOf(at))) continue;
    cpSync(at, path.join(old, 'charts', entry.name), { recursive: true, filter: (from) => !isLink(from) });
  }
}

async function chartNamesIn(folder: string): Promise<ReadonlySet<unknown>> {
  const entries = existsSync(folder) ? readdirSync(folder) : [];
  const names = await Promise.all(entries.map((name) => chartNameOf(path.join(folder, name))));
  return new Set(names.filter((name) => name !== undefined));
}

/** undefined: not a chart. */
async function chartNameOf(at: string): Promise<unknown> {
  if (!isArchiveName(at)) return descriptionIn(at)?.['name'];
  const packed = await readPackedChart(at);
  return typeof packed === 'string' ? undefined : descriptionOf(packed.get(FILE) ?? '')?.['name'];
}

function hasSameDependencies(today: string, old: string, index: TreeIndex): boolean {
  const lock = index.file(path.join(today, 'Chart.lock'));
  return (lock === undefined || isUnchanged(lock)) && isDeepStrictEqual(dependenciesIn(today), dependenciesIn(old));
}

function dependenciesIn(directory: string): unknown {
  return descriptionIn(directory)?.['dependencies'];
}

/** undefined: Helm reports what is wrong with the file. */
function descriptionIn(directory: string): JsonObject | undefined {
  const loaded = loadRegularText(path.join(directory, FILE));
  return 'text' in loaded ? descriptionOf(loaded.text) : undefined;
}

function descriptionOf(text: string): JsonObject | undefined {
  const [document] = parseDocuments(text);
  return document?.ok && isObject(document.value) ? document.value : undefined;
}

function isLink(at: string): boolean {
  return lstatSync(at).isSymbolicLink();
}
