import { shellWord } from '../../image/quote.ts';
import { NAME } from '../../install/options.ts';
import { defineCheck, type Problem } from '../check.ts';
import { isValidating, listText, ours, shown, webhookLabel } from '../matching.ts';
import { applyAgain } from '../remedy.ts';
import type { Webhook } from '../values.ts';

export const installation = defineCheck({
  id: 'installation',
  title: 'the webhook configurations and the Deployment',
  why: 'Without them, no object is reviewed, or the API server calls a server that does not exist.',
  needs: ['webhooks', 'deployment', 'namespace', 'policies', 'serverConfiguration'],
  find({ webhooks, deployment, namespace, policies, serverConfiguration }) {
    const all = ours(webhooks);
    const install = applyAgain(namespace);
    const isRegistered = deployment !== undefined && serverConfiguration.registersItself;
    const register = isRegistered ? registration(namespace) : install;
    const problems = othersIn(webhooks, namespace);
    if (!all.some(isValidating) && (all.length > 0 || problems.length === 0))
      problems.push({
        subject: 'ValidatingWebhookConfiguration',
        message: 'no configuration has a webhook of tidewaiter, so no object is reviewed',
        remedy: register,
      });
    if (policies.pins && all.every(isValidating))
      problems.push({
        subject: 'MutatingWebhookConfiguration',
        message: 'a policy pins images, but no configuration has a webhook of tidewaiter that changes objects',
        remedy: register,
      });
    if (deployment === undefined && all.some(({ clientConfig }) => clientConfig.service !== undefined))
      problems.push({
        subject: `Deployment ${namespace}/tidewaiter`,
        message: 'the Deployment does not exist',
        remedy: `${install}; or remove the webhooks: tidewaiter uninstall -n ${namespace}`,
      });
    return problems;
  },
});

function registration(namespace: string): string {
  return `the servers add their webhooks when they are ready: kubectl logs -n ${namespace} deploy/${NAME}; if a configuration does not exist, ${applyAgain(namespace)}`;
}

/** Webhooks of tidewaiter that call a server in another namespace. */
function othersIn(webhooks: readonly Webhook[], namespace: string): Problem[] {
  const others = webhooks.filter(({ isOfOther }) => isOfOther);
  if (others.length === 0) return [];
  const places = [...new Set(others.flatMap(({ clientConfig: { service } }) => service?.namespace ?? []))];
  return [
    {
      subject: listText(others.map(webhookLabel)),
      message: `they call a server in namespace ${listText(places.map(shown))}, and this installation is in namespace ${namespace}; a cluster has one installation`,
      remedy: `check the other one (tidewaiter doctor --cluster -n ${shellWord(places[0] ?? '')}), remove one of them (tidewaiter uninstall -n NAMESPACE), and apply the manifests of the remaining one again, because both have the same webhook configurations and roles`,
    },
  ];
}
