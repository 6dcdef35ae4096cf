/** Sources in a kustomization whose images are not read. */
import { isObject, type JsonObject } from '../../../pod/pointer.ts';
import { quoteValue } from '../../../image/quote.ts';
import { listAt } from '../../kustomization.ts';
import type { DocumentContext } from '../document-context.ts';

export interface UnreadSource {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const CHARTS = ['helmCharts', 'helmChartInflationGenerator'];
const PLUGINS = ['generators', 'transformers'];

export function unreadSourceNotices({ document }: DocumentContext, kustomization: JsonObject): readonly UnreadSource[] {
  const at = (pointer: string, message: string): UnreadSource => {
    const { line, column } = document.positionOf(pointer);
    return { line, column, message };
  };
  const charts = CHARTS.flatMap((key) =>
    listAt(kustomization, key).map((chart, index) =>
      at(`/${key}/${index}`, `images of chart ${chartName(chart)} are not checked; only Helm knows them`),
    ),
  );
  const plugins = PLUGINS.flatMap((key) =>
    listAt(kustomization, key).length === 0
      ? []
      : [at(`/${key}`, `"${key}" can add or change images, which are not checked`)],
  );
  return [...charts, ...plugins];
}

/** The sources as reasons. */
export function unreadSources(kustomization: JsonObject): readonly string[] {
  const charts = CHARTS.flatMap((key) => listAt(kustomization, key).map((chart) => `chart ${chartName(chart)}`));
  const sources = PLUGINS.filter((key) => listAt(kustomization, key).length > 0).map((key) => `"${key}"`);
  return [...charts, ...sources].map((source) => `${source} can add images with other tags`);
}

function chartName(chart: unknown): string {
  const { name, chartName: old } = isObject(chart) ? chart : {};
  const text = name ?? old;
  return typeof text === 'string' ? quoteValue(text) : 'without a name';
}
