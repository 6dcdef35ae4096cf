/** Converts a document to the requests that create its objects. */
import { type AdmissionRequest, withoutManagedFields } from '../admission/request.ts';
import { isReview, readReview } from '../admission/review.ts';
import type { KindTable } from '../pod/kinds.ts';
import { isObject, type JsonObject, jsonType } from '../pod/pointer.ts';
import { typeOf, workloadOf } from '../pod/workload.ts';
import { itemsOfList } from './lists.ts';
import { messageOf } from './yaml/program-output.ts';
import type { Position, ValidDocument } from './yaml/yaml.ts';

/** An object in a file, as the request that creates it. */
export interface Manifest {
  readonly file: string;
  /** 1-based, within the file. */
  readonly document: number;
  readonly request: AdmissionRequest;
  /** The position of the value at a pointer relative to the object. */
  positionOf(pointer: string): Position;
}

/** An input that cannot be parsed or that is not an API object. */
export interface InputError {
  readonly file: string;
  /** null: the fault concerns the whole file. */
  readonly line: number | null;
  readonly column: number | null;
  readonly document: number | null;
  readonly message: string;
}

export interface ObjectOptions {
  readonly kinds: KindTable;
  /** The namespace of objects that specify none, like `kubectl --namespace`. */
  readonly namespace: string;
}

/** Collects the results. */
export interface ObjectsAndErrors {
  readonly manifests: Manifest[];
  readonly errors: InputError[];
  /** The errors that only report that a document is not an API object. */
  readonly nonObjects: Set<InputError>;
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

/** Returns the objects in a document and ignores faults, which are reported elsewhere. */
export function objectsIn(document: ValidDocument, file: string, options: ObjectOptions): readonly Manifest[] {
  const found: ObjectsAndErrors = { manifests: [], errors: [], nonObjects: new Set() };
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
    return addNonObject(
      base,
      messageOf(value) ?? `not a Kubernetes object: expected apiVersion and kind, found ${jsonType(value)}`,
      context,
    );
  const items = itemsOfList(value);
  if (items === undefined) return readSingle(value, base, context);
  if (typeOf(value).kind === '') addNonObject(base, notAnObject(['kind']), context);
  for (const [index, item] of items.entries()) readObject(item, `${base}/items/${index}`, context);
  // Some clients do not treat it as a list, so its own images are evaluated as well.
  if (holdsImages(value, context.kinds)) addManifest(value, base, context);
}

function holdsImages(object: JsonObject, kinds: KindTable): boolean {
  const read = workloadOf(object, typeOf(object), kinds);
  return read !== undefined && (!read.ok || read.workload.containers.length > 0);
}

function readSingle(value: JsonObject, base: string, context: LoadContext): void {
  const { kind, version } = typeOf(value);
  const missing = [...(version === '' ? ['apiVersion'] : []), ...(kind === '' ? ['kind'] : [])];
  if (missing.length > 0) addNonObject(base, messageOf(value) ?? notAnObject(missing), context);
  else if (base === '' && value['items'] !== undefined) addNonObject('/items', notAList(value['items']), context);
  else addManifest(value, base, context);
}

function notAnObject(missing: readonly string[]): string {
  return `not a Kubernetes object: ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
}

function notAList(items: unknown): string {
  return `expected a list, found ${jsonType(items)}; kubectl treats every object with "items" as a list`;
}

function addNonObject(pointer: string, message: string, context: LoadContext): void {
  const error = errorAt(pointer, message, context);
  context.found.errors.push(error);
  context.found.nonObjects.add(error);
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

/** Builds the request that `kubectl create` would send. The user is unknown. */
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
