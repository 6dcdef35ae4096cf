/** The keys of a configuration on this machine that also apply to the server in a cluster. */
import type { Setting } from '../../config/config.ts';
import { ROWS } from '../../config/keys.ts';
import { UserError } from '../../error/user-error.ts';
import { OWN_KEYS } from '../../install/configuration.ts';
import type { Tree, TreeObject } from '../../install/yaml.ts';

/** Without defaults, addresses, and the serving certificate. Throws UserError for files, which the manifests do not contain. */
export function sharedSettings(settings: readonly Setting[]): TreeObject {
  const recording = settings.find(({ key, from }) => key === 'record' && from !== 'default');
  if (recording !== undefined)
    throw new UserError(
      `${recording.from}: in a cluster, recordings are written into a volume; leave "record" out, and use --record-size, or record.sizeMib of the chart`,
    );
  const shared = settings.filter(({ key, from }) => from !== 'default' && !OWN_KEYS.has(key));
  return Object.fromEntries(
    shared.map(({ key, value, from }) => {
      const paths = ROWS.get(key)?.paths ?? [];
      return [key, toTree(value, key, (name, text) => requireContained({ name, text, from, paths }))];
    }),
  );
}

interface Text {
  readonly name: string;
  readonly text: string;
  readonly from: string;
  readonly paths: readonly string[];
}

function requireContained({ name, text, from, paths }: Text): void {
  if (paths.includes(name))
    throw new UserError(
      `${from}: the manifests cannot contain the file in ${name}; leave the key out, mount the file into the Deployment, and set the key in the ConfigMap tidewaiter-config`,
    );
  // A URL with a password, as shownRegistries masks it.
  if (name === 'proxy' && text.includes('***@'))
    throw new UserError(
      `${from}: the manifests cannot contain the password in ${name}, because ConfigMaps are not secret`,
    );
}

/** `name`: the nearest key. */
function toTree(value: unknown, name: string, check: (name: string, text: string) => void): Tree {
  if (Array.isArray(value)) return value.map((item) => toTree(item, name, check));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toTree(item, key, check)]));
  }
  if (typeof value === 'string') check(name, value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
