/** Charts on disk, as directories and as archives: what Chart.yaml says, and which charts in `charts/` are parts of another one. */
import { type Dirent, readdirSync } from 'node:fs';
import path from 'node:path';
import { isIrregular, loadRegularText } from '../files/load-text.ts';
import { type PackedChart, readPackedChart } from '../files/packed-chart.ts';
import { isArchiveName } from '../files/walk.ts';
import { parseDocuments, type ValidDocument } from '../files/yaml/yaml.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';

export interface Chart {
  /** The directory, or the archive. */
  readonly path: string;
  /** Its directory in the archive, with a slash at the end, or ''; undefined: it is not in an archive. */
  readonly inArchive: string | undefined;
  /** The file that messages about the chart name: Chart.yaml, or the archive. */
  readonly file: string;
  /** Why Helm must not read it; a sentence fragment. */
  readonly problem?: string | undefined;
  /** As in Chart.yaml. */
  readonly name: string;
  readonly isLibrary: boolean;
  readonly appVersion: string | undefined;
  readonly values: ChartValues | undefined;
  /** The names of its dependencies, if `charts/` has none of them. */
  readonly missing: readonly string[];
  /** The charts in `charts/`, by the name that values and paths of templates use: that of the chart, or an alias. */
  readonly parts: ReadonlyMap<string, Chart>;
}

export interface ChartValues {
  readonly document: ValidDocument;
  /** undefined: it is in an archive. */
  readonly file: string | undefined;
}

/** Charts are nested in practice once or twice. */
const MAX_DEPTH = 8;
/** Packed charts in a directory `charts/`. */
const MAX_PACKED = 100;

export async function readChart(at: string, depth = 0): Promise<Chart> {
  if (isArchiveName(at)) {
    const packed = await readPackedChart(at);
    return chartIn(at, typeof packed === 'string' ? new Map<string, string>() : packed);
  }
  const file = path.join(at, 'Chart.yaml');
  const values = path.join(at, 'values.yaml');
  const description = descriptionOf(textOf(file));
  const document = documentIn(textOf(values));
  const parts = depth < MAX_DEPTH ? await partsIn(path.join(at, 'charts'), depth) : [];
  return {
    ...described(description, at),
    inArchive: undefined,
    file,
    // Helm checks all files but this one, which it reads to its end.
    problem: isIrregular(file) ? 'Chart.yaml is not a regular file' : undefined,
    values: document && { document, file: values },
    missing: entriesOf(path.join(at, 'charts')).length === 0 ? dependenciesIn(description) : [],
    parts: byKey(parts, description),
  };
}

/** `prefix`: the path of the chart in the archive. */
function chartIn(archive: string, texts: PackedChart, prefix = ''): Chart {
  const description = descriptionOf(texts.get(`${prefix}Chart.yaml`));
  const document = documentIn(texts.get(`${prefix}values.yaml`));
  const inner = [...texts.keys()].flatMap((key) => PART_IN.exec(key.slice(prefix.length))?.[0] ?? []);
  const own = inner.filter((part) => texts.has(`${prefix}${part}Chart.yaml`));
  const parts = [...new Set(own)].map((part) => chartIn(archive, texts, `${prefix}${part}`));
  return {
    ...described(description, archive),
    inArchive: prefix,
    file: archive,
    values: document && { document, file: undefined },
    // Helm reports those of an archive.
    missing: [],
    parts: byKey(parts, description),
  };
}

const PART_IN = /^charts\/[^/]+\//;

function described(
  { name, type, appVersion }: JsonObject,
  at: string,
): Pick<Chart, 'path' | 'name' | 'isLibrary' | 'appVersion'> {
  return {
    path: at,
    name: typeof name === 'string' && name !== '' ? name : path.basename(path.resolve(at)),
    isLibrary: type === 'library',
    appVersion: typeof appVersion === 'string' || typeof appVersion === 'number' ? `${appVersion}` : undefined,
  };
}

/** Helm reports what is wrong with a file. */
function textOf(file: string): string | undefined {
  const loaded = loadRegularText(file);
  return 'text' in loaded ? loaded.text : undefined;
}

function documentIn(text: string | undefined): ValidDocument | undefined {
  const [document] = text === undefined ? [] : parseDocuments(text);
  return document?.ok ? document : undefined;
}

function descriptionOf(text: string | undefined): JsonObject {
  const value = documentIn(text)?.value;
  return isObject(value) ? value : {};
}

function dependenciesIn({ dependencies }: JsonObject): readonly string[] {
  const listed = Array.isArray(dependencies) ? dependencies.filter(isObject) : [];
  return listed.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
}

/** The aliases of each chart in `dependencies`, which can list a chart several times. */
function aliasesIn({ dependencies }: JsonObject): ReadonlyMap<string, readonly string[]> {
  const listed = Array.isArray(dependencies) ? dependencies.filter(isObject) : [];
  const names = listed.flatMap(({ name, alias }) =>
    typeof name === 'string' ? [{ name, key: typeof alias === 'string' && alias !== '' ? alias : name }] : [],
  );
  return new Map([...Map.groupBy(names, ({ name }) => name)].map(([name, same]) => [name, same.map(({ key }) => key)]));
}

function byKey(parts: readonly Chart[], description: JsonObject): ReadonlyMap<string, Chart> {
  const aliases = aliasesIn(description);
  return new Map(parts.flatMap((part) => (aliases.get(part.name) ?? [part.name]).map((key) => [key, part] as const)));
}

async function partsIn(directory: string, depth: number): Promise<readonly Chart[]> {
  const parts: Chart[] = [];
  for (const at of chartsIn(directory)) parts.push(await readChart(at, depth + 1));
  return parts;
}

/** The directories and archives. */
function chartsIn(directory: string): readonly string[] {
  const entries = entriesOf(directory);
  const packed = entries.filter((entry) => entry.isFile() && isArchiveName(entry.name));
  return [...entries.filter((entry) => entry.isDirectory()), ...packed.slice(0, MAX_PACKED)].map(({ name }) =>
    path.join(directory, name),
  );
}

function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
