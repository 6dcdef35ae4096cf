/** Which requests a webhook receives: rules and namespaces, without `matchConditions`, which are CEL. */
import { quoteValue } from '../image/quote.ts';
import type { Labels } from '../policy/fact.ts';
import { selects } from '../policy/selector.ts';
import type { WebhookRule } from './objects.ts';
import type { Webhook } from './values.ts';

export interface Target {
  readonly group: string;
  readonly resource: string;
  /** `''`: the object itself. */
  readonly subresource: string;
  readonly operation: string;
  /** `v1` by default; `matchPolicy: Equivalent` converts all other versions. */
  readonly version?: string;
}

export const POD_CREATION: Target = { group: '', resource: 'pods', subresource: '', operation: 'CREATE' };

export function matchesTarget({ rules = [] }: Pick<Webhook, 'rules'>, target: Target): boolean {
  return rules.some((rule) => ruleMatches(rule, target));
}

function ruleMatches(rule: WebhookRule, { group, resource, subresource, operation, version = 'v1' }: Target): boolean {
  if (rule.scope === 'Cluster') return false;
  return (
    has(rule.apiGroups, group) &&
    has(rule.apiVersions, version) &&
    has(rule.operations, operation) &&
    hasPath(rule.resources ?? [], resource, subresource)
  );
}

function has(list: readonly string[] = [], value: string): boolean {
  return list.includes(value) || list.includes('*');
}

/** `*` has no subresources (admissionregistration/v1, Rule). */
function hasPath(resources: readonly string[], resource: string, subresource: string): boolean {
  if (subresource === '') return resources.some((path) => [resource, '*', '*/*'].includes(path));
  const paths = [`${resource}/${subresource}`, `${resource}/*`, `*/${subresource}`, '*/*'];
  return resources.some((path) => paths.includes(path));
}

export function matchesNamespace(
  { namespaceSelector = {} }: Pick<Webhook, 'namespaceSelector'>,
  labels: Labels,
): boolean {
  return selects(namespaceSelector, labels, true) === 'yes';
}

export function matchesObject({ objectSelector = {} }: Pick<Webhook, 'objectSelector'>, labels: Labels): boolean {
  return selects(objectSelector, labels, true) === 'yes';
}

export function webhookLabel({ kind, configuration, name }: Pick<Webhook, 'kind' | 'configuration' | 'name'>): string {
  return `${kind} ${shown(configuration)}, webhook ${shown(name)}`;
}

/** Quotes names that could be misread in a terminal. */
export function shown(name: string): string {
  return /^[\w.:/@=-]{1,253}$/.test(name) ? name : quoteValue(name);
}

export function isValidating({ kind }: Pick<Webhook, 'kind'>): boolean {
  return kind === 'ValidatingWebhookConfiguration';
}

export function ours(webhooks: readonly Webhook[]): readonly Webhook[] {
  return webhooks.filter(({ isOurs }) => isOurs);
}

export const NO_LABELS: Labels = {};

/** The patch command for one field of one webhook. */
export function patchCommand({ kind, configuration }: Webhook, index: number, field: string, value: unknown): string {
  const patch = JSON.stringify([{ op: 'replace', path: `/webhooks/${index}/${field}`, value }]);
  return `kubectl patch ${kind.toLowerCase()} ${shown(configuration)} --type=json -p '${patch}'`;
}
