/** Templates from which Helm rendered nothing: an object that other values turn on is not evaluated. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { loadRegularText } from '../files/load-text.ts';
import type { SkippedFile } from '../files/skipped-files.ts';
import { isArchiveName, isManifestName } from '../files/walk.ts';
import type { KindTable } from '../pod/kinds.ts';
import type { Chart } from './chart.ts';
import { helmIgnore } from './helm-ignore.ts';

/** `rendered`: the templates that printed something, with any of the values. */
export function silentTemplates(chart: Chart, rendered: ReadonlySet<string>, kinds: KindTable): readonly SkippedFile[] {
  if (isArchiveName(chart.path)) return [];
  const isIgnored = helmIgnore(chart.path);
  return templatesOf(chart)
    .filter((file) => !rendered.has(file) && canHoldImages(file, kinds))
    .map((file) => {
      const relative = path.relative(chart.path, file).replaceAll(path.sep, '/');
      return { path: file, why: isIgnored(relative) ? 'helmignored' : 'silent', within: chart.path };
    });
}

/** Templates in a chart are bounded by what people write; the rest of a directory that is none is not read. */
const MAX_TEMPLATES = 2000;

function templatesOf({ path: at, parts }: Chart): readonly string[] {
  if (isArchiveName(at)) return [];
  return [...filesIn(path.join(at, 'templates')), ...[...parts.values()].flatMap(templatesOf)].slice(0, MAX_TEMPLATES);
}

/** Files whose names begin with `_` are only included by others. */
function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && isManifestName(entry.name) && !entry.name.startsWith('_'))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .toSorted();
  } catch {
    // Helm renders a chart without templates, and reports what it cannot read.
    return [];
  }
}

const API_VERSION = /^[ \t]*["']?apiVersion["']?[ \t]*:[ \t]*["']?([\w{].*?)["']?[ \t]*(?:#.*)?\r?$/m;
const KIND = /^[ \t]*["']?kind["']?[ \t]*:[ \t]*["']?([\w{].*?)["']?[ \t]*(?:#.*)?\r?$/m;

/** Reports whether a file seems to be an object with images: by its kind, or by its text if the kind is not in the table. */
function canHoldImages(file: string, kinds: KindTable): boolean {
  const loaded = loadRegularText(file);
  return 'text' in loaded && loaded.text.split(/^---/m).some((document) => isObjectWithImages(document, kinds));
}

function isObjectWithImages(document: string, kinds: KindTable): boolean {
  const apiVersion = API_VERSION.exec(document)?.[1];
  const kind = KIND.exec(document)?.[1];
  if (apiVersion === undefined || kind === undefined) return false;
  if (`${apiVersion}${kind}`.includes('{{')) return true;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return kinds.find(group, kind) !== undefined || /image|container/i.test(document);
}
