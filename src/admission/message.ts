/** Formats decisions: the text of a denial, one line for each warning, and the audit annotations. */
import { quoteValue } from '../image/quote.ts';
import { type Container, containerLabel } from '../pod/containers.ts';
import type { Finding } from '../policy/finding.ts';
import { exceptionLabel } from '../policy/exception.ts';
import type { RuleFailure } from '../policy/rule.ts';
import type { AddedPullSecrets, Mutation, PinnedImage, RewrittenImage, SetPullPolicy } from './mutation.ts';
import type { AdmissionRequest } from './request.ts';

/** An object can have any number of problems. */
const MAX_LISTED = 50;
/**
 * The API server drops warnings beyond 4096 runes for all webhooks, and recommends 120 for each (staging apiserver,
 * filters/warning.go).
 */
export const MAX_WARNING_RUNES = 256;
const MAX_WARNINGS_RUNES = 3500;

/** `Deployment shop/web`; names that the API server rejects are quoted. */
export function objectLabel(kind: string, namespace: string | undefined, name: string): string {
  const path = namespace === undefined ? name : `${namespace}/${name}`;
  return `${nameLabel(kind)} ${nameLabel(path)}`;
}

/** Contains the name, or its prefix from generateName. */
export function requestLabel(request: AdmissionRequest): string {
  return objectLabel(request.type.kind, request.namespace, nameOf(request));
}

/** Names that the API server rejects are quoted and shortened. */
export function nameLabel(text: string): string {
  return /^[\w./:-]{1,300}$/.test(text) ? text : quoteValue(text);
}

/** `container "web": image "x" …` */
export function sentence({ container, message }: Pick<Finding, 'container' | 'message'>): string {
  return container === undefined ? message : `${containerLabel(container)}: ${message}`;
}

/**
 * Like `sentence`, for the author of the object. Errors that a rule throws can contain paths of the server and values from
 * other objects, so they are only in the log.
 */
export function toAuthor({ container, message, failure }: Finding): string {
  const general = failure && GENERAL[failure.reason];
  return sentence({ container, message: general === undefined ? message : `${general} (see the log of tidewaiter)` });
}

const GENERAL: Readonly<Partial<Record<RuleFailure['reason'], string>>> = {
  threw: 'the rule failed: it threw an error',
  'bad-answer': 'the rule failed: it returned an invalid value',
};

type Source = Pick<Finding, 'policy' | 'rule' | 'outcome' | 'action'>;

/** `[baseline/image-tag]`, `[baseline/image-exists, unknown -> warn]` */
export function source({ policy, rule, outcome, action }: Source): string {
  return outcome === 'violation' ? `[${policy}/${rule}]` : `[${policy}/${rule}, unknown -> ${action}]`;
}

export function denialText(request: AdmissionRequest, denials: readonly Finding[]): string {
  const count = denials.length === 1 ? '1 problem' : `${denials.length} problems`;
  const lines = [`${requestLabel(request)}: ${count}`];
  const listed = denials.slice(0, MAX_LISTED);
  for (const [index, denial] of listed.entries()) {
    const next = listed[index + 1];
    // A remedy that several findings about one container share is printed once, after the last finding.
    const isRepeatedNext = next?.container === denial.container && next?.remedy === denial.remedy;
    lines.push(`  ${toAuthor(denial)} ${source(denial)}`);
    if (denial.remedy !== undefined && !isRepeatedNext) lines.push(`    ${denial.remedy}`);
  }
  if (denials.length > MAX_LISTED) lines.push(`  and ${denials.length - MAX_LISTED} more`);
  return lines.join('\n');
}

/** A CREATE request with generateName has no name yet. */
export function nameOf({ name, object }: Pick<AdmissionRequest, 'name' | 'object'>): string {
  if (name !== '') return name;
  const metadata = object?.['metadata'] as
    | { readonly name?: unknown; readonly generateName?: unknown }
    | null
    | undefined;
  for (const candidate of [metadata?.name, metadata?.generateName]) {
    if (typeof candidate === 'string' && candidate !== '') return candidate;
  }
  return '(no name)';
}

/** Returns one line for each warning, within the limits of the API server. */
export function warningTexts(
  findings: readonly Finding[],
  all = 'run "tidewaiter check" on the manifest to list all of them',
): readonly string[] {
  if (findings.length === 0) return [];
  const warnings: string[] = [];
  let runes = 0;
  const warned = findings.filter(({ action }) => action === 'warn');
  for (const [index, finding] of warned.entries()) {
    const text = warningText(finding);
    runes += text.length;
    if (runes > MAX_WARNINGS_RUNES) {
      warnings.push(`and ${warned.length - index} more warnings; ${all}`);
      break;
    }
    warnings.push(text);
  }
  return warnings;
}

