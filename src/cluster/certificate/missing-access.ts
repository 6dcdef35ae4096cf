/** Names the RBAC rule that a rejected request needs. */
import { ApiError } from '../api.ts';

export interface NeededRule {
  readonly verb: string;
  readonly resource: string;
  readonly name: string;
  /** undefined: the resource has no namespaces. */
  readonly namespace?: string;
}

/** Rejects with the rule in the message if the API server rejects the request with HTTP 403. */
export async function accessible<T>({ verb, resource, name, namespace }: NeededRule, response: Promise<T>): Promise<T> {
  try {
    return await response;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const [role, where] = namespace === undefined ? ['ClusterRole', ''] : ['Role', ` in namespace "${namespace}"`];
    const message = `tidewaiter cannot ${verb} ${resource} "${name}"${where} (HTTP 403): grant ${verb} on ${resource} "${name}" with a ${role}`;
    throw new ApiError(403, error.reason, message);
  }
}
