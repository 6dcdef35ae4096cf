/** What a kustomization brings in from where no image is seen. */
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { quoteValue } from '../../image/quote.ts';
import { listAt } from '../kustomization-references.ts';
import type { Scene } from './scene.ts';

export interface Unseen {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export function unseenIn({ document }: Scene, kustomization: JsonObject): readonly Unseen[] {
  const at = (pointer: string, message: string): Unseen => {
    const { line, column } = document.positionOf(pointer);
    return { line, column, message };
  };
  const charts = ['helmCharts', 'helmChartInflationGenerator'].flatMap((key) =>
    listAt(kustomization, key).map((chart, index) =>
      at(`/${key}/${index}`, `the images of chart ${chartName(chart)} are not checked, as only Helm knows them`),
    ),
  );
  const plugins = ['generators', 'transformers'].flatMap((key) =>
    listAt(kustomization, key).length === 0
      ? []
      : [at(`/${key}`, `"${key}" can add or change images, which are not checked`)],
  );
  const fields =
    listAt(kustomization, 'configurations').length === 0
      ? []
      : [at('/configurations', '"configurations" can make "images" change more fields, which are not followed')];
  return [...charts, ...plugins, ...fields];
}

function chartName(chart: unknown): string {
  const { name, chartName: old } = isObject(chart) ? chart : {};
  const text = name ?? old;
  return typeof text === 'string' ? quoteValue(text) : 'without a name';
}
