/** The policy files as the data of a ConfigMap. */
import path from 'node:path';
import { UserError } from '../../error/user-error.ts';
import { loadText } from '../../files/load-text.ts';
import { loadPolicyDocuments } from '../../files/policy-documents.ts';
import { quoteValue } from '../../image/quote.ts';

/** The limit of Kubernetes for the data of a ConfigMap. */
const MAX_BYTES = 1024 * 1024;
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/** By base name, since a ConfigMap has no directories. The files must have passed `compose`. */
export async function policyTexts(paths: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const { documents } = await loadPolicyDocuments(paths, () => '');
  const texts = new Map<string, { readonly file: string; readonly text: string }>();
  for (const file of new Set(documents.map((document) => document.file))) {
    const name = path.basename(file);
    const before = texts.get(name);
    if (before !== undefined)
      throw new UserError(`${file}: a ConfigMap cannot also contain ${before.file}; rename one of the files`);
    if (!KEY.test(name))
      throw new UserError(`${file}: ${quoteValue(name)} cannot be a key of a ConfigMap; rename the file`);
    texts.set(name, { file, text: textOf(file) });
  }
  const sorted = [...texts].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const size = sorted.reduce((sum, [name, { text }]) => sum + Buffer.byteLength(name + text), 0);
  if (size > MAX_BYTES) throw new UserError(`the policies have ${size} bytes; a ConfigMap can contain ${MAX_BYTES}`);
  return Object.fromEntries(sorted.map(([name, { text }]) => [name, text]));
}

function textOf(file: string): string {
  const loaded = loadText(file);
  if ('problem' in loaded) throw new UserError(`${file}: ${loaded.problem}`);
  return loaded.text;
}