function warningText(finding: Finding): string {
  const end = `${finding.existing ? ' (existing before this update)' : ''} ${source(finding)}`;
  const room = Math.max(40, MAX_WARNING_RUNES - end.length);
  const text = toAuthor(finding);
  return `${text.length > room ? `${text.slice(0, room - 1)}…` : text}${end}`.toWellFormed();
}

/** Lists excused findings first if there are too many, because the response contains them nowhere else. */
export function listedFindings(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= MAX_LISTED) return findings;
  const excused = findings.filter(({ excuse }) => excuse !== undefined);
  return [...excused, ...findings.filter(({ excuse }) => excuse === undefined)].slice(0, MAX_LISTED);
}

const NOTHING_FOUND = Object.freeze({ decision: 'allow' });

export interface Annotations {
  readonly [key: string]: string;
}

/** A finding in the audit annotations. Replays read it; see recording/outcome.ts. */
export function findingLine(finding: Finding): string {
  const by = finding.excuse === undefined ? '' : ` by ${exceptionLabel(finding.excuse.exception)}`;
  return `${finding.existing ? 'existing ' : ''}${finding.action}${by} ${source(finding)} ${toAuthor(finding)}`;
}

/** The API server adds the name of the webhook as a prefix of the keys. */
export function auditAnnotations(findings: readonly Finding[]): Annotations {
  if (findings.length === 0) return NOTHING_FOUND;
  const actions = findings.map(({ action }) => action);
  const decision = actions.includes('deny') ? 'deny' : actions.includes('warn') ? 'warn' : 'allow';
  const listed = listedFindings(findings).map(findingLine);
  if (findings.length > MAX_LISTED) listed.push(`and ${findings.length - MAX_LISTED} more`);
  return { decision, findings: listed.join('\n').toWellFormed() };
}

/** The original image and its digest: `nginx:1.27 -> sha256:…`. `undefined`: the image is not changed. */
export function pinnedLabel({ from, to, container }: PinnedImage): string | undefined {
  if (to === undefined || to === container.image.text) return undefined;
  return `${shortened(from)} -> ${to.slice(from.length + 1)}`;
}

/** `nginx:1.27 -> mirror.example.com/library/nginx:1.27`. `undefined`: the name is not changed. */
export function rewrittenLabel({ from, to }: RewrittenImage): string | undefined {
  return to === undefined ? undefined : `${shortened(from)} -> ${shortened(to)}`;
}

function shortened(image: string): string {
  return image.length > MAX_FROM ? `${image.slice(0, MAX_FROM)}…` : image;
}

const MAX_FROM = 300;

/**
 * Records the original images. `undefined` if nothing changed: on reinvocation, the API server keeps the first value of a key,
 * and drops and logs any other value.
 */
export function mutationAnnotations(mutation: Mutation): Annotations | undefined {
  const { rewrites, images, pullSecrets, pullPolicies, findings } = mutation;
  const changes = [rewrites, images, pullSecrets, pullPolicies];
  if (changes.every(({ length }) => length === 0) && findings.length === 0) return undefined;
  return {
    ...annotation('rewritten', rewrites, containerText(rewrittenLabel)),
    ...annotation('pinned', images, containerText(pinnedLabel)),
    ...annotation('pullSecrets', pullSecrets, addedSecretsLabel),
    ...annotation('pullPolicies', pullPolicies, pullPolicyLabel),
    ...(findings.length === 0 ? {} : auditAnnotations(findings)),
  };
}

/** `/spec: mirror-pull, other-pull`, with the JSON Pointer of the Pod. */
export function addedSecretsLabel({ pod, names }: AddedPullSecrets): string {
  return `${pod.pointer}: ${names.join(', ')}`;
}

/** `container "web": Always` */
export function pullPolicyLabel({ container, to }: SetPullPolicy): string {
  return `${containerLabel(container)}: ${to}`;
}

function containerText<Change extends { readonly container: Container }>(
  labelOf: (change: Change) => string | undefined,
): (change: Change) => string | undefined {
  return (change) => {
    const label = labelOf(change);
    return label === undefined ? undefined : `${containerLabel(change.container)}: ${label}`;
  };
}

function annotation<Change>(
  key: string,
  changes: readonly Change[],
  textOf: (change: Change) => string | undefined,
): Annotations {
  const texts = changes.flatMap((change) => textOf(change) ?? []);
  if (texts.length === 0) return {};
  const shown = texts.slice(0, MAX_LISTED);
  if (texts.length > MAX_LISTED) shown.push(`and ${texts.length - MAX_LISTED} more`);
  return { [key]: shown.join('\n').toWellFormed() };
}

/** Adds the generation of the policies that decided, also to a decision without other annotations. */
export function withGeneration(
  annotations: Annotations | undefined,
  generation: string | undefined,
): Annotations | undefined {
  return generation === undefined ? annotations : { ...annotations, generation };
}
