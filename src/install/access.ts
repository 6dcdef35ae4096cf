/** What the server may do in the cluster: the rules of its roles, each with the facts or the work that requires it. */
import type { Need } from '../policy/fact.ts';
import type { Policy } from '../policy/policy.ts';
import { NAME, TLS_SECRET } from './options.ts';
import { forEachNeed } from '../policy/registry-questions.ts';

/** A rule of a Role or a ClusterRole (rbac.authorization.k8s.io/v1, PolicyRule). */
export interface AccessRule {
  readonly apiGroup: string;
  readonly resource: string;
  /** undefined: all objects. */
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
  now: [],
};

/** The facts that policies need from the cluster, those of `pin` included. */
export function clusterNeeds(policies: readonly Pick<Policy, 'needs' | 'pin'>[]): ReadonlySet<Need> {
  const needs = new Set(policies.flatMap((policy) => [...policy.needs]));
  if (policies.some(({ pin }) => pin !== undefined)) needs.add('pullSecrets');
  return needs;
}

/** The webhook configurations, for the CA that the server renews itself. */
export const CONFIGURATION_RULES: readonly AccessRule[] = ['validating', 'mutating'].map((kind) => ({
  apiGroup: 'admissionregistration.k8s.io',
  resource: `${kind}webhookconfigurations`,
  names: [NAME],
  verbs: ['get', 'list', 'watch', 'patch'],
  why: 'The CA of the server',
}));

/** For webhook configurations that the server applies itself; its ClusterRole owns them. */
export const REGISTRATION_RULES: readonly AccessRule[] = [
  ...['validating', 'mutating'].map((kind) => ({
    apiGroup: 'admissionregistration.k8s.io',
    resource: `${kind}webhookconfigurations`,
    verbs: ['create'],
    why: 'The webhook configuration of the server; "create" cannot be limited to names',
  })),
  {
    apiGroup: 'rbac.authorization.k8s.io',
    resource: 'clusterroles',
    names: [NAME],
    verbs: ['get'],
    why: 'This role owns the configurations, so that they are removed with it',
  },
];

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
