/** The log line of one review: one JSON object with fixed keys, the same for every review. */
import { nameOf, pinnedLabel } from './admission/message.ts';
import type { PinnedImage } from './admission/pin-outcome.ts';
import type { AdmissionRequest } from './admission/request.ts';
import type { Container } from './pod/containers.ts';
import type { Finding } from './policy/evaluate.ts';
import type { ReviewRecord } from './server/reviews.ts';

const MAX_IMAGES = 20;
const MAX_FINDINGS = 50;
const MAX_TEXT = 300;

export function createReviewLine(): (record: ReviewRecord) => string {
  const time = clock();
  return (record) => lineOf(record, time());
}

export function findingsOf({ verdict, mutation }: ReviewRecord): readonly Finding[] {
  if (mutation !== undefined) return mutation.findings;
  return verdict?.outcome === 'judged' ? verdict.findings : [];
}

function isAllowed({ verdict, mutation }: ReviewRecord): boolean {
  if (mutation !== undefined) return mutation.allowed;
  return verdict === undefined || (verdict.outcome !== 'malformed' && verdict.allowed);
}

/** Written piece by piece, since it is written most: an object made for `JSON.stringify` costs as much as the verdict. */
function lineOf(record: ReviewRecord, time: string): string {
  const { endpoint, review, verdict, mutation, durationMs } = record;
  const judged = verdict?.outcome === 'judged' ? verdict : undefined;
  const findings = findingsOf(record);
  const unknown = findings.reduce(
    (count, { outcome, action }) => (isUndecided(outcome, action) ? count + 1 : count),
    0,
  );
  return (
    `{"level":"info","time":"${time}","endpoint":"${endpoint}",${asked(review.request)}` +
    `,"allowed":${isAllowed(record)},"findings":${findingList(findings)}` +
    `,"excused":${excusedList(findings)},"images":${imageList(judged?.workload.containers ?? mutation?.images.map(({ container }) => container) ?? [])}` +
    `,"pinned":${pinnedList(mutation?.images)},"unknown":${unknown}` +
    `,"durationMs":${Math.round(durationMs * 1000) / 1000},"dryRun":${review.request.dryRun},"msg":"review"}\n`
  );
}

function asked(request: AdmissionRequest): string {
  const { uid, operation, type, namespace, user } = request;
  const name = nameOf(request);
  // One look at all texts costs less than one at each.
  const quote = PLAIN.test(uid + type.kind + namespace + name + user?.name) ? inQuotes : JSON.stringify;
  const inNamespace = namespace === undefined ? '' : `,"namespace":${quote(cut(namespace))}`;
  const byUser = user === undefined ? '' : `,"user":${quote(cut(user.name))}`;
  return `"uid":${quote(cut(uid))},"operation":"${operation}","kind":${quote(cut(type.kind))}${inNamespace},"name":${quote(cut(name))}${byUser}`;
}

/** Stands in a JSON string as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

function inQuotes(text: string): string {
  return `"${text}"`;
}

function findingList(findings: readonly Finding[]): string {
  if (findings.length === 0) return '[]';
  return JSON.stringify(
    findings.slice(0, MAX_FINDINGS).map(({ policy, rule, action }) => `${policy}/${rule}: ${action}`),
  );
}

function excusedList(findings: readonly Finding[]): string {
  return findings.length === 0 ? '[]' : JSON.stringify(excusedIn(findings));
}

function imageList(containers: readonly Container[]): string {
  let list = '';
  for (let index = 0; index < containers.length && index < MAX_IMAGES; index++) {
    const image = containers[index]?.image;
    // What follows the grammar of references has no character that would have to be escaped.
    const quote = image?.state === 'parsed' ? inQuotes : JSON.stringify;
    list += `${index === 0 ? '' : ','}${quote(cut(image?.text ?? ''))}`;
  }
  return `[${list}]`;
}

/** `nginx:1.27 -> sha256:…`, as many as images. */
function pinnedList(images: readonly PinnedImage[] = []): string {
  if (images.length === 0) return '[]';
  const labels = images.flatMap((image) => pinnedLabel(image) ?? []);
  return JSON.stringify(labels.slice(0, MAX_IMAGES));
}

function isUndecided(outcome: Finding['outcome'], action: Finding['action']): boolean {
  return outcome !== 'violation' && action !== 'excused';
}

/** `exception policy/rule: containers`, one for each rule that each exception excused, so that none hides behind many others. */
function excusedIn(findings: readonly Finding[]): readonly string[] {
  const used = findings.flatMap(({ excuse, policy, rule, container }) =>
    excuse === undefined ? [] : [{ by: `${excuse.exception.name} ${policy}/${rule}`, container: container?.name }],
  );
  if (used.length === 0) return [];
  const lines = [...Map.groupBy(used, ({ by }) => by)].map(
    ([by, uses]) =>
      `${by}: ${listed(uses.map(({ container }) => (container === undefined ? '-' : cut(container)))).join(', ')}`,
  );
  return listed(lines);
}

function listed(items: readonly string[]): readonly string[] {
  if (items.length <= MAX_FINDINGS) return items;
  return [...items.slice(0, MAX_FINDINGS), `and ${items.length - MAX_FINDINGS} more`];
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/** RFC 3339 in UTC with milliseconds; worked out once for all lines of a millisecond. */
function clock(): () => string {
  let last = Number.NaN;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== last) text = new Date((last = now)).toISOString();
    return text;
  };
}
