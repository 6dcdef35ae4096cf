/** Manifests, lists of them and recorded reviews in files -> admission requests, each with its place. */
import { type AdmissionRequest, withoutManagedFields } from '../admission/request.ts';
import { isReview, readReview } from '../admission/review.ts';
import type { KindTable } from '../pod/kinds.ts';
import { isObject, type JsonObject, jsonType } from '../pod/pointer.ts';
import { typeOf, workloadOf } from '../pod/workload.ts';
import { loadInputs } from './documents.ts';
import { isKustomization } from './kustomization.ts';
import { itemsOfList } from './lists.ts';
import { readDocuments, type ParsedDocument, type Position } from './yaml.ts';

/** A request that a file asks for. */
export interface Manifest {
  readonly file: string;
  /** 1-based, within the file. */
  readonly document: number;
  readonly request: AdmissionRequest;
  /** Of the value at a pointer relative to the object. */
  positionOf(pointer: string): Position;
}

/** What could not be read, or is no object of the API. */
export interface InputError {
  readonly file: string;
  /** null where the fault is the file's as a whole. */
  readonly line: number | null;
  readonly column: number | null;
  readonly document: number | null;
  readonly message: string;
}

export function unreadable(file: string, message: string): InputError {
  return { file, line: null, column: null, document: null, message };
}

export interface Manifests {
  /** Files that were read, or should have been. */
  readonly files: number;
  readonly documents: number;
  readonly manifests: readonly Manifest[];
  readonly errors: readonly InputError[];
}

export interface ManifestOptions {
  readonly kinds: KindTable;
  /** For objects that name none, as `kubectl --namespace` does. */
  readonly namespace: string;
  /** What `-` reads. */
  readonly stdin: AsyncIterable<Uint8Array | string>;
}

export async function loadManifests(paths: readonly string[], options: ManifestOptions): Promise<Manifests> {
  const manifests: Manifest[] = [];
  const errors: InputError[] = [];
  let files = 0;
  let documents = 0;
  for await (const input of loadInputs(paths, options)) {
    files += 1;
    if ('problem' in input) {
      errors.push(unreadable(input.path, input.problem));
      continue;
    }
    for (const document of readDocuments(input.text)) {
      documents += 1;
      if (document.ok && isKustomization(input.path, document.value)) continue;
      readDocument(document, { ...options, file: input.path, manifests, errors });
    }
  }
  return { files, documents, manifests, errors };
}

interface Reading extends ManifestOptions {
  readonly file: string;
  readonly manifests: Manifest[];
  readonly errors: InputError[];
}

type GoodDocument = Extract<ParsedDocument, { readonly ok: true }>;

function readDocument(document: ParsedDocument, reading: Reading): void {
  const { file, errors } = reading;
  const number = document.index + 1;
  if (!document.ok) {
    errors.push({ file, line: document.line, column: document.column, document: number, message: document.problem });
    return;
  }
  const fail = (pointer: string, message: string): void => {
    const { line, column } = document.positionOf(pointer);
    errors.push({ file, line, column, document: number, message });
  };
  if (isReview(document.value) && itemsOfList(document.value) === undefined) readRecorded(document, reading, fail);
  else readObject(document.value, '', { document, reading, fail });
}

type Fail = (pointer: string, message: string) => void;

function readRecorded(document: GoodDocument, { file, manifests }: Reading, fail: Fail): void {
  const read = readReview(document.value);
  if (!read.ok) {
    fail(read.pointer, `not an AdmissionReview that can be answered: ${read.pointer || '/'}: ${read.problem}`);
    return;
  }
  manifests.push({
    file,
    document: document.index + 1,
    request: read.review.request,
    positionOf: (pointer) => document.positionOf(`/request/object${pointer}`),
  });
}

interface At {
  readonly document: GoodDocument;
  readonly reading: Reading;
  readonly fail: Fail;
}

function readObject(value: unknown, base: string, at: At): void {
  const { reading, fail } = at;
  if (!isObject(value)) return fail(base, 'expected an object with apiVersion and kind');
  const items = itemsOfList(value);
  if (items === undefined) return readSingle(value, base, at);
  const { kind } = typeOf(value);
  if (kind === '') fail(base, 'no kind: not an object of the Kubernetes API');
  for (const [index, item] of items.entries()) readObject(item, `${base}/items/${index}`, at);
  // Not every client takes it for a list: what runs images by itself is evaluated as well.
  if (holdsImages(value, reading.kinds)) add(value, base, at);
}

function holdsImages(object: JsonObject, kinds: KindTable): boolean {
  const read = workloadOf(object, typeOf(object), kinds);
  return read !== undefined && (!read.ok || read.workload.containers.length > 0);
}

function readSingle(value: JsonObject, base: string, at: At): void {
  const { kind, version } = typeOf(value);
  const missing = [...(version === '' ? ['apiVersion'] : []), ...(kind === '' ? ['kind'] : [])];
  if (missing.length > 0) return at.fail(base, `no ${missing.join(' and no ')}: not an object of the Kubernetes API`);
  if (base === '' && value['items'] !== undefined)
    return at.fail(
      '/items',
      `expected a list, found ${jsonType(value['items'])}: kubectl reads every object with "items" as a list`,
    );
  add(value, base, at);
}

function add(object: JsonObject, base: string, { document, reading }: At): void {
  reading.manifests.push({
    file: reading.file,
    document: document.index + 1,
    request: creation(object, reading),
    positionOf: (pointer) => document.positionOf(`${base}${pointer}`),
  });
}

/** The request that `kubectl create` would make of an object; who asks is not known. */
function creation(object: JsonObject, { kinds, namespace }: ManifestOptions): AdmissionRequest {
  const type = typeOf(object);
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const own =
    typeof metadata['namespace'] === 'string' && metadata['namespace'] !== '' ? metadata['namespace'] : namespace;
  return {
    uid: 'from-file',
    type,
    subResource: '',
    operation: 'CREATE',
    name: typeof metadata['name'] === 'string' ? metadata['name'] : '',
    namespace: kinds.find(type.group, type.kind)?.clusterScoped ? undefined : own,
    user: undefined,
    object: withoutManagedFields(object),
    oldObject: undefined,
    dryRun: true,
    pluginsRan: false,
  };
}
