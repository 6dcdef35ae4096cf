/** Where to change what a program rendered. */
import { locationText } from '../../files/location-text.ts';
import { loadRegularText } from '../../files/load-text.ts';
import { parseDocuments, type ValidDocument } from '../../files/yaml/yaml.ts';
import { escapeSegment, isObject } from '../../pod/pointer.ts';
import { quoteValue, shellWord } from '../../image/quote.ts';
import type { FindingRow } from '../../report/rows.ts';

/** Names the place to change; undefined for an object in a file. */
export function renderedReason({ rendered, file, line, column }: FindingRow): string | undefined {
  if (rendered === undefined) return undefined;
  const place = line === null ? undefined : locationText({ file, line, column });
  return 'chart' in rendered
    ? `Helm renders the object; change ${place ?? 'the templates or the values'} by hand`
    : `kustomize builds the object; change ${place ?? 'its files'} by hand`;
}

/** Like `renderedReason`, with the command that pins an image in the values of a chart. */
export function chartHint(finding: FindingRow): string | undefined {
  const reason = renderedReason(finding);
  const { rendered, file, line, column } = finding;
  if (reason === undefined || rendered === undefined || !('chart' in rendered) || line === null) return reason;
  const loaded = loadRegularText(file);
  const [document] = 'text' in loaded ? parseDocuments(loaded.text) : [];
  const pointer = document?.ok ? imageAt(document, line, column) : undefined;
  return pointer === undefined
    ? reason
    : `Helm renders the object from these values; run tidewaiter pin ${shellWord(quoteValue(file).slice(1, -1))} --helm-image ${shellWord(pointer)}`;
}

/** The pointer to the text or the map of the image at a position in values. */
function imageAt(document: ValidDocument, line: number, column: number | null): string | undefined {
  const waiting = [{ pointer: '', value: document.value }];
  for (const { pointer, value } of waiting) {
    if (isObject(value) || Array.isArray(value)) {
      for (const [key, child] of Object.entries(value) as readonly (readonly [string, unknown])[])
        waiting.push({ pointer: `${pointer}/${escapeSegment(key)}`, value: child });
      continue;
    }
    const position = document.positionOf(pointer);
    if (position.line !== line || position.column !== column) continue;
    return pointer.replace(/\/(?:registry|repository|tag|digest|name)$/, '') || undefined;
  }
  return undefined;
}
