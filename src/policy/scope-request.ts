/** The fields of a request that policies and rules use, in addition to its object. */
import type { JsonObject } from '../pod/pointer.ts';
import type { Workload } from '../pod/workload.ts';
import type { Fact, Labels } from './fact.ts';

/** The fields of a request other than its object. */
export interface RequestDetails {
  /** Name of the object; `''` if the API server generates it. */
  readonly name: string;
  /** `''` for the object itself. */
  readonly subResource: string;
  /** `undefined`: unknown, as for a manifest from a file. */
  readonly user: { readonly name: string; readonly groups: readonly string[] } | undefined;
  /** The stored object, on UPDATE. */
  readonly oldObject: JsonObject | undefined;
  readonly dryRun: boolean;
}

/** The fields of a request that scopes use. */
export interface ScopeRequest extends RequestDetails {
  readonly operation: 'CREATE' | 'UPDATE';
  readonly namespace: string | undefined;
  readonly workload: Workload;
  readonly namespaceLabels: Fact<Labels>;
}
