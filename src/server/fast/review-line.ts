/** The log line of one review: one JSON object with fixed keys, the same for every review. */
import { addedSecretsLabel, nameOf, pinnedLabel, pullPolicyLabel, rewrittenLabel } from '../../admission/message.ts';
import type { Mutation } from '../../admission/mutation.ts';
import type { AdmissionRequest } from '../../admission/request.ts';
import type { Container, ContainerImage } from '../../pod/containers.ts';
import type { Finding } from '../../policy/finding.ts';
import type { ReviewRecord } from '../answer.ts';

const MAX_IMAGES = 20;
const MAX_FINDINGS = 50;
const MAX_TEXT = 300;

/** The fields of a line, without the object of the review: several lines are written together, and objects are large. */
export interface LineFields {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly endpoint: ReviewRecord['endpoint'];
  readonly uid: string;
  readonly operation: AdmissionRequest['operation'];
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly user: string | undefined;
  readonly allowed: boolean;
  /** The members `findings` and `excused` of the line, as JSON. */
  readonly findings: string;
  /** How many findings have an unknown result. */
  readonly unknown: number;
  readonly images: readonly Pick<ContainerImage, 'state' | 'text'>[];
  /** The members `rewritten`, `pullSecrets`, and `pullPolicies`, if there are any, and `pinned`, as JSON. */
  readonly changes: string;
  readonly durationMs: number;
  readonly dryRun: boolean;
  /** Hexadecimal. */
  readonly generation: string | undefined;
}

export function lineFieldsOf(record: ReviewRecord): LineFields {
  const { request } = record.review;
  const findings = findingsOf(record);
  return {
    time: Date.now(),
    endpoint: record.endpoint,
    uid: short(request.uid),
    operation: request.operation,
    kind: short(request.type.kind),
    namespace: request.namespace && short(request.namespace),
    name: short(nameOf(request)),
    user: request.user && short(request.user.name),
    allowed: isAllowed(record),
    findings:
      findings.length === 0 ? NO_FINDINGS : `"findings":${findingList(findings)},"excused":${excusedList(findings)}`,
    unknown: findings.length === 0 ? 0 : findings.filter(isUnknown).length,
    images: imagesOf(record),
    changes: changeMembers(record.mutation),
    durationMs: record.durationMs,
    dryRun: request.dryRun,
    generation: record.generation,
  };
}

const NO_FINDINGS = '"findings":[],"excused":[]';

export function findingsOf({ decision, mutation }: ReviewRecord): readonly Finding[] {
  if (mutation !== undefined) return mutation.findings;
  return decision?.findings ?? [];
}

function isAllowed({ decision, mutation }: ReviewRecord): boolean {
  if (mutation !== undefined) return mutation.allowed;
  return decision === undefined || decision.allowed;
}

function shortImage(image: ContainerImage): LineFields['images'][number] {
  return image.text.length <= MAX_TEXT ? image : { state: 'invalid', text: short(image.text) };
}

/** Returns a copy of the shortened text, because a slice keeps the whole text in memory. */
function short(text: string): string {
  return text.length <= MAX_TEXT ? text : (JSON.parse(JSON.stringify(cut(text))) as string);
}

function imagesOf({ decision, mutation }: ReviewRecord): LineFields['images'] {
  const all = decision?.outcome === 'evaluated' ? decision.workload.containers : changedContainers(mutation);
  const images: LineFields['images'][number][] = [];
  for (const { image } of all) if (images.push(shortImage(image)) === MAX_IMAGES) return images;
  return images;
}

function changedContainers({
  rewrites,
  images,
}: Pick<Mutation, 'rewrites' | 'images'> = NO_CHANGES): Iterable<Container> {
  if (rewrites.length === 0) return images.map(({ container }) => container);
  return new Set([...rewrites, ...images].map(({ container }) => container));
}

export function createReviewLine(): (fields: LineFields) => string {
  const timeText = clock();
  return (fields) => lineOf(fields, timeText(fields.time));
}

/** Formats a line without `JSON.stringify` (README.md). */
function lineOf(fields: LineFields, time: string): string {
  const { endpoint, allowed, findings, unknown, images, changes, durationMs, dryRun, generation } = fields;
  const byGeneration = generation === undefined ? '' : `,"generation":"${generation}"`;
  return (
    `{"level":"info","time":"${time}","endpoint":"${endpoint}",${requestMembers(fields)},"allowed":${allowed},${findings}` +
    `,"images":${imageList(images)},${changes},"unknown":${unknown}` +
    `,"durationMs":${Math.round(durationMs * 1000) / 1000},"dryRun":${dryRun}${byGeneration},"msg":"review"}\n`
  );
}

