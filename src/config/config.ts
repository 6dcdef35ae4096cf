/**
 * Merges defaults, `tidewaiter.yaml`, TIDEWAITER_* variables, and flags, in this order, into one frozen Config, with the source of
 * each value.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../error/user-error.ts';
import { loadRegularText, loadText } from '../files/load-text.ts';
import type { InputNotice } from '../files/skipped-files.ts';
import { repeatedKeyNotices } from '../files/yaml/repeated-keys.ts';
import { parseDocuments } from '../files/yaml/yaml.ts';
import { quoteValue } from '../image/quote.ts';
import { pointerSegments } from '../pod/pointer.ts';
import { faultText, schemaCheck } from '../policy/schema-faults.ts';
import { variableLayer } from './environment.ts';
import { type Attempt, attempting, readAll } from './faults.ts';
import { optionOf } from './key.ts';
import { type Config, CONFIG_SCHEMA, type Flags, ROWS } from './keys.ts';
import { pathOrigins } from './path-origins.ts';
import { processEnvironment } from './process-environment.ts';
import { parseTexts } from './text-value.ts';
import type { Value } from './values.ts';

export type { Config, Flags } from './keys.ts';
export { type Address, addressOf } from './values.ts';

/** One effective value in the output of `--print-config`. */
export interface Setting {
  readonly key: string;
  readonly value: unknown;
  /** `default`, a file with its line, a variable, or a flag. */
  readonly from: string;
}

export interface LoadedConfig {
  /** The configuration file, or the default one, which need not exist. */
  readonly file: string;
  readonly config: Config;
  readonly settings: readonly Setting[];
  /** Notices about the file. */
  readonly notices: readonly InputNotice[];
}

export const DEFAULT_CONFIG_FILE = 'tidewaiter.yaml';

const checkFile = schemaCheck(CONFIG_SCHEMA);

export async function loadConfig(flags: Flags, env: NodeJS.ProcessEnv = processEnvironment()): Promise<LoadedConfig> {
  const faults: string[] = [];
  const attempt = attempting(faults);
  const file = attempt(() => fileLayer(flags.config, env));
  const above = [variableLayer(env, attempt), flagLayer(flags, attempt)];
  // If the file cannot be read, its keys are unknown, and so are the missing keys.
  if (file === undefined) throw new UserError(faults.join('\n'));
  const { layer, wrong, notices } = file;
  const values = new Map<string, Value>();
  for (const each of [defaultLayer(), layer, ...above]) {
    for (const [key, value] of each) values.set(key, value);
  }
  const fields = await readAll(readersOf(values, wrong), [...faults, ...file.faults]);
  // Each row of the table has set its fields, and Config takes their types from the table.
  const config = Object.freeze({ ...fields, env, originOf: pathOrigins(values) }) as unknown as Config;
  const settings = [...values].map(([key, { value, from }]) => {
    const { shown = (whole: unknown) => whole } = ROWS.get(key) ?? {};
    return { key, value: shown(value), from };
  });
  return {
    file: configFile(flags.config, env['TIDEWAITER_CONFIG'] ?? '')?.path ?? DEFAULT_CONFIG_FILE,
    config,
    settings,
    notices,
  };
}

type Layer = ReadonlyMap<string, Value>;

function defaultLayer(): Layer {
  return new Map([...ROWS].map(([key, { schema }]) => [key, { value: schema['default'], from: 'default' }]));
}

interface FileLayer {
  /** Without the keys that have a fault. */
  readonly layer: Layer;
  readonly faults: readonly string[];
  /** The keys that have a fault. */
  readonly wrong: ReadonlySet<string>;
  readonly notices: readonly InputNotice[];
}

const NO_FILE: FileLayer = { layer: new Map(), faults: [], wrong: new Set(), notices: [] };

interface ConfigFile {
  readonly path: string;
  /** As returned by OriginOf. */
  readonly origin: string;
}

/** Returns the file of the flag, the file of the variable, or the default file if it exists. */
function configFile(flag: string | undefined, variable: string): ConfigFile | undefined {
  if (flag !== undefined) return { path: flag, origin: ' (set by --config)' };
  if (variable !== '') return { path: variable, origin: ' (set by TIDEWAITER_CONFIG)' };
  return existsSync(DEFAULT_CONFIG_FILE) ? { path: DEFAULT_CONFIG_FILE, origin: '' } : undefined;
}

