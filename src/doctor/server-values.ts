/** What the API server says about our ServiceAccount and the time. */
import {
  type AccessRule,
  CERTIFICATE_RULES,
  clusterNeeds,
  configurationRules,
  namespaceRule,
  rulesFor,
} from '../install/access.ts';
import { NAME, TLS_SECRET } from '../install/options.ts';
import { readObject, readBoolean, readString } from '../pod/read.ts';
import { type Known, known, type Permission, unknown } from './known.ts';
import { matchesNamespace, ours } from './matching.ts';
import type { Deployment } from './objects.ts';
import { permissionFor, type Reader } from './reader.ts';
import { canCover, type Place, probeKinds } from './probe-requests.ts';
import type { AccessResult, ClusterTime, PolicyFacts, PolicyScope, Values, Webhook } from './values.ts';

export async function readTime(reader: Reader): Promise<Known<ClusterTime>> {
  const permission: Permission = {
    verb: 'create',
    group: 'authentication.k8s.io',
    resource: 'selfsubjectreviews',
    namespace: null,
  };
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const before = Date.now();
  const created = await reader.send({ method: 'POST', path, body }, permission, ({ metadata }) =>
    readString((metadata ?? {}) as { readonly [key: string]: unknown }, 'creationTimestamp', '/metadata'),
  );
  if (created.state === 'unknown') return created;
  const server = Date.parse(created.value ?? '');
  if (Number.isNaN(server)) return unknown('the API server returned no time');
  return known({ server, before, after: Date.now() });
}

export interface Account {
  readonly namespace: string;
  readonly name: string;
  /** Whether the server generates and renews its certificate, so that no volume has the Secret. */
  readonly managesCertificate: boolean;
}

export function accountOf(deployment: Deployment | undefined, namespace: string): Account {
  const { serviceAccountName = NAME, volumes = [] } = deployment?.spec.template.spec ?? {};
  const hasSecret = volumes.some(({ secret }) => secret?.secretName === TLS_SECRET);
  return { namespace, name: serviceAccountName, managesCertificate: deployment !== undefined && !hasSecret };
}

/** The namespaces that are checked one by one, if a permission is not for all namespaces. */
const MAX_NAMESPACES = 20;

/** Asks for each permission in all namespaces, then in those that the webhooks select. */
export async function readAccess(
  reader: Reader,
  account: Account,
  { policies, webhooks, namespaces }: Pick<Values, 'webhooks' | 'namespaces'> & { readonly policies: PolicyFacts },
): Promise<Known<readonly AccessResult[]>> {
  const selected = selectedNamespaces(webhooks, namespaces);
  const questions = [...ownRules(account), ...rulesFor(policies.needs)].flatMap((rule) =>
    rule.verbs.map((verb) => ({
      rule,
      verb,
      selected: CERTIFICATE_RULES.includes(rule)
        ? [account.namespace]
        : namespacesWith(rule, selected, policies.scopes),
    })),
  );
  const results: AccessResult[] = [];
  for (const question of questions) {
    const denied = await deniedIn(reader, account, question);
    if (denied.state === 'unknown') return denied;
    const { rule, verb } = question;
    results.push({ rule, verb, denied: denied.value });
  }
  return known(results);
}

function selectedNamespaces(webhooks: readonly Webhook[], namespaces: Values['namespaces']): readonly Place[] {
  const all = ours(webhooks);
  return [...namespaces].flatMap(([name, labels]) =>
    all.some((webhook) => matchesNamespace(webhook, labels)) ? [{ name, labels }] : [],
  );
}

/** For its certificate, and for the end of its namespace. */
function ownRules({ namespace, managesCertificate }: Account): readonly AccessRule[] {
  const tls = managesCertificate ? 'self' : 'files';
  return [namespaceRule(namespace), ...configurationRules(tls), ...(managesCertificate ? CERTIFICATE_RULES : [])];
}

/** Those in which a policy that needs the rule can apply. */
function namespacesWith(rule: AccessRule, places: readonly Place[], scopes: readonly PolicyScope[]): readonly string[] {
  const needing = scopes.filter((scope) => rulesFor(clusterNeeds([scope])).includes(rule));
  return places
    .filter((place) => needing.some((scope) => POD_KINDS.some((kind) => canCover(scope, kind, place))))
    .map(({ name }) => name)
    .slice(0, MAX_NAMESPACES);
}

const POD_KINDS = probeKinds(({ subresources }) => ['', ...subresources]);

const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'namespaces',
  ...configurationRules('self').map(({ resource }) => resource),
]);

interface Question {
  readonly rule: AccessRule;
  readonly verb: string;
  readonly selected: readonly string[];
}

async function deniedIn(
  reader: Reader,
  account: Account,
  { rule, verb, selected }: Question,
): Promise<Known<readonly string[]>> {
  const everywhere = await isAllowed(reader, account, { rule, verb, namespace: undefined });
  if (everywhere.state === 'unknown') return everywhere;
  if (everywhere.value) return known([]);
  if (CLUSTER_SCOPED.has(rule.resource)) return known(['*']);
  const denied: string[] = [];
  for (const namespace of selected) {
    const allowed = await isAllowed(reader, account, { rule, verb, namespace });
    if (allowed.state === 'unknown') return allowed;
    if (!allowed.value) denied.push(namespace);
  }
  return known(denied.length === selected.length && denied.length !== 1 ? ['*'] : denied);
}

interface Access {
  readonly rule: AccessRule;
  readonly verb: string;
  readonly namespace: string | undefined;
}

async function isAllowed(
  reader: Reader,
  { namespace: home, name }: Account,
  { rule, verb, namespace }: Access,
): Promise<Known<boolean>> {
  const resource = { version: 'authorization.k8s.io/v1', resource: 'subjectaccessreviews', namespace: null };
  const body = {
    apiVersion: resource.version,
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${home}:${name}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${home}`, 'system:authenticated'],
      resourceAttributes: { group: rule.apiGroup, resource: rule.resource, verb, namespace, name: rule.names?.[0] },
    },
  };
  const path = `/apis/${resource.version}/${resource.resource}`;
  return reader.send({ method: 'POST', path, body }, permissionFor('create', resource), (review) =>
    readBoolean(readObject(review, 'status', '') ?? {}, 'allowed', '/status'),
  );
}