function requestMembers({ uid, operation, kind, namespace, name, user }: LineFields): string {
  const quote = PLAIN.test(uid + kind + namespace + name + user) ? inQuotes : JSON.stringify;
  const inNamespace = namespace === undefined ? '' : `,"namespace":${quote(namespace)}`;
  const byUser = user === undefined ? '' : `,"user":${quote(user)}`;
  return `"uid":${quote(uid)},"operation":"${operation}","kind":${quote(kind)}${inNamespace},"name":${quote(name)}${byUser}`;
}

/** Characters that JSON does not escape. */
const PLAIN = /^[ !#-[\]-~]*$/;

function inQuotes(text: string): string {
  return `"${text}"`;
}

function findingList(findings: readonly Finding[]): string {
  return JSON.stringify(
    findings.slice(0, MAX_FINDINGS).map(({ policy, rule, action }) => `${policy}/${rule}: ${action}`),
  );
}

function excusedList(findings: readonly Finding[]): string {
  return JSON.stringify(excusedIn(findings));
}

function imageList(images: LineFields['images']): string {
  let list = '';
  for (const { state, text } of images) {
    // The grammar of references has no character that JSON escapes.
    const quote = state === 'parsed' ? inQuotes : JSON.stringify;
    list += `${list === '' ? '' : ','}${quote(text)}`;
  }
  return `[${list}]`;
}

/** `nginx:1.27 -> sha256:…`, at most as many as images. */
function changeMembers(mutation: Changes = NO_CHANGES): string {
  const { rewrites, images, pullSecrets, pullPolicies } = mutation;
  const rewritten = rewrites.flatMap((image) => rewrittenLabel(image) ?? []);
  const pinned = images.flatMap((image) => pinnedLabel(image) ?? []);
  const settings =
    member('pullSecrets', pullSecrets, addedSecretsLabel) + member('pullPolicies', pullPolicies, pullPolicyLabel);
  return `${member('rewritten', rewritten, String)}${settings}"pinned":${labelList(pinned)}`;
}

type Changes = Pick<Mutation, 'rewrites' | 'images' | 'pullSecrets' | 'pullPolicies'>;

const NO_CHANGES: Changes = { rewrites: [], images: [], pullSecrets: [], pullPolicies: [] };

/** With a comma; empty without changes. */
function member<Change>(key: string, changes: readonly Change[], labelOf: (change: Change) => string): string {
  if (changes.length === 0) return '';
  return `"${key}":${labelList(changes.slice(0, MAX_IMAGES).map((change) => cut(labelOf(change))))},`;
}

function labelList(labels: readonly string[]): string {
  return labels.length === 0 ? '[]' : JSON.stringify(labels.slice(0, MAX_IMAGES));
}

function isUnknown({ outcome, action }: Finding): boolean {
  return outcome !== 'violation' && action !== 'excused';
}

/** `exception policy/rule: containers`, one for each rule that each exception excused, so that none hides behind many others. */
function excusedIn(findings: readonly Finding[]): readonly string[] {
  const uses = findings.flatMap(({ excuse, policy, rule, container }) =>
    excuse === undefined ? [] : [{ by: `${excuse.exception.name} ${policy}/${rule}`, container: container?.name }],
  );
  if (uses.length === 0) return [];
  const lines = [...Map.groupBy(uses, ({ by }) => by)].map(
    ([by, group]) =>
      `${by}: ${limited(group.map(({ container }) => (container === undefined ? '-' : cut(container)))).join(', ')}`,
  );
  return limited(lines);
}

function limited(items: readonly string[]): readonly string[] {
  if (items.length <= MAX_FINDINGS) return items;
  return [...items.slice(0, MAX_FINDINGS), `and ${items.length - MAX_FINDINGS} more`];
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/** RFC 3339 in UTC with milliseconds; formatted once for all lines of a millisecond. */
function clock(): (time: number) => string {
  let last = Number.NaN;
  let text = '';
  return (time) => {
    if (time !== last) text = new Date((last = time)).toISOString();
    return text;
  };
}
