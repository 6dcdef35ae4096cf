/** How charts are rendered: the values of the configuration file and of flags. */
import path from 'node:path';

/** One set of values; a chart that several sets name is rendered once with each. */
export interface HelmSet {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly kubeVersion?: string | undefined;
  /** Paths. */
  readonly values: readonly string[];
  /** As `helm --set` takes them. */
  readonly set: readonly string[];
}

export interface ConfiguredHelmSet extends HelmSet {
  /** A directory, in which `*` matches any characters. */
  readonly chart: string;
}

/** The entry as it is written. */
export interface HelmEntry {
  readonly chart: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly kubeVersion?: string;
  readonly values?: readonly string[];
  readonly set?: Readonly<Record<string, string | number | boolean>>;
}

/** `directory`: of the configuration file. */
export function configuredSet(entry: HelmEntry, directory: string): ConfiguredHelmSet {
  const { chart, name, namespace, kubeVersion, values = [], set = {} } = entry;
  return {
    chart: path.resolve(directory, chart),
    name,
    namespace,
    kubeVersion,
    values: values.map((file) => (isUrl(file) || path.isAbsolute(file) ? file : path.join(directory, file))),
    set: Object.entries(set).map(([key, value]) => `${key}=${typeof value === 'string' ? escaped(value) : value}`),
  };
}

/** Helm reads a `,` as the end of a value, and a `{` as the start of a list. */
function escaped(value: string): string {
  return value.replaceAll(/[\\,{]/g, String.raw`\$&`);
}

/** Helm downloads values from URLs. */
export function isUrl(file: string): boolean {
  return /^[a-z][\w+.-]*:\/\//i.test(file);
}
