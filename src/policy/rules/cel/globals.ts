/** The variables of an expression: their types, and their values for a request and a container. */
import type { ImageReference } from '../../../image/reference.ts';
import type { Container } from '../../../pod/containers.ts';
import { isObject, type JsonObject } from '../../../pod/pointer.ts';
import type { OriginalImage } from '../../fact.ts';
import type { Subject } from '../../rule.ts';
import { originalOf } from '../images.ts';
import { BOOL, DYN, listType, mapType, objectType, STRING, type Type } from '../../../cel/type.ts';
import { entryMap, fromJson, jsonMap, type Value } from '../../../cel/value.ts';

const IMAGE = objectType('image', {
  text: STRING,
  registry: STRING,
  repository: STRING,
  name: STRING,
  tag: STRING,
  digest: STRING,
});

const REQUEST = objectType('request', {
  operation: STRING,
  kind: objectType('request.kind', { group: STRING, version: STRING, kind: STRING }),
  name: STRING,
  namespace: STRING,
  subResource: STRING,
  dryRun: BOOL,
  userInfo: objectType('request.userInfo', { username: STRING, groups: listType(STRING) }),
});

const NAMESPACE = objectType('namespaceObject', {
  metadata: objectType('namespaceObject.metadata', { name: STRING, labels: mapType(STRING, STRING) }),
});

export const GLOBALS: ReadonlyMap<string, Type> = new Map([
  ['object', DYN],
  ['oldObject', DYN],
  ['request', REQUEST],
  ['namespaceObject', NAMESPACE],
  ['container', DYN],
  ['image', IMAGE],
  ['original', IMAGE],
]);

export type CelSubject = Subject<'namespaceLabels' | 'originalImages'>;
type Uses = ReadonlySet<string>;

const UNKNOWN_USER = 'the requesting user is unknown';

/** The values that all containers share, limited to those in `uses`. */
export function requestValues(uses: Uses, subject: CelSubject): { readonly [name: string]: Value } {
  const { workload, request } = subject;
  return {
    ...(uses.has('object') ? { object: jsonMap(workload.object) } : {}),
    ...(uses.has('oldObject') ? { oldObject: fromJson(request.oldObject) } : {}),
    ...(uses.has('request') ? { request: requestValue(subject) } : {}),
    ...(uses.has('namespaceObject') ? { namespaceObject: namespaceValue(subject) } : {}),
  };
}

function requestValue({ operation, namespace, workload, request }: CelSubject): Value {
  const { user, name, subResource, dryRun } = request;
  const { group, version, kind } = workload.type;
  const known = { operation, kind: { group, version, kind }, name, namespace: namespace ?? '', subResource, dryRun };
  if (user === undefined) return jsonMap(known, { reason: UNKNOWN_USER });
  return jsonMap({ ...known, userInfo: { username: user.name, groups: user.groups } });
}

/** The API server sets the label with the namespace name, so this label is always known. */
function namespaceValue({ namespace, facts: { namespaceLabels: fact } }: CelSubject): Value {
  if (namespace === undefined) return null;
  const own = { 'kubernetes.io/metadata.name': namespace };
  const open = fact.state === 'unknown' ? fact : undefined;
  const labels = jsonMap(fact.state === 'yes' ? fact.value : own, open);
  return record({ metadata: record({ name: namespace, labels }) });
}

function record(fields: { readonly [name: string]: Value }): Value {
  return entryMap(Object.entries(fields).map(([key, value]) => ({ key, value })));
}

/** Adds the values of the container to `shared`. */
export function containerValues(
  uses: Uses,
  shared: { readonly [name: string]: Value },
  { container, facts }: { readonly container: Container; readonly facts: CelSubject['facts'] },
): { readonly [name: string]: Value } {
  const { image } = container;
  const values: { [name: string]: Value } = { ...shared };
  if (uses.has('container')) values['container'] = jsonMap(withDefaults(container));
  if (uses.has('image') && image.state === 'parsed') values['image'] = imageValue(image.reference);
  if (uses.has('original')) values['original'] = originalValue(originalOf({ facts }, container));
  return values;
}

/** Adds the defaults of the API server, so that files and requests have the same result. */
export function withDefaults(container: Container): JsonObject {
  const { kind, fields, pullPolicy } = container;
  if (kind === 'volume' || pullPolicy === undefined) return fields;
  const ports = withProtocols(container);
  if (fields['imagePullPolicy'] === pullPolicy && fields['ports'] === ports) return fields;
  const filled = { ...fields, imagePullPolicy: pullPolicy };
  return ports === undefined ? filled : { ...filled, ports };
}

function withProtocols({ fields, ports }: Container): unknown {
  const list = fields['ports'];
  if (!Array.isArray(list) || list.every((port) => isObject(port) && port['protocol'])) return list;
  return list.map((port, index) => (isObject(port) ? { ...port, protocol: ports[index]?.protocol ?? 'TCP' } : port));
}

function originalValue(original: OriginalImage): Value {
  return original.state === 'yes' ? imageValue(original.value) : jsonMap({}, original);
}

function imageValue(reference: ImageReference): Value {
  const { text, domain, path, digest } = reference;
  return jsonMap({
    text,
    registry: domain,
    repository: path,
    name: reference.repository,
    tag: reference.effectiveTag ?? '',
    digest: digest ?? '',
  });
}
