/** Files as the data of a ConfigMap. */
import path from 'node:path';
import { UserError } from '../../error/user-error.ts';
import { loadText } from '../../files/load-text.ts';
import { FILE_NAME, POLICY_NAME } from '../../install/configuration.ts';
import { quoteValue } from '../../image/quote.ts';

/** The limit of Kubernetes for the data of a ConfigMap. */
const MAX_BYTES = 1024 * 1024;
const NAMES = { policies: new RegExp(POLICY_NAME), plugins: new RegExp(FILE_NAME) } as const;

/** By base name, since a ConfigMap has no directories. */
export function configMapData(files: Iterable<string>, what: keyof typeof NAMES): Readonly<Record<string, string>> {
  const texts = new Map<string, { readonly file: string; readonly text: string }>();
  for (const file of new Set(files)) {
    const name = path.basename(file);
    const before = texts.get(name);
    if (before !== undefined)
      throw new UserError(`${file}: a ConfigMap cannot also contain ${before.file}; rename one of the files`);
    if (!NAMES[what].test(name)) throw new UserError(`${file}: ${nameProblem(name, what)}`);
    texts.set(name, { file, text: textOf(file) });
  }
  const sorted = [...texts].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const size = sorted.reduce((sum, [name, { text }]) => sum + Buffer.byteLength(name + text), 0);
  if (size > MAX_BYTES) throw new UserError(`the ${what} have ${size} bytes; a ConfigMap can contain ${MAX_BYTES}`);
  return Object.fromEntries(sorted.map(([name, { text }]) => [name, text]));
}

function nameProblem(name: string, what: keyof typeof NAMES): string {
  const shown = quoteValue(name);
  if (what === 'policies' && NAMES.plugins.test(name))
    return `the server does not read policies from a file named ${shown}; use a name that ends with .yaml, .yml, or .json and does not begin with a dot`;
  return `${shown} cannot be a key of a ConfigMap; rename the file`;
}

function textOf(file: string): string {
  const loaded = loadText(file);
  if ('problem' in loaded) throw new UserError(`${file}: ${loaded.problem}`);
  return loaded.text;
}
