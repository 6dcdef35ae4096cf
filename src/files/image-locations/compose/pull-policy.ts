/** Pull policies of services in a Compose file, where they mean the same as an imagePullPolicy. */
import { escapeSegment, isObject } from '../../../pod/pointer.ts';
import { untraced } from '../traced-text.ts';
import { type ComposeContext, withoutValues } from './environment.ts';
import { isReset } from './reset.ts';
import { interpolate } from './variables.ts';

/**
 * `daily`, `weekly`, and `every_…` pull again after a time, `build` does not pull, and images of services with `never` are not
 * evaluated.
 */
const LIKE_KUBERNETES: ReadonlySet<string> = new Set(['always', 'missing', 'if_not_present']);

export interface ComposePullPolicy {
  /** From the root of the document. */
  readonly pointer: string;
  readonly value: string;
}

/** By service. A service without a policy has none here: the command line sets it. */
export function composePullPolicies(context: ComposeContext): ReadonlyMap<string, ComposePullPolicy> {
  const { value } = context.document;
  const { values } = withoutValues(context.environment);
  const services = isObject(value) && isObject(value['services']) ? value['services'] : {};
  return new Map(
    Object.entries(services).flatMap(([service, fields]) => {
      const pointer = `/services/${escapeSegment(service)}/pull_policy`;
      const written = isObject(fields) ? fields['pull_policy'] : undefined;
      const policy = typeof written === 'string' ? interpolate(untraced(written), values).text : '';
      return LIKE_KUBERNETES.has(policy) && !isReset(context, pointer)
        ? [[service, { pointer, value: policy }] as const]
        : [];
    }),
  );
}
