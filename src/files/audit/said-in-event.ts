/** What other admission policies decided about the request of an event: the message of its denial, and annotations of the event. */
import { isObject } from '../../pod/pointer.ts';
import type { Said } from '../../recording/said.ts';
import { saidInDenial } from '../said/denial.ts';
import { saidMessage, saidName } from '../said/message.ts';
import { peerOfWebhook } from '../said/peers.ts';
import type { AuditEvent } from './event.ts';

/** The bound of what one event can say. */
const MAX_SAID = 50;

/** undefined: nothing. */
export function saidIn({
  message,
  annotations,
}: Pick<AuditEvent, 'message' | 'annotations'>): readonly Said[] | undefined {
  const said = [...saidInDenial(message), ...[...annotations].flatMap(([key, value]) => saidInAnnotation(key, value))];
  return said.length === 0 ? undefined : said.slice(0, MAX_SAID);
}

/** k8s.io/apiserver pkg/admission/plugin/webhook/{validating,mutating}/dispatcher.go; the value is the name of the webhook. */
const FAILED_OPEN = /^failed-open\.(validating|validation|mutation)\.webhook\.admission\.k8s\.io\//;
/** k8s.io/apiserver pkg/admission/plugin/policy/validating/dispatcher.go, for bindings with the action Audit. */
const POLICY_FAILURE = 'validation.policy.admission.k8s.io/validation_failure';

function saidInAnnotation(key: string, value: string): readonly Said[] {
  if (FAILED_OPEN.test(key))
    return [{ by: peerOfWebhook(saidName(value)), result: 'error', message: 'the webhook failed and was ignored' }];
  if (key === POLICY_FAILURE) return policyFailures(value);
  const [webhook = '', name] = key.split('/');
  return name === 'decision' && peerOfWebhook(webhook) === 'tidewaiter' ? ownDecision(value) : [];
}

const OWN: ReadonlyMap<string, Pick<Said, 'result' | 'action'>> = new Map<string, Pick<Said, 'result' | 'action'>>([
  ['allow', { result: 'pass' }],
  ['warn', { result: 'warn', action: 'warn' }],
]);

/** A denial also has its message, which says more. */
function ownDecision(value: string): readonly Said[] {
  const decided = OWN.get(value);
  return decided === undefined ? [] : [{ by: 'tidewaiter', ...decided }];
}

function policyFailures(value: string): readonly Said[] {
  return parsedList(value)
    .filter(isObject)
    .flatMap(({ policy, binding, message }) =>
      typeof policy === 'string'
        ? [
            {
              by: 'validating-admission-policy',
              policy: saidName(policy),
              rule: typeof binding === 'string' ? saidName(binding) : undefined,
              result: 'fail',
              action: 'audit',
              message: saidMessage(message),
            } as const,
          ]
        : [],
    );
}

function parsedList(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