function fileLayer(named: string | undefined, env: NodeJS.ProcessEnv): FileLayer {
  const file = configFile(named, env['TIDEWAITER_CONFIG'] ?? '');
  if (file === undefined) return NO_FILE;
  return layerOf(textOf(file), file.path);
}

/**
 * What is wrong with the text of a configuration file, without the files that it names, and the values of its valid keys.
 * `from`: its name in messages.
 */
export function checkConfigText(
  text: string,
  from: string,
): { readonly faults: readonly string[]; readonly values: ReadonlyMap<string, unknown> } {
  try {
    const { layer, faults } = layerOf(text, from);
    return { faults, values: new Map([...layer].map(([key, { value }]) => [key, value])) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { faults: [error.message], values: new Map() };
  }
}

function layerOf(text: string, from: string): FileLayer {
  const [document, ...more] = parseDocuments(text);
  if (document === undefined) return NO_FILE;
  if (!document.ok) throw new UserError(`${from}:${document.line}:${document.column}: ${document.problem}`);
  if (more.length > 0) throw new UserError(`${from}: expected one document, found ${more.length + 1}`);
  const found = checkFile(document.value);
  const faults = found.map(({ pointer, problem, at }) => {
    const { line, column } = at === 'key' ? document.keyPositionOf(pointer) : document.positionOf(pointer);
    return `${from}:${line}:${column}: ${faultText({ pointer, problem })}`;
  });
  if (found.some(({ pointer }) => pointer === '')) throw new UserError(faults.join('\n'));
  const wrong = new Set(found.map(({ pointer }) => pointerSegments(pointer)[0] ?? ''));
  const values = Object.entries(document.value as object).flatMap(([key, value]) => {
    if (wrong.has(key)) return [];
    const at = `${from}:${document.positionOf(`/${key}`).line}`;
    const directory = path.dirname(from);
    return [[key, { value: withPaths(key, value, directory), from: at, directory }] as const];
  });
  return { layer: new Map(values), faults, wrong, notices: repeatedKeyNotices(from, [document]) };
}

/** Resolves relative paths in the value of a key from the directory of the file. */
function withPaths(key: string, value: unknown, directory: string): unknown {
  const names: ReadonlySet<string> = new Set(ROWS.get(key)?.paths);
  const resolve = (name: string, inner: unknown): unknown => {
    if (Array.isArray(inner)) return inner.map((item: unknown) => resolve(name, item));
    if (typeof inner === 'object' && inner !== null) {
      return Object.fromEntries(Object.entries(inner).map(([member, each]) => [member, resolve(member, each)]));
    }
    if (!names.has(name) || typeof inner !== 'string') return inner;
    return path.isAbsolute(inner) ? inner : path.join(directory, inner);
  };
  return resolve(key, value);
}

function textOf({ path: file, origin }: ConfigFile): string {
  // A repository can have a link to a device by the default name.
  const read = origin === '' ? loadRegularText(file) : loadText(file);
  if ('text' in read) return read.text;
  throw new UserError(`cannot read configuration file ${quoteValue(file)}: ${read.problem}${origin}`);
}

function flagLayer(flags: Flags, attempt: Attempt): Layer {
  const layer = new Map<string, Value>();
  const given: Readonly<Record<string, unknown>> = { ...flags };
  for (const [key, { flag, schema }] of ROWS) {
    const typed = flag === undefined ? undefined : given[flag.name];
    if (flag === undefined || typed === undefined || (Array.isArray(typed) && typed.length === 0)) continue;
    const from = optionOf(flag);
    const value = attempt(() => parseTexts(schema, typed as string | readonly string[], from));
    if (value !== undefined) layer.set(key, { value, from });
  }
  return layer;
}

type FieldReader = readonly [field: string, read: () => unknown];

/** Returns a reader for each field of Config whose keys have no fault. */
function readersOf(values: ReadonlyMap<string, Value>, wrong: ReadonlySet<string>): readonly FieldReader[] {
  const given = (key: string): Value => values.get(key) ?? { value: undefined, from: 'default' };
  return [...ROWS]
    .filter(([key, { uses = [] }]) => ![key, ...uses].some((used) => wrong.has(used)))
    .flatMap(([key, { read = {} }]) =>
      Object.entries(read).map(([field, readField]) => [field, () => readField(given(key), given)] as const),
    );
}
