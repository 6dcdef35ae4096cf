/** The Helm charts among the inputs: directories, and archives that `helm package` writes. */
import path from 'node:path';
import type { Archive, Input, LoadOptions } from './input-texts.ts';
import { type InputError, unreadable } from './manifest-objects.ts';
import type { RenderOptions } from './rendered-inputs.ts';
import type { SkippedFile } from './skipped-files.ts';

export interface PackedCharts {
  readonly charts: readonly string[];
  readonly errors: readonly InputError[];
  readonly skipped: readonly SkippedFile[];
}

/** Archives that are opened in directories, to look for a chart. */
export const MAX_ARCHIVES = 200;

/** An archive in a directory that is not a chart belongs to another program; one that the user named is an error. */
export async function packedCharts(
  archives: readonly Archive[],
  { stop, onLeft }: Pick<LoadOptions, 'stop' | 'onLeft'>,
): Promise<PackedCharts> {
  const charts: string[] = [];
  const errors: InputError[] = [];
  const parts = archives.filter(isPart);
  const units = archives.filter((archive) => !isPart(archive));
  const named = units.filter((archive) => archive.named);
  const found = units.filter((archive) => !archive.named);
  for (const { path: file, named: isNamed } of [...named, ...found.slice(0, MAX_ARCHIVES)]) {
    if (stop?.aborted === true) {
      onLeft?.(file);
      continue;
    }
    const { readPackedChart } = await import('./packed-chart.ts');
    const packed = await readPackedChart(file);
    if (typeof packed !== 'string') charts.push(file);
    else if (isNamed) errors.push(unreadable(file, packed));
  }
  return {
    charts,
    errors,
    skipped: [
      ...parts.map(({ path: file }): SkippedFile => ({ path: file, why: 'part' })),
      ...found.slice(MAX_ARCHIVES).map(({ path: file }): SkippedFile => ({ path: file, why: 'excess' })),
    ],
  };
}

/** Helm renders the archives in `charts/` of a chart with it. */
export function isPart({ path: file, chart }: Pick<Archive, 'path' | 'chart'>): boolean {
  return chart !== undefined && path.relative(chart, file).split(path.sep)[0] === 'charts';
}

type FileInChart = Pick<Input, 'chart' | 'path'>;

/** The directories of a chart, and of the charts in it. */
const WITHIN = '^(?:charts/[^/]+/)*';
const TEMPLATE = new RegExp(`${WITHIN}templates/`);
const RENDERED = new RegExp(`${WITHIN}(?:templates|crds)/`);

/** Also the values files of chart-testing (`ct`). */
const CHART_FILE = new RegExp(
  `^charts/|${WITHIN}(?:(?:templates|crds)/|(?:Chart|requirements)\\.(?:yaml|lock)$|values[^/]*\\.(?:ya?ml|json)$|ci/(?:[^/]*-)?values\\.ya?ml$|.*\\.tpl$)`,
);

function isAt(place: RegExp, { chart, path: file }: FileInChart): boolean {
  return chart !== undefined && place.test(path.relative(chart, file).replaceAll(path.sep, '/'));
}

/**
 * Reports whether Helm gives a file its meaning. `helm package` takes every file in the directory, but the chart of a repository can be
 * at its root, and then most files have nothing to do with it.
 */
export function isChartFile(input: FileInChart): boolean {
  return isAt(CHART_FILE, input);
}

/** Reports whether rendering a chart prints what a file contains: its templates and CRDs, and those of the charts in it. */
export function isRenderedPart(input: FileInChart): boolean {
  return isAt(RENDERED, input);
}

/** Reports whether only Helm can read a file. Its other files, such as CRDs, are manifests. */
export function isChartTemplate(input: Input): boolean {
  return isAt(TEMPLATE, input) && !('problem' in input) && input.text.includes('{{');
}

/** How a file is skipped that only Helm reads. */
export function chartPart({ path: file, chart }: Input, { renderCharts }: RenderOptions): SkippedFile {
  return renderCharts === undefined ? { path: file, why: 'chart', within: chart } : { path: file, why: 'part' };
}
