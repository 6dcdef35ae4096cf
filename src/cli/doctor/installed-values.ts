/** The values of an installation's files: its configuration and its policies. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkConfigText, type Config, loadConfig } from '../../config/config.ts';
import type { LoadPolicies } from '../../doctor/collect.ts';
import type { FileTexts, InstalledFiles } from '../../doctor/installed-objects.ts';
import { type Known, known, unknown } from '../../doctor/known.ts';
import type { ServerConfiguration } from '../../doctor/values.ts';
import { UserError } from '../../error/user-error.ts';
import { CONFIG_FILE } from '../../install/configuration.ts';
import { type LoadedPolicyValues, policyValues, unloaded } from './local-values.ts';

/** The policies of the settings; without any, those of the installation. */
export function policyLoader(config: Config, now: number): LoadPolicies {
  return async (installed) => {
    const { configuration, values } = readConfiguration(installed.configuration);
    const loaded =
      config.policies.length > 0
        ? await policyValues(config, now)
        : await policiesIn(installed, { config, now, values });
    return { serverConfiguration: configuration, ...loaded };
  };
}

type Values = ReadonlyMap<string, unknown>;

/** The files that the configuration names are only in the Pods, so they are not checked. */
function readConfiguration(found: InstalledFiles['configuration']): {
  readonly configuration: Known<ServerConfiguration>;
  readonly values: Values;
} {
  const values = new Map();
  if (found.state === 'unknown') return { configuration: found, values };
  const { source, texts = {} } = found.value ?? {};
  const text = texts[CONFIG_FILE];
  if (text === undefined)
    return { configuration: known({ source, faults: [], registersItself: false, fail: undefined }), values };
  const checked = checkConfigText(text, CONFIG_FILE);
  const registersItself = checked.values.get('registration') === 'self';
  const fail = failOf(checked.values.get('fail') ?? (registersItself ? 'open' : undefined));
  return { configuration: known({ source, faults: checked.faults, registersItself, fail }), values: checked.values };
}

function failOf(value: unknown): ServerConfiguration['fail'] {
  return value === 'open' || value === 'closed' ? value : undefined;
}

interface Context {
  readonly config: Config;
  readonly now: number;
  /** Of the configuration of the server. */
  readonly values: Values;
}

async function policiesIn({ policies }: InstalledFiles, { config, now, values }: Context): Promise<LoadedPolicyValues> {
  if (policies.state === 'unknown') return { policyFiles: policies, policies };
  if (policies.value === undefined) return policyValues(config, now);
  const { source } = policies.value;
  return inFolder(policies.value, async (folder) => {
    const kinds = values.has('kinds') ? await kindsIn(folder, values.get('kinds')) : config.kinds;
    if (kinds instanceof UserError) return unloaded(kinds.message);
    const loaded = await policyValues({ ...config, kinds, policies: [path.join(folder, 'policies')] }, now, (text) =>
      text.replaceAll(path.join(folder, 'policies'), source),
    );
    return withoutPlugins(loaded, values, config);
  });
}

/** Without the plugins of the server, their rules are unknown here. */
function withoutPlugins(loaded: LoadedPolicyValues, values: Values, { plugins }: Config): LoadedPolicyValues {
  const { policyFiles } = loaded;
  const ofServer = values.get('plugins');
  const isMissing = Array.isArray(ofServer) && ofServer.length > 0 && plugins.length === 0;
  if (!isMissing || policyFiles.state === 'unknown' || policyFiles.value.problem === undefined) return loaded;
  const without = unknown('the server has plugins; to check its policies, pass the same ones with --plugin');
  return { policyFiles: without, policies: without };
}

async function kindsIn(folder: string, kinds: unknown): Promise<Config['kinds'] | UserError> {
  const file = path.join(folder, 'kinds.yaml');
  await writeFile(file, JSON.stringify({ kinds }));
  try {
    const { config } = await loadConfig({ config: file }, {});
    return config.kinds;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

/** Rules read files, so the texts are written into a temporary directory. */
async function inFolder<T>({ texts }: FileTexts, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tidewaiter-doctor-'));
  try {
    const policies = path.join(folder, 'policies');
    await mkdir(policies);
    for (const [name, text] of Object.entries(texts)) await writeFile(path.join(policies, path.basename(name)), text);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
