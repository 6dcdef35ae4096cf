/** The report that `helm install --dry-run` and `helm get all` print above and below manifests. */
import { comparable } from '../pod/comparable.ts';
import { isObject } from '../pod/pointer.ts';
import { documentsIn, type ParsedDocument, parseDocuments } from './yaml/yaml.ts';

/**
 * Parses a text without the parts of a Helm report that are not manifests. An object that kubectl would read is never skipped,
 * because a string in a manifest can look like a report.
 */
export function parseBesideReport(text: string): Iterable<ParsedDocument> {
  const manifests = withoutReport(text);
  if (manifests === text) return documentsIn(text);
  const documents = parseDocuments(manifests);
  const all = parseDocuments(text);
  const kept = new Set(objectsIn(documents));
  return objectsIn(all).every((object) => kept.has(object)) ? documents : all;
}

const REPORT = /^(?:[^\n]*\n){0,20}?NAME: \S+[^\n]*\n(?:CHART: [^\n]*\n|VERSION: [^\n]*\n)*LAST DEPLOYED: /;
const START = /^(?:HOOKS|MANIFEST):[ \t]*\r?$/m;

/** Manifests are between `HOOKS:`, `MANIFEST:`, and `NOTES:`. Spaces replace the rest, so that each line keeps its number. */
function withoutReport(text: string): string {
  if (!REPORT.test(text)) return text;
  const start = START.exec(text);
  if (start === null) return text;
  const notes = text.lastIndexOf('\nNOTES:');
  const end = notes < start.index ? text.length : notes;
  const manifests = text.slice(start.index, end).replaceAll(/^(?:HOOKS|MANIFEST):[ \t]*\r?$/gm, blank);
  return blank(text.slice(0, start.index)) + manifests + blank(text.slice(end));
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}

/** A heading below a manifest parses as one more key of the manifest. */
const HEADLINES = new Set(['HOOKS', 'MANIFEST', 'NOTES']);

function objectsIn(documents: readonly ParsedDocument[]): readonly string[] {
  return documents.flatMap((document) => {
    if (!document.ok || !isApplied(document.value)) return [];
    return comparable(Object.entries(document.value).filter(([key]) => !HEADLINES.has(key))) ?? [];
  });
}

function isApplied(value: unknown): value is object {
  return isObject(value) && 'kind' in value && ('apiVersion' in value || 'items' in value);
}
