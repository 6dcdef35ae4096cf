import { typeOf } from '../../src/pod/workload.ts';
import { isObject, type JsonObject } from '../../src/pod/pointer.ts';

/** Returns the review of the API server for the creation of an object, or for its update if `oldObject` is set. */
export function createReview(object: unknown, extra: JsonObject = {}): JsonObject {
  if (!isObject(object)) throw new TypeError('not an object');
  const { group, version, kind } = typeOf(object);
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '5d6f3c1e-8f5b-4a53-9e0b-0f2d9f7d3c11',
      kind: { group, version, kind },
      resource: { group, version, resource: `${kind.toLowerCase()}s` },
      name: metadata['name'],
      namespace: metadata['namespace'] ?? 'default',
      operation: 'CREATE',
      userInfo: { username: 'jane', groups: ['system:authenticated'] },
      object,
      oldObject: null,
      dryRun: false,
      ...extra,
    },
  };
}
