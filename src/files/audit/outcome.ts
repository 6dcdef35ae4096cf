/** What became of the request of an event. */
import type { AuditEvent } from './event.ts';
import type { Refusal } from './refusals.ts';

export type Outcome = 'admitted' | 'denied' | Extract<Refusal, 'unauthorized' | 'failed'>;

/** k8s.io/apiserver pkg/admission/plugin/webhook/errors/statuserror.go, and .../plugin/policy/validating/dispatcher.go. */
const DENIALS = [/^admission webhook "[^"]*" denied the request/, /ValidatingAdmissionPolicy '[^']*' .*denied request/];

/** Only denials by webhooks and policies say something about images; a quota, a conflict, or an invalid field do not. */
export function outcomeOf({ code, message, annotations }: AuditEvent): Outcome {
  if (code >= 200 && code < 300) return 'admitted';
  if (DENIALS.some((pattern) => pattern.test(message))) return 'denied';
  const isAllowed = annotations.get('authorization.k8s.io/decision');
  return code === 401 || isAllowed === 'forbid' ? 'unauthorized' : 'failed';
}
