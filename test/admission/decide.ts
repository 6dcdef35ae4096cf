/** Requests made by hand, and the decision on them. */
import type { Context, World } from '../../src/admission/context.ts';
import type { AdmissionRequest } from '../../src/admission/request.ts';
import { validate, type Decision } from '../../src/admission/validate.ts';
import { type JsonObject } from '../../src/pod/pointer.ts';
import { typeOf } from '../../src/pod/workload.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { objectsIn } from '../pod/fixtures.ts';
import { kinds } from '../policy/fixtures.ts';

export function objectOf(yaml: string): JsonObject {
  const [object] = objectsIn(yaml);
  if (object === undefined) throw new Error('no object');
  return object;
}

export const podOf = (spec: string, metadata = '{name: p}'): JsonObject =>
  objectOf(`{apiVersion: v1, kind: Pod, metadata: ${metadata}, spec: ${spec}}`);

export function requestOf(object: JsonObject | undefined, extra: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    uid: 'u',
    type: object === undefined ? { group: '', version: 'v1', kind: 'Pod' } : typeOf(object),
    subResource: '',
    operation: 'CREATE',
    name: 'p',
    namespace: 'shop',
    user: { name: 'jane', groups: [] },
    object,
    oldObject: undefined,
    dryRun: false,
    pluginsRan: true,
    mutateRan: true,
    ...extra,
  };
}

export type Surroundings = World & Pick<Context, 'exceptions' | 'now' | 'abortGrace'>;

export function contextOf(
  policies: readonly Policy[],
  { exceptions, now, abortGrace, ...world }: Surroundings = {},
): Context {
  return { kinds, policies, exceptions, now, abortGrace, world: Object.keys(world).length === 0 ? undefined : world };
}

export async function ask(
  request: AdmissionRequest,
  context: Context,
  signal = new AbortController().signal,
): Promise<Decision> {
  return validate(request, context, signal);
}

/** `container rule action`, `+` where the old object already had it; or what else came out. */
export function decisionTexts(decision: Decision): readonly string[] {
  if (decision.outcome === 'not-evaluated') return [decision.reason];
  if (decision.outcome === 'malformed') return [`${decision.pointer}: ${decision.problem}`];
  return decision.findings.map(
    ({ container, rule, action, existing }) => `${existing ? '+' : ''}${container?.name ?? '-'} ${rule} ${action}`,
  );
}
