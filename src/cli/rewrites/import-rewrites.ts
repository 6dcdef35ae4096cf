/** `tidewaiter import-rewrites`: a policy with the rewrites of other tools' configurations. */
import path from 'node:path';
import { UserError } from '../../error/user-error.ts';
import { type Input, loadInputs } from '../../files/input-texts.ts';
import { fileText, locationText } from '../../files/location-text.ts';
import { type ParsedDocument, parseDocuments } from '../../files/yaml/yaml.ts';
import { yamlDocuments } from '../../install/yaml.ts';
import { writeNewFiles } from '../new-files.ts';
import type { Terminal } from '../terminal.ts';
import type { Converted, PlacedPolicy, Reader, ReadOptions } from './converted.ts';
import { readHarborWebhook } from './harbor-webhook.ts';
import { readImageSwapper } from './image-swapper.ts';
import { readKyverno } from './kyverno.ts';
import { leftLine, type PlacedLeft, policyTexts } from './policy-texts.ts';

export interface ImportRewritesFlags {
  readonly out?: string | undefined;
  readonly force?: boolean | undefined;
  readonly registry?: readonly string[] | undefined;
}

const POLICY_FILE = 'rewrites.yaml';
const READERS: readonly Reader[] = [readKyverno, readHarborWebhook, readImageSwapper];
const UNKNOWN =
  'not a configuration of k8s-image-swapper or harbor-container-webhook, and not a ClusterPolicy of Kyverno';

/** A ConfigMap, which holds such files, has at most 1 MiB. */
const MAX_ENTRIES = 1000;
const MAX_FILE_BYTES = 4 * 1024 * 1024;

export async function importRewrites(
  paths: readonly string[],
  flags: ImportRewritesFlags,
  terminal: Terminal,
): Promise<number> {
  const found: Found = { policies: [], left: [], errors: [] };
  for await (const input of loadInputs(paths, { stdin: terminal.input() })) {
    readInput(input, { registries: flags.registry ?? [] }, found);
  }
  for (const error of found.errors) terminal.note(`${error}\n`);
  const { documents, left } = policyTexts(found.policies);
  const all = [...found.left, ...left];
  if (documents.length + all.length === 0) {
    if (found.errors.length === 0) terminal.note('no rewrite rules found\n');
    return 2;
  }
  for (const one of all) terminal.note(leftLine(one));
  if (documents.length > 0) write(yamlDocuments(documents), flags, terminal);
  if (found.errors.length > 0) return 2;
  return all.length > 0 ? 1 : 0;
}

function write(text: string, { out, force = false }: ImportRewritesFlags, terminal: Terminal): void {
  if (out === undefined) {
    terminal.out(text);
    return;
  }
  const file = path.join(out, POLICY_FILE);
  writeNewFiles([{ path: file, text }], force);
  terminal.note(`wrote ${fileText(file)}\n`);
}

interface Found {
  readonly policies: PlacedPolicy[];
  readonly left: PlacedLeft[];
  readonly errors: string[];
}

function readInput(input: Input, options: ReadOptions, found: Found): void {
  const file = input.path;
  if ('problem' in input) {
    found.errors.push(`${fileText(file)}: ${input.problem}`);
    return;
  }
  if (Buffer.byteLength(input.text) > MAX_FILE_BYTES) {
    found.errors.push(`${fileText(file)}: larger than 4 MiB`);
    return;
  }
  const documents = parseDocuments(input.text);
  if (documents.length === 0) found.errors.push(`${fileText(file)}: ${UNKNOWN}`);
  for (const document of documents) readDocument(document, file, { options, found });
}

function readDocument(
  document: ParsedDocument,
  file: string,
  { options, found }: { readonly options: ReadOptions; readonly found: Found },
): void {
  const { line } = document;
  if (!document.ok) {
    found.errors.push(`${locationText({ file, line, column: document.column })}: ${document.problem}`);
    return;
  }
  const source = { value: document.value, lineOf: (pointer: string) => document.positionOf(pointer).line };
  const converted = firstRead(source, options);
  if (converted === undefined) {
    found.errors.push(`${locationText({ file, line })}: ${UNKNOWN}`);
    return;
  }
  found.policies.push(...converted.policies.map((policy) => ({ ...policy, file })));
  found.left.push(...converted.left.map((one) => ({ ...one, file })));
  const entries = found.policies.reduce((sum, policy) => sum + policy.entries.length, 0);
  if (entries > MAX_ENTRIES)
    throw new UserError(`more than ${MAX_ENTRIES} entries in all; convert fewer rules at once`);
}

function firstRead(source: Parameters<Reader>[0], options: ReadOptions): Converted | undefined {
  for (const read of READERS) {
    const converted = read(source, options);
    if (converted !== undefined) return converted;
  }
  return undefined;
}
