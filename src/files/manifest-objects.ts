/** One document of a file -> the objects in it, as requests to create them. */
import { type AdmissionRequest, withoutManagedFields } from '../admission/request.ts';
import { isReview, readReview } from '../admission/review.ts';
import type { KindTable } from '../pod/kinds.ts';
import { isObject, type JsonObject, jsonType } from '../pod/pointer.ts';
import { typeOf, workloadOf } from '../pod/workload.ts';
import { itemsOfList } from './lists.ts';
import { messageOf } from './yaml/program-output.ts';
import type { Position, ValidDocument } from './yaml/yaml.ts';

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

export interface ObjectOptions {
  readonly kinds: KindTable;
  /** For objects that name none, as `kubectl --namespace` does. */
  readonly namespace: string;
}

/** Where what is read is collected. */
export interface ObjectsAndErrors {
  readonly manifests: Manifest[];
  readonly errors: InputError[];
  /** Those of the errors that only say that something is not an object of the API. */
  readonly strangers: Set<InputError>;
}

interface LoadContext extends ObjectOptions {
  readonly file: string;
  readonly document: ValidDocument;
  readonly found: ObjectsAndErrors;
}

export function addObjects(
  document: ValidDocument,
  file: string,
  found: ObjectsAndErrors,
  options: ObjectOptions,
): void {
  const context = { ...options, file, document, found };
  const { value } = document;
  if (isReview(value) && itemsOfList(value) === undefined) readRecorded(context);
  else readObject(value, '', context);
}

/** What of a document is an object; its faults are another reader's. */
export function objectsIn(document: ValidDocument, file: string, options: ObjectOptions): readonly Manifest[] {
  const found: ObjectsAndErrors = { manifests: [], errors: [], strangers: new Set() };
  addObjects(document, file, found, options);
  return found.manifests;
}

function errorAt(pointer: string, message: string, { document, file }: LoadContext): InputError {
  const { line, column } = document.positionOf(pointer);
  return { file, line, column, document: document.index + 1, message };
}

function readRecorded(context: LoadContext): void {
  const { document, file, found } = context;
  const read = readReview(document.value);
  if (!read.ok) {
    const message = `invalid AdmissionReview: ${read.pointer || '/'}: ${read.problem}`;
    found.errors.push(errorAt(read.pointer, message, context));
    return;
  }
  found.manifests.push({
    file,
    document: document.index + 1,
    request: read.review.request,
    positionOf: (pointer) => document.positionOf(`/request/object${pointer}`),
  });
}

function readObject(value: unknown, base: string, context: LoadContext): void {
  if (!isObject(value))
    return addStranger(base, messageOf(value) ?? 'expected an object with apiVersion and kind', context);
  const items = itemsOfList(value);
  if (items === undefined) return readSingle(value, base, context);
  if (typeOf(value).kind === '') addStranger(base, notAnObject(['kind']), context);
  for (const [index, item] of items.entries()) readObject(item, `${base}/items/${index}`, context);
  // Not every client takes it for a list: what runs images by itself is evaluated as well.
  if (holdsImages(value, context.kinds)) addManifest(value, base, context);
}

function holdsImages(object: JsonObject, kinds: KindTable): boolean {
  const read = workloadOf(object, typeOf(object), kinds);
  return read !== undefined && (!read.ok || read.workload.containers.length > 0);
}

function readSingle(value: JsonObject, base: string, context: LoadContext): void {
  const { kind, version } = typeOf(value);
  const missing = [...(version === '' ? ['apiVersion'] : []), ...(kind === '' ? ['kind'] : [])];
  if (missing.length > 0) addStranger(base, messageOf(value) ?? notAnObject(missing), context);
  else if (base === '' && value['items'] !== undefined) addStranger('/items', notAList(value['items']), context);
  else addManifest(value, base, context);
}

function notAnObject(missing: readonly string[]): string {
  return `no ${missing.join(' and no ')}: not an object of the Kubernetes API`;
}

function notAList(items: unknown): string {
  return `expected a list, found ${jsonType(items)}; kubectl treats every object with "items" as a list`;
}

function addStranger(pointer: string, message: string, context: LoadContext): void {
  const error = errorAt(pointer, message, context);
  context.found.errors.push(error);
  context.found.strangers.add(error);
}

function addManifest(object: JsonObject, base: string, context: LoadContext): void {
  const { document, file, found } = context;
  found.manifests.push({
    file,
    document: document.index + 1,
    request: creation(object, context),
    positionOf: (pointer) => document.positionOf(`${base}${pointer}`),
  });
}

/** The request that `kubectl create` would make of an object; who asks is not known. */
function creation(object: JsonObject, { kinds, namespace }: ObjectOptions): AdmissionRequest {
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
