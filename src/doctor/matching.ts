/** Which requests a webhook receives, by its rules and its selectors. */
import { quoteValue, shellWord } from '../image/quote.ts';
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

export interface FieldPatch {
  readonly op: 'replace' | 'remove';
  /** In the webhook. */
  readonly path: string;
  readonly value?: unknown;
}

/** The command that patches one webhook of its configuration, if its position is still the same. */
export function patchCommand(webhook: Webhook, all: readonly Webhook[], { op, path, value }: FieldPatch): string {
  const { kind, configuration, name } = webhook;
  const siblings = all.filter((other) => other.kind === kind && other.configuration === configuration);
  const at = `/webhooks/${siblings.indexOf(webhook)}`;
  const patch = JSON.stringify([
    { op: 'test', path: `${at}/name`, value: name },
    { op, path: `${at}${path}`, value },
  ]);
  return `kubectl patch ${kind.toLowerCase()} ${shellWord(configuration)} --type=json -p ${shellWord(patch)}`;
}

const MAX_LISTED = 5;

/** `a, b, and 3 more` */
export function listText(names: readonly string[]): string {
  const listed = names.slice(0, MAX_LISTED).join(', ');
  return names.length > MAX_LISTED ? `${listed}, and ${names.length - MAX_LISTED} more` : listed;
}
