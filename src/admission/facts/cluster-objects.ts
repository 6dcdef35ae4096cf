/** Converts objects of a cluster to facts, for input files and for the API of a cluster. */
import { isObject, type JsonObject, ShapeError } from '../../pod/pointer.ts';
import { readObjects, readString } from '../../pod/read.ts';
import type { Fact, Labels } from '../../policy/fact.ts';

/** Returns the names in `imagePullSecrets` of a ServiceAccount; unknown: the list is malformed. */
export function pullSecretsIn(account: JsonObject): Fact<readonly string[]> {
  try {
    const entries = readObjects(account, 'imagePullSecrets', '');
    const names = entries.map((entry, index) => readString(entry, 'name', `/imagePullSecrets/${index}`) ?? '');
    return { state: 'yes', value: names };
  } catch (error) {
    if (error instanceof ShapeError) return { state: 'unknown', reason: `${error.pointer}: ${error.message}` };
    throw error;
  }
}

/** Returns the labels of a Namespace, with the label that the API server adds to each. */
export function namespaceLabelsIn({ metadata }: JsonObject, name: string): Labels {
  const labels = isObject(metadata) && isObject(metadata['labels']) ? metadata['labels'] : {};
  const strings = Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { ...Object.fromEntries(strings), 'kubernetes.io/metadata.name': name };
}
