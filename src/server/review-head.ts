/**
 * Reads the head of a review that is too large to be parsed: the API server writes everything about the request before the object
 * (k8s.io/api/admission/v1, AdmissionRequest). Members are found by their depth, whatever strings and other values contain; the
 * last of two members with one name is used, as in a parsed review.
 */
import { isMapAt, jsonMembers, valueOf } from './json-members.ts';

/** The bytes that are kept of a body that is too large; the user's names and groups precede the object and can be long. */
export const HEAD_BYTES = 64 * 1024;

type Members = Readonly<Record<string, unknown>>;

const ABOUT_THE_REQUEST = new Set([
  'uid',
  'kind',
  'subResource',
  'name',
  'namespace',
  'operation',
  'userInfo',
  'dryRun',
]);
const ABOUT_THE_OBJECT = new Set(['name', 'generateName', 'deletionTimestamp']);

/**
 * Returns an AdmissionReview with only the name of its object, from a whole text or from its beginning; undefined if the text
 * does not start with an AdmissionReview.
 */
export function headOf(bytes: Buffer): Members | undefined {
  const review = membersOf(bytes, 0, (key) => key === 'apiVersion' || key === 'kind');
  const at = review?.places.get('request');
  const request = at === undefined ? undefined : membersOf(bytes, at, (key) => ABOUT_THE_REQUEST.has(key));
  if (review === undefined || request === undefined) return undefined;
  const objectAt = request.places.get('object');
  const object = objectAt === undefined ? undefined : membersOf(bytes, objectAt, () => false);
  const metadataAt = object?.places.get('metadata');
  const metadata =
    metadataAt === undefined ? undefined : membersOf(bytes, metadataAt, (key) => ABOUT_THE_OBJECT.has(key));
  return {
    ...review.values,
    // Without an operation in the head, it is CREATE: only a new object can have a name that long.
    request: { operation: 'CREATE', ...request.values, object: { metadata: metadata?.values ?? {} } },
  };
}

interface PartialMap {
  readonly values: Members;
  /** The offset of the value of each other member. */
  readonly places: ReadonlyMap<string, number>;
}

/** Reads the map at `start`, up to the end of the text; undefined: it is not a map. Invalid JSON counts as absent, which never allows an object. */
function membersOf(bytes: Buffer, start: number, isWanted: (key: string) => boolean): PartialMap | undefined {
  if (!isMapAt(bytes, start)) return undefined;
  const values = new Map<string, unknown>();
  const places = new Map<string, number>();
  for (const { key, at, end } of jsonMembers(bytes, start)) {
    places.set(key, at);
    if (end !== undefined && isWanted(key)) values.set(key, valueOf(bytes, at, end));
  }
  return { values: Object.fromEntries(values), places };
}
