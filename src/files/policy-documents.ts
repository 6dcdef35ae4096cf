/** The documents in policy files, by kind, with their positions; their contents are not checked yet. */
import { createHash } from 'node:crypto';
import type { OriginOf } from '../error/path-origin.ts';
import { isObject } from '../pod/pointer.ts';
import { DOCUMENT_KINDS, type DocumentKind, FORMER_KINDS } from '../policy/schema.ts';
import { didYouMean } from '../image/suggestion.ts';
import { orValues } from '../image/or-list.ts';
import { type DocumentFault } from '../policy/schema-faults.ts';
import { SUITE_KIND } from '../policy/suite-schema.ts';
import { quoteValue } from '../image/quote.ts';
import { loadInputs } from './input-texts.ts';
import type { TextOrProblem } from './load-text.ts';
import { type InputNotice, type SkippedFile, skippedNotices } from './skipped-files.ts';
import { createPauses } from './pauses.ts';
import { isKustomization } from './kustomization.ts';
import { repeatedKeyNotices } from './yaml/repeated-keys.ts';
import { type ParsedDocument, type Position, parseDocuments } from './yaml/yaml.ts';

export interface PolicyDocument {
  readonly kind: DocumentKind;
  /** `metadata.name`, if it is a string. */
  readonly name: string | undefined;
  /** Has the current kind, even if the file contains a former kind. */
  readonly value: unknown;
  /** The kind as written, if it is a former name. */
  readonly formerKind: string | undefined;
  readonly file: string;
  readonly positionOf: (pointer: string, of?: DocumentFault['at']) => Position;
}

/** A fault with its location; without a line if the file cannot be read. */
export interface PlacedFault {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** A sentence fragment, after the JSON pointer if there is one. */
  readonly text: string;
}

export interface PolicyDocuments {
  /** In command-line order. */
  readonly files: readonly string[];
  readonly documents: readonly PolicyDocument[];
  /** Files that cannot be read, and documents of unknown kinds. */
  readonly faults: readonly PlacedFault[];
  /** Inputs that are not read, or that have another meaning than expected. */
  readonly notices: readonly InputNotice[];
  /** The same for files with the same contents in the same order, wherever they are. */
  readonly digest: string;
}

/**
 * Loading lets reviews run between documents, but not within one: 4 MiB take about a second. A ConfigMap has at most 1 MiB.
 */
const MAX_FILE_MEBIBYTES = 4;
const MAX_FILE_BYTES = MAX_FILE_MEBIBYTES * 1024 * 1024;
const TOO_LARGE = {
  problem: `larger than ${MAX_FILE_MEBIBYTES} MiB, the limit for a policy file; split it into several files and lists`,
};

function withinLimit(read: TextOrProblem): TextOrProblem {
  return 'text' in read && Buffer.byteLength(read.text) > MAX_FILE_BYTES ? TOO_LARGE : read;
}

export async function loadPolicyDocuments(paths: readonly string[], originOf: OriginOf): Promise<PolicyDocuments> {
  const files: string[] = [];
  const documents: PolicyDocument[] = [];
  const faults: PlacedFault[] = [];
  const skipped: SkippedFile[] = [];
  const repeated: InputNotice[] = [];
  const hash = createHash('sha256');
  const pause = createPauses();
  for await (const input of loadInputs(paths, { onSkipped: (one) => void skipped.push(one) })) {
    await pause();
    // Skips files that tools and editors leave behind, because only tidewaiter reads policies.
    if (input.hidden) {
      skipped.push({ path: input.path, why: 'unread' });
      continue;
    }
    files.push(input.path);
    const content = withinLimit(input);
    if ('problem' in content) {
      const origin = paths.includes(input.path) ? originOf(input.path) : '';
      faults.push({ file: input.path, text: `${content.problem}${origin}` });
      continue;
    }
    hash.update(createHash('sha256').update(content.text).digest());
    const parsed = parseDocuments(content.text);
    repeated.push(...repeatedKeyNotices(input.path, parsed));
    for (const one of parsed) {
      if (one.ok && (isKustomization(input.path, one.value) || isSuite(one.value))) continue;
      const document = policyDocument(one, input.path);
      if ('text' in document) faults.push(document);
      else documents.push(document);
    }
  }
  return {
    files,
    documents,
    faults,
    notices: [...repeated, ...documents.flatMap(formerKindNotices), ...skippedNotices(skipped, 'policy')],
    digest: hash.digest('hex'),
  };
}

/** Test suites can be next to the policies that they test. */
function isSuite(value: unknown): boolean {
  return isObject(value) && value['kind'] === SUITE_KIND;
}

/** Returns the document, or its fault. */
function policyDocument(one: ParsedDocument, file: string): PolicyDocument | PlacedFault {
  if (!one.ok) return { file, line: one.line, column: one.column, text: one.problem };
  const { value } = one;
  const positionOf = (pointer: string, of: DocumentFault['at'] = 'value'): Position =>
    of === 'key' ? one.keyPositionOf(pointer) : one.positionOf(pointer);
  const object = isObject(value) ? value : {};
  const text = kindProblem(object);
  if (text !== undefined) return { file, ...positionOf('/kind'), text };
  const { kind: given } = object;
  // A document without a kind is read as a policy, which reports what is missing.
  const kind = currentKind(given) ?? 'ImagePolicy';
  const formerKind = typeof given === 'string' && given !== kind ? given : undefined;
  const current = formerKind === undefined ? value : { ...object, kind };
  return { kind, name: nameIn(value), value: current, formerKind, file, positionOf };
}

/** Finds an unknown kind, a Kubernetes list of objects, and a policy under the former kind of lists. */
function kindProblem({ kind, items, spec }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof kind !== 'string') return undefined;
  const shown = quoteValue(kind);
  if (kind === 'List' || (kind.endsWith('List') && Array.isArray(items)))
    return `a policy file cannot contain kind ${shown}; write each item as a document, with "---" between documents`;
  if (FORMER_KINDS.has(kind) && isObject(spec) && !('items' in spec) && POLICY_KEYS.some((key) => key in spec))
    return `kind ${shown} is a list of strings; use kind: ImagePolicy for a policy`;
  if (currentKind(kind) !== undefined) return undefined;
  return `unknown kind ${shown}${didYouMean(kind, DOCUMENT_KINDS)} (expected ${orValues(DOCUMENT_KINDS)})`;
}

const POLICY_KEYS = ['rules', 'pin'];

function currentKind(kind: unknown): DocumentKind | undefined {
  return FORMER_KINDS.get(String(kind)) ?? DOCUMENT_KINDS.find((known) => known === kind);
}

function formerKindNotices({ kind, formerKind, file, positionOf }: PolicyDocument): readonly InputNotice[] {
  if (formerKind === undefined) return [];
  const message = `kind ${formerKind} was renamed to ${kind}; use the new name, because the next version rejects ${formerKind}`;
  return [{ file, ...positionOf('/kind'), message }];
}

function nameIn(value: unknown): string | undefined {
  const metadata = isObject(value) ? value['metadata'] : undefined;
  const name = isObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}
