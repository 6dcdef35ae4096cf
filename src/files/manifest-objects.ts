/** Converts a document to the requests that create its objects. */
import { type AdmissionRequest, withoutManagedFields } from '../admission/request.ts';
import { isReview, readReview } from '../admission/review.ts';
import type { KindTable } from '../pod/kinds.ts';
import { imageSignIn } from '../pod/image-signs.ts';
import { isObject, type JsonObject, jsonType } from '../pod/pointer.ts';
import { typeOf, workloadOf } from '../pod/workload.ts';
import { itemsOfList } from './lists.ts';
import { messageOf } from './yaml/program-output.ts';
import { type Place, placeIn, type Rendered } from './place.ts';
import type { ValidDocument } from './yaml/yaml.ts';

/** An object in a file, as the request that creates it. */
export interface Manifest {
  readonly file: string;
  /** 1-based, within the file. */
  readonly document: number;
  readonly request: AdmissionRequest;
  /** The request is an AdmissionReview in the file, and not derived from an object. */
  readonly isRecorded?: true;
  /** Only rules about images apply: the file has no Pods. */
  readonly imagesOnly?: true;
  /** Where the value at a pointer relative to the object is written. */
  placeOf(pointer: string): Place;
  /** What a finding about this value adds to its remedy. */
  readonly remarkOn?: (pointer: string) => string | undefined;
  /** Known of an object whose content is not kept. */
  readonly setsImage?: boolean;
  /** undefined: the file contains the object itself. */
  readonly rendered?: Rendered | undefined;
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

export function unreadable(file: string, message: string): InputError {
  return { file, line: null, column: null, document: null, message };
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
  /** The errors that only report that a value is not an API object. */
  readonly nonObjects: Map<InputError, NonObject>;
}

/** `incomplete`: it was meant as an object, but a part is missing. */
export type NonObject = 'foreign' | 'incomplete';

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
  else readObject(value, DOCUMENT, context);
}

/** Returns the objects in a document and ignores faults, which are reported elsewhere. */
export function objectsIn(document: ValidDocument, file: string, options: ObjectOptions): readonly Manifest[] {
  const found: ObjectsAndErrors = { manifests: [], errors: [], nonObjects: new Map() };
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
    isRecorded: true,
    placeOf: (pointer) => placeIn(file, document, `/request/object${pointer}`),
  });
}

function readObject(value: unknown, at: Part, context: LoadContext): void {
  if (!isObject(value)) {
    const message =
      messageOf(value) ?? `not a Kubernetes object: expected apiVersion and kind, found ${jsonType(value)}`;
    return addNonObject(at.base, { message, is: at.inObject ? 'incomplete' : 'foreign' }, context);
  }
  const items = itemsOfList(value);
  if (items === undefined) return readSingle(value, at, context);
  const isNamed = typeOf(value).kind !== '';
  if (!isNamed) addNonObject(at.base, { message: notAnObject(['kind']), is: meantAs(value, at, context) }, context);
  const inObject = at.inObject || isNamed;
  for (const [index, item] of items.entries())
    readObject(item, { base: `${at.base}/items/${index}`, inObject }, context);
  // Some clients do not treat it as a list, so its own images are evaluated as well.
  if (holdsImages(value, context.kinds)) addManifest(value, at.base, context);
}

/** A document, or an item of a list. */
interface Part {
  /** The pointer to it. */
  readonly base: string;
  /** True in a list that has a kind. */
  readonly inObject: boolean;
}

const DOCUMENT: Part = { base: '', inObject: false };

/** Tools have files with one of the two keys; only API objects also have metadata. Without apiVersion, it must be about images. */
function meantAs(value: JsonObject, { inObject }: Part, { kinds }: LoadContext): NonObject {
  if (inObject) return 'incomplete';
  const { kind, version } = typeOf(value);
  const isOne = version !== '' || (kind !== '' && (kinds.names.includes(kind) || hasImageSign(value)));
  return isOne && isObject(value['metadata']) ? 'incomplete' : 'foreign';
}

function hasImageSign(value: JsonObject): boolean {
  const what = imageSignIn(value, 'unknown.example.com')?.what;
  return what !== undefined && what !== 'placeholder';
}

function holdsImages(object: JsonObject, kinds: KindTable): boolean {
  const read = workloadOf(object, typeOf(object), kinds);
  return read !== undefined && (!read.ok || read.workload.containers.length > 0);
}

function readSingle(value: JsonObject, at: Part, context: LoadContext): void {
  const { kind, version } = typeOf(value);
  const missing = [...(version === '' ? ['apiVersion'] : []), ...(kind === '' ? ['kind'] : [])];
  if (missing.length > 0)
    addNonObject(
      at.base,
      { message: messageOf(value) ?? notAnObject(missing), is: meantAs(value, at, context) },
      context,
    );
  else if (at.base === '' && value['items'] !== undefined)
    addNonObject('/items', { message: notAList(value['items']), is: 'incomplete' }, context);
  else addManifest(value, at.base, context);
}

function notAnObject(missing: readonly string[]): string {
  return `not a Kubernetes object: ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
}

function notAList(items: unknown): string {
  return `expected a list, found ${jsonType(items)}; kubectl treats every object with "items" as a list`;
}

interface NonObjectFault {
  readonly message: string;
  readonly is: NonObject;
}

function addNonObject(pointer: string, { message, is }: NonObjectFault, context: LoadContext): void {
  const error = errorAt(pointer, message, context);
  context.found.errors.push(error);
  context.found.nonObjects.set(error, is);
}

function addManifest(object: JsonObject, base: string, context: LoadContext): void {
  const { document, file, found } = context;
  found.manifests.push({
    file,
    document: document.index + 1,
    request: creation(object, context),
    placeOf: (pointer) => placeIn(file, document, `${base}${pointer}`),
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
    mutateRan: false,
  };
}
