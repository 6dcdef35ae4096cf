/** Templates from which Helm rendered nothing: an object that other values turn on is not evaluated. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { loadRegularText } from '../files/load-text.ts';
import type { SkippedFile } from '../files/skipped-files.ts';
import { readTexts } from '../files/packed-chart.ts';
import { isManifestName } from '../files/walk.ts';
import type { KindTable } from '../pod/kinds.ts';
import type { Chart } from './chart.ts';
import { helmIgnore } from './helm-ignore.ts';

/** `rendered`: the templates that printed something, with any of the values. In an archive, paths go on. */
export async function silentTemplates(
  chart: Chart,
  rendered: ReadonlySet<string>,
  kinds: KindTable,
): Promise<readonly SkippedFile[]> {
  const charts = chartsIn(chart);
  const unpacked = charts
    .filter(({ inArchive }) => inArchive === undefined)
    .flatMap(({ path: at }) => filesIn(path.join(at, 'templates')))
    .filter((file) => !rendered.has(file) && canHoldImages(file, kinds));
  const packed = await packedTemplates(charts, (file, text) => !rendered.has(file) && hasImages(text, kinds));
  const isIgnored = chart.inArchive === undefined ? helmIgnore(chart.path) : (): boolean => false;
  return [...unpacked, ...packed].slice(0, MAX_TEMPLATES).map((file) => {
    const relative = path.relative(chart.path, file).replaceAll(path.sep, '/');
    return { path: file, why: isIgnored(relative) ? 'helmignored' : 'silent', within: chart.path };
  });
}

/** Templates in a chart are bounded by what people write; the rest of a directory that is none is not read. */
const MAX_TEMPLATES = 2000;

/** The chart and its parts. Helm renders no templates of a library, which others include. */
function chartsIn(chart: Chart): readonly Chart[] {
  return [...(chart.isLibrary ? [] : [chart]), ...[...chart.parts.values()].flatMap(chartsIn)];
}

type IsListed = (file: string, text: string) => boolean;

/** Reads each archive once, and keeps no texts. */
async function packedTemplates(charts: readonly Chart[], isListed: IsListed): Promise<readonly string[]> {
  const files: string[] = [];
  for (const [archive, own] of Map.groupBy(charts, ({ path: at }) => at)) {
    const directories = new Set(own.flatMap(({ inArchive }) => inArchive ?? []));
    if (directories.size === 0) continue;
    let count = 0;
    await readTexts(archive, {
      isWanted: (name) => isTemplate(path.posix.basename(name)) && directories.has(directoryOf(name)),
      take(name, text) {
        const file = path.join(archive, name);
        if (isListed(file, text)) files.push(file);
        count += 1;
        return count < MAX_TEMPLATES;
      },
    });
  }
  return files.toSorted();
}

/** Returns the directory of the chart that a path has as a template; otherwise, a text that no chart has. */
function directoryOf(name: string): string {
  return /^((?:charts\/[^/]+\/)*)templates\//.exec(name)?.[1] ?? name;
}

/** Files whose names begin with `_` are only included by others. */
function isTemplate(name: string): boolean {
  return isManifestName(name) && !name.startsWith('_');
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && isTemplate(entry.name))
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
  return 'text' in loaded && hasImages(loaded.text, kinds);
}

function hasImages(text: string, kinds: KindTable): boolean {
  return text.split(/^---/m).some((document) => isObjectWithImages(document, kinds));
}

function isObjectWithImages(document: string, kinds: KindTable): boolean {
  const apiVersion = API_VERSION.exec(document)?.[1];
  const kind = KIND.exec(document)?.[1];
  if (apiVersion === undefined || kind === undefined) return false;
  if (`${apiVersion}${kind}`.includes('{{')) return true;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return kinds.find(group, kind) !== undefined || /image|container/i.test(document);
}
