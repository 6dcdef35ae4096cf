import { quoteValue } from '../../image/quote.ts';
import type { DoctorProbeRow } from '../../report/doctor.ts';
import { defineCheck } from '../check.ts';
import { shown } from '../matching.ts';

const REMEDY = 'kubectl logs -n kube-system -l component=kube-apiserver --tail=-1 | grep "failed calling webhook"';

export const serverReachable = defineCheck({
  id: 'server-reachable',
  title: 'whether the API server reaches the webhook',
  why: 'The API server then allows objects without a review (failurePolicy: Ignore) or rejects all of them (Fail).',
  explainedBy: [
    'ca-bundle',
    'certificate-names',
    'certificate-expiry',
    'clock',
    'service',
    'service-selector',
    'service-endpoints',
    'webhook-path',
    'network-policy',
    'webhook-rules',
    'webhook-selectors',
    'match-conditions',
    'replica-certificate',
  ],
  needs: ['probes'],
  find: ({ probes }) =>
    probes.flatMap((row) => {
      const message = problemOf(row);
      return message === undefined ? [] : [{ subject: `webhook ${shown(row.webhook)}`, message, remedy: REMEDY }];
    }),
});

function problemOf({ outcome, namespace, failurePolicy, message, mutated }: DoctorProbeRow): string | undefined {
  const probe = `the probe in namespace ${namespace}`;
  if (outcome === 'failed') return `the API server got no answer to ${probe}: ${quoteValue(message, 500)}`;
  if (outcome === 'not-called')
    return `the API server accepted ${probe} without an answer of the webhook (failurePolicy: ${failurePolicy})`;
  return mutated === false ? `only the validating webhook answered ${probe}, not the mutating webhook` : undefined;
}
