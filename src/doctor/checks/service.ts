import { quoteValue } from '../../image/quote.ts';
import { defineCheck } from '../check.ts';
import { isValidating, ours, shown, webhookLabel } from '../matching.ts';
import type { Deployment, Service } from '../objects.ts';
import { applyAgain } from '../remedy.ts';
import type { Values, Webhook } from '../values.ts';

const WHY = 'The API server cannot connect to the server, so no review takes place.';

export const service = defineCheck({
  id: 'service',
  title: 'the Service of the webhooks and its ports',
  why: WHY,
  needs: ['webhooks', 'services', 'deployment', 'namespace'],
  find: (values) =>
    servicesIn(values).flatMap(({ reference: { namespace, name, port = 443 }, object }) => {
      const subject = `Service ${shown(namespace)}/${shown(name)}`;
      if (object === undefined)
        return [
          {
            subject,
            message: 'the webhook configurations name it, but it does not exist',
            remedy: applyAgain(namespace),
          },
        ];
      const entry = object.spec.ports?.find((each) => each.port === port);
      if (entry === undefined)
        return [
          {
            subject,
            message: `it has no port ${port}, which the webhook configurations use`,
            remedy: applyAgain(namespace),
          },
        ];
      const { targetPort = port } = entry;
      if (hasPort(values.deployment, targetPort)) return [];
      const message = `its port ${port} leads to port ${shown(String(targetPort))}, which the Deployment does not have`;
      return [{ subject, message, remedy: applyAgain(namespace) }];
    }),
});

/** A port number needs no declaration in a container, so only a name can be missing. */
function hasPort(deployment: Deployment | undefined, port: number | string): boolean {
  if (deployment === undefined || typeof port === 'number') return true;
  const { containers } = deployment.spec.template.spec;
  return containers.some(({ ports = [] }) => ports.some(({ name }) => name === port));
}

export const webhookPath = defineCheck({
  id: 'webhook-path',
  title: 'the path of the webhooks',
  why: 'The server answers other paths with an error, which the API server treats as an outage.',
  needs: ['webhooks', 'namespace'],
  find: ({ webhooks, namespace }) =>
    ours(webhooks).flatMap((webhook) => {
      const expected = isValidating(webhook) ? '/validate' : '/mutate';
      const path = pathOf(webhook);
      if (path === expected) return [];
      const message = `the path is ${quoteValue(path)} (expected ${expected})`;
      return [{ subject: webhookLabel(webhook), message, remedy: applyAgain(namespace) }];
    }),
});

function pathOf({ clientConfig: { service: reference, url = '' } }: Webhook): string {
  return reference === undefined ? (URL.parse(url)?.pathname ?? '') : (reference.path ?? '/');
}

export const serviceSelector = defineCheck({
  id: 'service-selector',
  title: 'the Pods that the Service selects',
  why: WHY,
  needs: ['webhooks', 'services', 'deployment', 'namespace'],
  find: (values) =>
    servicesIn(values).flatMap(({ reference: { namespace, name }, object }) => {
      if (object === undefined || isSelected(object, values.deployment)) return [];
      const message = `its selector ${selectorText(object)} matches no Pods of the Deployment`;
      return [{ subject: `Service ${shown(namespace)}/${shown(name)}`, message, remedy: applyAgain(namespace) }];
    }),
});

/** A Service without a selector has endpoints of its own. */
function isSelected({ spec: { selector } }: Service, deployment: Deployment | undefined): boolean {
  if (selector === undefined || deployment === undefined) return true;
  const labels = deployment.spec.template.metadata?.labels ?? {};
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** `app=web, tier=front` */
function selectorText({ spec: { selector = {} } }: Service): string {
  return Object.entries(selector)
    .map(([key, value]) => shown(`${key}=${value}`))
    .join(', ');
}

export const serviceEndpoints = defineCheck({
  id: 'service-endpoints',
  title: 'the ready endpoints of the Service',
  why: WHY,
  needs: ['webhooks', 'services', 'endpoints', 'deployment', 'namespace'],
  find: (values) =>
    servicesIn(values).flatMap(({ reference: { namespace, name }, object }) => {
      if (object === undefined || !isSelected(object, values.deployment)) return [];
      const ready = values.endpoints
        .filter(({ metadata: { labels = {} } }) => labels['kubernetes.io/service-name'] === name)
        .flatMap(({ endpoints }) => endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready !== false);
      if (ready.length > 0) return [];
      const message = 'it has no ready endpoint';
      const remedy = `kubectl get pods -n ${shown(namespace)} -l app.kubernetes.io/name=tidewaiter`;
      return [{ subject: `Service ${shown(namespace)}/${shown(name)}`, message, remedy }];
    }),
});

interface NamedService {
  readonly reference: NonNullable<Webhook['clientConfig']['service']>;
  readonly object: Service | undefined;
}

/** The Services of our webhooks in the namespace of the installation. */
function servicesIn({
  webhooks,
  services,
  namespace,
}: Pick<Values, 'webhooks' | 'services' | 'namespace'>): readonly NamedService[] {
  const references = ours(webhooks).flatMap(({ clientConfig }) => clientConfig.service ?? []);
  const keyOf = ({ name, port = 443 }: NamedService['reference']): string => `${name}:${port}`;
  const byKey = new Map(references.filter((each) => each.namespace === namespace).map((each) => [keyOf(each), each]));
  return [...byKey.values()].map((reference) => ({
    reference,
    object: services.find(({ metadata }) => metadata.name === reference.name),
  }));
}
