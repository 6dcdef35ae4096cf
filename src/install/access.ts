/** What the server may do in the cluster: the rules of its roles, each with the facts or the work that requires it. */
import type { Need } from '../policy/fact.ts';
import type { Policy } from '../policy/policy.ts';
import { type InstallOptions, NAME, TLS_SECRET } from './options.ts';
import { forEachNeed } from '../policy/registry-questions.ts';

/** A rule of a Role or a ClusterRole (rbac.authorization.k8s.io/v1, PolicyRule). */
export interface AccessRule {
  readonly apiGroup: string;
  readonly resource: string;
  /** By default, all objects. */
  readonly names?: readonly string[];
  readonly verbs: readonly string[];
  /** For a comment above the rule. */
  readonly why: string;
}

const PULL_SECRETS: readonly AccessRule[] = [
  { apiGroup: '', resource: 'secrets', verbs: ['get'], why: 'Pull secrets, by name; never a list of all Secrets' },
  { apiGroup: '', resource: 'serviceaccounts', verbs: ['get'], why: 'Pull secrets of the ServiceAccount of a Pod' },
];

const NAMESPACES: readonly AccessRule[] = [
  { apiGroup: '', resource: 'namespaces', verbs: ['get', 'list', 'watch'], why: 'Labels of namespaces' },
];

/** Registries are queried with the pull secrets of the Pod. */
export const RULES_BY_NEED: Readonly<Record<Need, readonly AccessRule[]>> = {
  namespaceLabels: NAMESPACES,
  pullSecrets: PULL_SECRETS,
  ...forEachNeed(() => PULL_SECRETS),
  originalImages: [],
  now: [],
};

/** The facts that policies need from the cluster, those of `pin` and `rewrite` included. */
export function clusterNeeds(
  policies: readonly Pick<Policy, 'needs' | 'pin' | 'rewrites' | 'addedPullSecrets'>[],
): ReadonlySet<Need> {
  const needs = new Set(policies.flatMap((policy) => [...policy.needs]));
  if (policies.some(readsSecrets)) needs.add('pullSecrets');
  return needs;
}

function readsSecrets({
  pin,
  rewrites,
  addedPullSecrets,
}: Pick<Policy, 'pin' | 'rewrites' | 'addedPullSecrets'>): boolean {
  return [pin, rewrites, addedPullSecrets].some((part) => part !== undefined);
}

/** The namespace of the server: when it is being deleted, the webhook configurations must be, too. */
export function namespaceRule(namespace: string): AccessRule {
  return {
    apiGroup: '',
    resource: 'namespaces',
    names: [namespace],
    verbs: ['get', 'list', 'watch'],
    why: 'Whether the namespace of the server is being deleted; then the server deletes its webhook configurations',
  };
}

/** The webhook configurations of the server. With `tls: self`, it also writes their CA, and registers its webhooks in them. */
export function configurationRules(tls: InstallOptions['tls']): readonly AccessRule[] {
  const isSelf = tls === 'self';
  return ['validating', 'mutating'].map((kind) => ({
    apiGroup: 'admissionregistration.k8s.io',
    resource: `${kind}webhookconfigurations`,
    names: [NAME],
    verbs: isSelf ? ['get', 'list', 'watch', 'patch', 'delete'] : ['get', 'delete'],
    why: isSelf ? 'The webhooks and the CA of the server' : 'Deleted with the namespace of the server',
  }));
}

/** In the namespace of the server, for the certificate that it renews itself. */
export const CERTIFICATE_RULES: readonly AccessRule[] = [
  {
    apiGroup: '',
    resource: 'secrets',
    names: [TLS_SECRET],
    verbs: ['get', 'list', 'watch', 'update'],
    why: 'The certificate of the server',
  },
  {
    apiGroup: '',
    resource: 'secrets',
    verbs: ['create'],
    why: 'Again, if it was deleted; "create" cannot be limited to names',
  },
];

/** In the order of the table, without duplicates. */
export function rulesFor(needs: ReadonlySet<Need>): readonly AccessRule[] {
  const rows = Object.entries(RULES_BY_NEED).filter(([need]) => needs.has(need as Need));
  return [...new Set(rows.flatMap(([, rules]) => rules))];
}
