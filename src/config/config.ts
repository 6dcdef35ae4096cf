/**
 * Defaults, then `tidewaiter.yaml`, then TIDEWAITER_* variables, then flags: one frozen Config, and where each value came
 * from. The only file that reads the environment.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type CredentialConfig, credentialConfig, withPathsFrom } from './credentials.ts';
import { envLayer } from './environment.ts';
import { type Attempt, attempting, readAll } from './error.ts';
import { CONFIG_SCHEMA, DEFAULTS, type LogLevel } from './schema.ts';
import { certificateFiles, type ClientConfig, clientConfig, operationsAddress, type Value } from './server.ts';
import { type Address, addressOf, levelOf, portOf, timeoutOf } from './values.ts';
import type { InputNotice } from '../files/skipped-files.ts';
import { loadText } from '../files/load-text.ts';
import { repeatedKeyNotices } from '../files/yaml/repeated-keys.ts';
import { parseDocuments } from '../files/yaml/yaml.ts';
import { quoteValue } from '../image/quote.ts';
import { kindTable, type KindEntry, type KindTable } from '../pod/kinds.ts';
import { pointerSegments } from '../pod/pointer.ts';
import { schemaCheck } from '../policy/schema-faults.ts';
import type { Environment } from '../registry/proxy.ts';
import type { RegistrySettings } from '../registry/settings.ts';
import { REGISTRY_FILE_KEYS, type RegistryRow, shownRegistries } from './registry-schema.ts';
import { UserError } from '../error/user-error.ts';

export interface Config extends CredentialConfig {
  readonly listen: Address;
  /** `undefined`: no operations port. */
  readonly operations: Address | undefined;
  /** Files and folders; empty: the built-in policy. */
  readonly policies: readonly string[];
  /** Files that export more rules. */
  readonly plugins: readonly string[];
  /** How long a plugin's rule may take to judge one object. */
  readonly pluginTimeoutMs: number;
  /** Serving certificate and key; both or neither. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Whose clients may ask for reviews; `undefined`: anybody's. */
  readonly clients: ClientConfig | undefined;
  /** Where a certificate is made when none is given. */
  readonly certsDir: string;
  readonly logLevel: LogLevel;
  readonly kinds: KindTable;
  readonly registries: RegistrySettings;
  /** Of the process: proxies, and what programs of credentials are run with. Never printed. */
  readonly env: Environment;
}

/** One effective value as `--print-config` shows it. */
export interface Setting {
  readonly key: string;
  readonly value: unknown;
  /** `default`, a file with its line, a variable or a flag. */
  readonly from: string;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly settings: readonly Setting[];
  /** About the file. */
  readonly notices: readonly InputNotice[];
}

export { type Address, addressOf } from './values.ts';

/** Values from flags, as typed; absent ones are not there. */
export interface Flags {
  readonly config?: string | undefined;
  readonly listen?: string | undefined;
  readonly operationsPort?: string | undefined;
  readonly operationsListen?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly certsDir?: string | undefined;
  readonly clientCa?: string | undefined;
  readonly clientName?: readonly string[] | undefined;
}

const DEFAULT_FILE = 'tidewaiter.yaml';

/** File paths in the configuration file are relative to it. */
const PATH_KEYS = new Set(['cert', 'key', 'certsDir', 'clientCa']);
const PATHS_KEYS = new Set(['policies', 'plugins']);
const NESTED_PATH_KEYS = new Set(['nodeCredentials', 'registryCache']);

const checkFile = schemaCheck(CONFIG_SCHEMA);

export async function loadConfig(flags: Flags, env: NodeJS.ProcessEnv = process.env): Promise<LoadedConfig> {
  const faults: string[] = [];
  const attempt = attempting(faults);
  const file = attempt(() => fileLayer(flags.config, env));
  const above = [envLayer(env, attempt), flagLayer(flags, attempt)];
  // What a file says that cannot be read is not known, so neither is what lacks.
  if (file === undefined) throw new UserError(faults.join('\n'));
  const { layer, skipped, notices } = file;
  faults.push(...file.faults);
  const values = new Map<string, Value>();
  for (const each of [defaultLayer(), layer, ...above]) {
    for (const [key, value] of each) values.set(key, value);
  }
  const { certificate, credentials, ...read } = await readAll(readersOf(values), { faults, skipped });
  const config = Object.freeze({ ...read, ...certificate, ...credentials, env });
  const settings = [...values].map(([key, { value, from }]) => ({ key, value: shown(key, value), from }));
  return { config, settings, notices };
}

function shown(key: string, value: unknown): unknown {
  return key === 'registries' ? shownRegistries(value as readonly RegistryRow[]) : value;
}

async function registrySettings(values: ReadonlyMap<string, Value>): Promise<RegistrySettings> {
  const { value, from = 'default' } = values.get('registries') ?? {};
  const access = values.get('registryAccess')?.value === 'listed' ? 'listed' : 'any';
  const rows = value as readonly RegistryRow[];
  if (rows.length === 0) return { registries: [], access };
  const { readRegistries } = await import('./registries.ts');
  return {
    registries: await readRegistries(rows, (problem) => new UserError(`${from}: registries: ${problem}`)),
    access,
  };
}

type Layer = ReadonlyMap<string, Value>;

function defaultLayer(): Layer {
  return new Map(Object.entries(DEFAULTS).map(([key, value]) => [key, { value, from: 'default' }]));
}

