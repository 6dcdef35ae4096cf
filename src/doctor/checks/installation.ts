import { defineCheck } from '../check.ts';
import { isValidating, ours } from '../matching.ts';

export const installation = defineCheck({
  id: 'installation',
  title: 'the webhook configurations and the Deployment',
  why: 'Without them, no object is reviewed, or the API server calls a server that does not exist.',
  needs: ['webhooks', 'deployment', 'namespace', 'policies'],
  find({ webhooks, deployment, namespace, policies }) {
    const all = ours(webhooks);
    const install = `npx tidewaiter manifests -n ${namespace} | kubectl apply -f -`;
    const problems = [];
    if (!all.some(isValidating))
      problems.push({
        subject: 'ValidatingWebhookConfiguration',
        message: 'no configuration has a webhook of tidewaiter, so no object is reviewed',
        remedy: install,
      });
    if (policies.pins && all.every(isValidating))
      problems.push({
        subject: 'MutatingWebhookConfiguration',
        message: 'a policy pins images, but no configuration has a webhook of tidewaiter that changes objects',
        remedy: install,
      });
    if (deployment === undefined && all.some(({ clientConfig }) => clientConfig.service !== undefined))
      problems.push({
        subject: `Deployment ${namespace}/tidewaiter`,
        message: 'the Deployment does not exist',
        remedy: `${install}, or remove the webhooks: kubectl delete validatingwebhookconfiguration tidewaiter`,
      });
    return problems;
  },
});
