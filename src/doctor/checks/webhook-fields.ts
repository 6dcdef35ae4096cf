import { NAME } from '../../install/options.ts';
import { LOOKUP_SECONDS } from '../../install/webhooks.ts';
import { defineCheck, type Problem } from '../check.ts';
import { ours, patchCommand, shown, webhookLabel } from '../matching.ts';
import type { ServerConfiguration, Webhook } from '../values.ts';

/** One problem for each of our webhooks whose field has another value. */
function withField(
  webhooks: readonly Webhook[],
  field: 'sideEffects' | 'matchPolicy' | 'timeoutSeconds',
  { isGood, value, reason }: { isGood: (webhook: Webhook) => boolean; value: unknown; reason: string },
): readonly Problem[] {
  return ours(webhooks)
    .filter((webhook) => !isGood(webhook))
    .map((webhook) => ({
      subject: webhookLabel(webhook),
      message: `${field} is ${webhook[field]}${reason}`,
      remedy: patchCommand(webhook, webhooks, { op: 'replace', path: `/${field}`, value }),
    }));
}

export const webhookFail = defineCheck({
  id: 'webhook-fail',
  title: 'whether failurePolicy of the webhooks agrees with the installation',
  why: 'During an outage of the server, failurePolicy decides: Ignore allows objects without a review, and Fail rejects them.',
  needs: ['webhooks', 'serverConfiguration', 'namespace'],
  find({ webhooks, serverConfiguration, namespace }) {
    const all = ours(webhooks);
    return all.flatMap((webhook) => {
      const { failurePolicy = 'Fail' } = webhook;
      const { fail, reason } = expectedFail(webhook, all, serverConfiguration);
      const value = fail === 'open' ? 'Ignore' : 'Fail';
      if (fail === undefined || failurePolicy === value) return [];
      const patch = patchCommand(webhook, webhooks, { op: 'replace', path: '/failurePolicy', value });
      const restart = `kubectl rollout restart deployment/${NAME} -n ${namespace}; the servers register their webhooks again`;
      return [
        {
          subject: webhookLabel(webhook),
          message: `failurePolicy is ${shown(failurePolicy)}, but ${reason}`,
          remedy: serverConfiguration.registersItself ? restart : patch,
        },
      ];
    });
  },
});

interface ExpectedFail {
  /** undefined: it is not known. */
  readonly fail: string | undefined;
  readonly reason: string;
}

function expectedFail(
  webhook: Webhook,
  all: readonly Webhook[],
  { fail: configured, source = '' }: ServerConfiguration,
): ExpectedFail {
  const label = LABELED.exec(webhook.name)?.[1];
  if (label !== undefined) return { fail: label, reason: `the webhook is for namespaces that fail ${label}` };
  if (configured !== undefined) return { fail: configured, reason: `"fail" in ${source} is ${configured}` };
  const fail = defaultBeside(webhook, all);
  return { fail, reason: `the webhook is for all other namespaces, which fail ${fail}` };
}

/** For the namespaces with the label tidewaiter.dev/fail. */
const LABELED = /^(open|closed)\./;

/** The webhook for all other namespaces fails in the other way than the one beside it for those with the label. */
function defaultBeside({ kind, configuration, name }: Webhook, all: readonly Webhook[]): 'open' | 'closed' | undefined {
  const has = (fail: 'open' | 'closed'): boolean =>
    all.some(
      (other) => other.kind === kind && other.configuration === configuration && other.name === `${fail}.${name}`,
    );
  if (has('open') === has('closed')) return undefined;
  return has('open') ? 'closed' : 'open';
}

export const sideEffects = defineCheck({
  id: 'side-effects',
  title: 'sideEffects of the webhooks',
  why: 'A review changes nothing outside of its object. Tools that only call webhooks without side effects leave out the others.',
  needs: ['webhooks'],
  find: ({ webhooks }) =>
    withField(webhooks, 'sideEffects', {
      isGood: ({ sideEffects: value }) => value === 'None',
      value: 'None',
      reason: ', although tidewaiter has no side effects',
    }),
});

export const matchPolicy = defineCheck({
  id: 'match-policy',
  title: 'matchPolicy of the webhooks',
  why: 'With Exact, a request for another version of the same kind bypasses the review.',
  needs: ['webhooks'],
  find: ({ webhooks }) =>
    withField(webhooks, 'matchPolicy', {
      isGood: ({ matchPolicy: value = 'Equivalent' }) => value === 'Equivalent',
      value: 'Equivalent',
      reason: ', so other API versions of the same kinds bypass the webhook',
    }),
});

export const timeouts = defineCheck({
  id: 'timeouts',
  title: 'timeoutSeconds of the webhooks',
  why: 'A registry lookup that is not cached takes name resolution, a connection, and two responses. If the time ends earlier, the result is unknown.',
  needs: ['webhooks', 'policies'],
  find: ({ webhooks, policies }) =>
    withField(policies.lookups ? webhooks : [], 'timeoutSeconds', {
      isGood: ({ timeoutSeconds = 10 }) => timeoutSeconds >= LOOKUP_SECONDS,
      value: LOOKUP_SECONDS,
      reason: `, but the policies look up images in registries; ${LOOKUP_SECONDS} is enough for a lookup`,
    }),
});