interface FileLayer {
  /** Without the keys that have a fault. */
  readonly layer: Layer;
  readonly faults: readonly string[];
  /** What cannot be read without them. */
  readonly skipped: ReadonlySet<string>;
  readonly notices: readonly InputNotice[];
}

const NO_FILE: FileLayer = { layer: new Map(), faults: [], skipped: new Set(), notices: [] };

function fileLayer(named: string | undefined, env: NodeJS.ProcessEnv): FileLayer {
  const file = named ?? (env['TIDEWAITER_CONFIG'] || undefined);
  if (file === undefined && !existsSync(DEFAULT_FILE)) return NO_FILE;
  const from = file ?? DEFAULT_FILE;
  const [document, ...more] = parseDocuments(textOf(from));
  if (document === undefined) return NO_FILE;
  if (!document.ok) throw new UserError(`${from}:${document.line}:${document.column}: ${document.problem}`);
  if (more.length > 0) throw new UserError(`${from}: expected one document, found ${more.length + 1}`);
  const found = checkFile(document.value);
  const faults = found.map(({ pointer, problem, at }) => {
    const { line, column } = at === 'key' ? document.keyPositionOf(pointer) : document.positionOf(pointer);
    return `${from}:${line}:${column}: ${problem}`;
  });
  if (found.some(({ pointer }) => pointer === '')) throw new UserError(faults.join('\n'));
  const wrong = new Set(found.map(({ pointer }) => pointerSegments(pointer)[0] ?? ''));
  const folder = path.dirname(from);
  const values = Object.entries(document.value as object).flatMap(([key, value]) => {
    if (wrong.has(key)) return [];
    const at = `${from}:${document.positionOf(`/${key}`).line}`;
    return [[key, { value: relativeTo(folder, key, value), from: at }] as const];
  });
  const skipped = new Set([...wrong].map((key) => READ_BY[key] ?? key));
  return { layer: new Map(values), faults, skipped, notices: repeatedKeyNotices(from, [document]) };
}

/** Where a key is not read by itself. */
const READ_BY: Readonly<Record<string, string>> = {
  cert: 'certificate',
  key: 'certificate',
  nodeCredentials: 'credentials',
  registryCache: 'credentials',
};

function relativeTo(folder: string, key: string, value: unknown): unknown {
  const join = (file: string): string => (path.isAbsolute(file) ? file : path.join(folder, file));
  if (PATH_KEYS.has(key)) return join(String(value));
  if (NESTED_PATH_KEYS.has(key)) return withPathsFrom(folder, value);
  if (key === 'registries') return (value as readonly RegistryRow[]).map((row) => joined(row, join));
  return PATHS_KEYS.has(key) ? (value as readonly string[]).map(join) : value;
}

function joined(row: RegistryRow, join: (file: string) => string): RegistryRow {
  const files = REGISTRY_FILE_KEYS.flatMap((key) => (row[key] === undefined ? [] : [[key, join(row[key])]]));
  return { ...row, ...Object.fromEntries(files) };
}

function textOf(file: string): string {
  const read = loadText(file);
  if ('text' in read) return read.text;
  throw new UserError(`cannot read the configuration file ${quoteValue(file)}: ${read.problem}`);
}

function flagLayer(flags: Flags, attempt: Attempt): Layer {
  const layer = new Map<string, Value>();
  const set = (key: string, flag: string, value: unknown): void => {
    if (value !== undefined) layer.set(key, { value, from: flag });
  };
  const port = flags.operationsPort;
  set('listen', '--listen', flags.listen);
  set('operationsPort', '--operations-port', port && attempt(() => portOf(port, '--operations-port')));
  set('policies', '--policy', flags.policy?.length ? flags.policy : undefined);
  set('plugins', '--plugin', flags.plugin?.length ? flags.plugin : undefined);
  set('cert', '--cert', flags.cert);
  set('key', '--key', flags.key);
  set('certsDir', '--certs-dir', flags.certsDir);
  set('operationsListen', '--operations-listen', flags.operationsListen);
  set('clientCa', '--client-ca', flags.clientCa);
  set('clientNames', '--client-name', flags.clientName?.length ? flags.clientName : undefined);
  return layer;
}

/** Whatever of it cannot be read throws a UserError. */
function readersOf(values: ReadonlyMap<string, Value>) {
  const given = (key: string): Value => values.get(key) ?? { value: undefined, from: 'default' };
  const texts = (key: string): readonly string[] => given(key).value as readonly string[];
  const read = <T>(key: string, parse: (text: string, from: string) => T) => {
    const { value, from } = given(key);
    return (): T => parse(String(value), from);
  };
  return {
    listen: read('listen', addressOf),
    operations: () => operationsAddress(given('operationsListen'), given('operationsPort'), given('listen')),
    clients: () => clientConfig(given('clientCa'), given('clientNames')),
    policies: () => texts('policies'),
    plugins: () => texts('plugins'),
    pluginTimeoutMs: read('pluginTimeoutMs', timeoutOf),
    certificate: () => certificateFiles(given('cert'), given('key')),
    certsDir: read('certsDir', (text) => text),
    logLevel: () => levelOf(given('logLevel').value, given('logLevel').from),
    kinds: () => kindTable(given('kinds').value as readonly KindEntry[]),
    registries: () => registrySettings(values),
    credentials: () =>
      credentialConfig(given('nodeCredentials').value, given('registryCache').value, (at, problem) => {
        throw new UserError(`${given(at.split('.')[0] ?? at).from}: ${at}: ${problem}`);
      }),
  };
}
