/** Loads kubeconfig files and merges them as kubectl does (client-go, tools/clientcmd): the first file that has a value wins. */
import path from 'node:path';
import type { OriginOf } from '../error/path-origin.ts';
import { UserError } from '../error/user-error.ts';
import { loadText } from '../files/load-text.ts';
import { parseDocuments, type ValidDocument } from '../files/yaml/yaml.ts';
import type { Environment } from '../go/http-proxy.ts';
import { quoteValue } from '../image/quote.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { faultText, schemaCheck } from '../policy/schema-faults.ts';
import { KUBECONFIG_SCHEMA } from './kubeconfig-schema.ts';

/** Entries by name, as written, without null values and with absolute paths. */
export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, JsonObject>;
  readonly contexts: ReadonlyMap<string, JsonObject>;
  readonly users: ReadonlyMap<string, JsonObject>;
  /** Empty if no file has one. */
  readonly currentContext: string;
  /** The files that were read. */
  readonly files: readonly string[];
}

export interface KubeconfigFiles {
  readonly paths: readonly string[];
  /** False: files that do not exist are ignored. */
  readonly isRequired: boolean;
}

/** Returns the file of the setting, the files of $KUBECONFIG, or ~/.kube/config. */
export function kubeconfigFiles(setting: string | undefined, env: Environment): KubeconfigFiles {
  if (setting !== undefined) return { paths: [setting], isRequired: true };
  const variable = env['KUBECONFIG'] ?? '';
  const home = env['HOME'] ?? '';
  const paths = variable === '' ? [path.join(home, '.kube', 'config')] : variable.split(path.delimiter);
  return { paths: [...new Set(paths)].filter((file) => file !== ''), isRequired: false };
}

export function loadKubeconfig({ paths, isRequired }: KubeconfigFiles, originOf: OriginOf): Kubeconfig {
  const [clusters, contexts, users] = [new Map<string, JsonObject>(), new Map<string, JsonObject>(), new Map()];
  const files: string[] = [];
  let currentContext = '';
  for (const file of paths) {
    const read = loadText(file);
    if (!('text' in read)) {
      if (!isRequired && read.problem === ABSENT) continue;
      throw new UserError(`cannot read kubeconfig ${quoteValue(file)}: ${read.problem}${originOf(file)}`);
    }
    files.push(file);
    const config = parseConfig(file, read.text);
    currentContext ||= textOf(config['current-context']);
    addEntries(clusters, file, { config, list: 'clusters', member: 'cluster' });
    addEntries(contexts, file, { config, list: 'contexts', member: 'context' });
    addEntries(users, file, { config, list: 'users', member: 'user' });
  }
  return { clusters, contexts, users, currentContext, files };
}

const ABSENT = 'no such file or directory';

const check = schemaCheck(KUBECONFIG_SCHEMA);

/** Like kubectl, reads only the first document. */
function parseConfig(file: string, text: string): JsonObject {
  const [document] = parseDocuments(text);
  if (document === undefined) return {};
  if (!document.ok) throw new UserError(`${file}:${document.line}:${document.column}: ${document.problem}`);
  const value = withoutNulls(document.value);
  const faults = check(value).map((fault) => `${placeOf(file, document, fault.pointer)}: ${faultText(fault)}`);
  if (faults.length > 0) throw new UserError(faults.join('\n'));
  return value as JsonObject;
}

function placeOf(file: string, document: ValidDocument, pointer: string): string {
  const { line, column } = document.positionOf(pointer);
  return `${file}:${line}:${column}`;
}

/**
 * kubectl reads null as an absent value. Empty objects and lists in lists stay, so that pointers remain true. The value of an
 * extension is any JSON, and is kept.
 */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item ?? {}));
  if (!isObject(value)) return value;
  const present = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(present.map(([key, each]) => [key, key === 'extension' ? each : withoutNulls(each)]));
}

interface List {
  readonly config: JsonObject;
  readonly list: string;
  readonly member: string;
}

function addEntries(entries: Map<string, JsonObject>, file: string, { config, list, member }: List): void {
  const names = new Set<string>();
  for (const entry of (config[list] ?? []) as readonly JsonObject[]) {
    const name = textOf(entry['name']);
    if (names.has(name)) throw new UserError(`${file}: ${list}: name ${quoteValue(name)} is repeated`);
    names.add(name);
    if (!entries.has(name)) entries.set(name, withAbsolutePaths((entry[member] ?? {}) as JsonObject, file));
  }
}

const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/** Relative paths start at the directory of their file. */
function withAbsolutePaths(entry: JsonObject, file: string): JsonObject {
  const directory = path.resolve(path.dirname(file));
  const changed = Object.fromEntries(
    PATHS.flatMap((key) => {
      const value = textOf(entry[key]);
      return value === '' ? [] : [[key, path.resolve(directory, value)] as const];
    }),
  );
  const exec = entry['exec'];
  return { ...entry, ...changed, ...(isObject(exec) ? { exec: withAbsoluteCommand(exec, directory) } : {}) };
}

/** A command without a separator is found on the PATH. */
function withAbsoluteCommand(exec: JsonObject, directory: string): JsonObject {
  const command = textOf(exec['command']);
  const isRelative = command.includes(path.sep) && !path.isAbsolute(command);
  return isRelative ? { ...exec, command: path.resolve(directory, command) } : exec;
}

/** The schema has checked the type. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
