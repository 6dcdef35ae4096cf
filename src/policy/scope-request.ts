/** What policies look at to find out whether they apply: one request, beside its object. */
import type { JsonObject } from '../pod/pointer.ts';
import type { Workload } from '../pod/workload.ts';
import type { Fact, Labels } from './fact.ts';

/** What a request says besides its object. */
export interface Circumstances {
  /** Of the object; `''` when the API server is to make one up. */
  readonly name: string;
  /** `''` for the object itself. */
  readonly subResource: string;
  /** `undefined` when nobody knows who asks (a manifest from a file). */
  readonly user: { readonly name: string; readonly groups: readonly string[] } | undefined;
  /** The stored object, on UPDATE. */
  readonly oldObject: JsonObject | undefined;
  readonly dryRun: boolean;
}

/** The part of a request that scopes look at, and rules through their subject. */
export interface ScopeRequest extends Circumstances {
  readonly operation: 'CREATE' | 'UPDATE';
  readonly namespace: string | undefined;
  readonly workload: Workload;
  readonly namespaceLabels: Fact<Labels>;
}
