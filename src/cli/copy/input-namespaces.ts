/** The labels of the Namespaces among the inputs and their reviews, of which the last one with a name counts, as in `check`. */
import { namespaceLabelsIn } from '../../admission/facts/cluster-objects.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { typeOf } from '../../pod/workload.ts';
import type { Fact, Labels } from '../../policy/fact.ts';

export interface InputNamespaces {
  /** Ignores other objects. */
  readonly add: (object: JsonObject) => void;
  /** undefined: the Namespace is not among the inputs so far. */
  labelsOf(namespace: string): Fact<Labels> | undefined;
}

export function inputNamespaces(): InputNamespaces {
  const known = new Map<string, Labels>();
  return {
    add(object) {
      const { group, kind } = typeOf(object);
      const name = isObject(object['metadata']) ? object['metadata']['name'] : undefined;
      if (group === '' && kind === 'Namespace' && typeof name === 'string')
        known.set(name, namespaceLabelsIn(object, name));
    },
    labelsOf(namespace) {
      const value = known.get(namespace);
      return value && { state: 'yes', value };
    },
  };
}
