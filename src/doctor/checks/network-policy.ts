import { selects } from '../../policy/selector.ts';
import { defineCheck } from '../check.ts';
import { shown } from '../matching.ts';
import type { Deployment, IngressRule, NetworkPolicy } from '../objects.ts';

export const networkPolicy = defineCheck({
  id: 'network-policy',
  title: 'whether NetworkPolicies let the API server connect',
  why: 'A NetworkPolicy that selects the Pods blocks every connection that none of its rules allows.',
  needs: ['networkPolicies', 'deployment', 'webhooks'],
  find({ networkPolicies, deployment }) {
    if (deployment === undefined) return [];
    const labels = deployment.spec.template.metadata?.labels ?? {};
    const selecting = networkPolicies.filter(
      ({ spec }) => isIngress(spec) && selects(spec.podSelector, labels, true) === 'yes',
    );
    const [first] = selecting;
    if (first === undefined) return [];
    const port = reviewPort(deployment);
    const rules = selecting.flatMap(({ spec }) => spec.ingress ?? []).filter((rule) => allowsPort(rule, port));
    const subject = `NetworkPolicy ${shown(first.metadata.namespace ?? '')}/${shown(first.metadata.name)}`;
    const remedy = 'tidewaiter manifests --api-server-range CIDR prints a NetworkPolicy that allows API servers';
    if (rules.length === 0)
      return [{ subject, message: `it selects the Pods, and no rule allows port ${port.number}`, remedy }];
    if (rules.some(canBeApiServer)) return [];
    const message = `its rules allow port ${port.number} only from addresses for documentation, which no API server has`;
    return [{ subject, message, remedy }];
  },
});

/** Without policyTypes, a NetworkPolicy is about ingress. */
function isIngress({ policyTypes = ['Ingress'] }: NetworkPolicy['spec']): boolean {
  return policyTypes.includes('Ingress');
}

interface Port {
  readonly name: string;
  readonly number: number;
}

const DEFAULT_PORT = 8443;

function reviewPort({ spec }: Deployment): Port {
  const ports = spec.template.spec.containers.flatMap((container) => container.ports ?? []);
  const number = ports.find(({ name }) => name === 'https')?.containerPort ?? DEFAULT_PORT;
  return { name: 'https', number };
}

function allowsPort({ ports = [] }: IngressRule, { name, number }: Port): boolean {
  if (ports.length === 0) return true;
  return ports.some(({ port, endPort }) => {
    if (port === undefined || port === name || port === number) return true;
    return typeof port === 'number' && endPort !== undefined && port <= number && number <= endPort;
  });
}

/** RFC 5737 and RFC 3849, which examples contain. */
const DOCUMENTATION = /^(?:192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|2001:0?db8:)/i;

/** A selector can select a proxy of the API server, such as konnectivity-agent. */
function canBeApiServer({ from = [] }: IngressRule): boolean {
  return from.length === 0 || from.some(({ ipBlock }) => ipBlock === undefined || !DOCUMENTATION.test(ipBlock.cidr));
}
