/** The log line of one review: one JSON object with fixed keys, the same for every review. */
import { nameOf, pinnedLabel } from '../admission/message.ts';
import type { PinnedImage } from '../admission/mutation.ts';
import type { Finding } from '../policy/finding.ts';
import type { ReviewRecord } from './reviews.ts';

const MAX_IMAGES = 20;
const MAX_FINDINGS = 50;
const MAX_TEXT = 300;

/** `time`: milliseconds since 1970. */
export function reviewLine(record: ReviewRecord, time: number): string {
  const { endpoint, mutation, durationMs } = record;
  const { uid, operation, type, namespace, user, dryRun } = record.review.request;
  const findings = findingsOf(record);
  const fields = {
    level: 'info',
    time: new Date(time).toISOString(),
    endpoint,
    uid: cut(uid),
    operation,
    kind: cut(type.kind),
    namespace: namespace === undefined ? undefined : cut(namespace),
    name: cut(nameOf(record.review.request)),
    user: user === undefined ? undefined : cut(user.name),
    allowed: isAllowed(record),
    findings: findings.slice(0, MAX_FINDINGS).map(({ policy, rule, action }) => `${policy}/${rule}: ${action}`),
    excused: excusesIn(findings),
    images: imagesOf(record),
    pinned: pinnedLabels(mutation?.images),
    unknown: findings.filter(isUnknown).length,
    durationMs: Math.round(durationMs * 1000) / 1000,
    dryRun,
    msg: 'review',
  };
  return `${JSON.stringify(fields)}\n`;
}

export function findingsOf({ verdict, mutation }: ReviewRecord): readonly Finding[] {
  return mutation?.findings ?? verdict?.findings ?? [];
}

function isAllowed({ verdict, mutation }: ReviewRecord): boolean {
  return mutation?.allowed ?? verdict?.allowed ?? true;
}

function imagesOf({ verdict, mutation }: ReviewRecord): readonly string[] {
  const containers = verdict?.outcome === 'judged' ? verdict.workload.containers : [];
  const pinned = (mutation?.images ?? []).map(({ container }) => container);
  return [...containers.slice(0, MAX_IMAGES), ...pinned].slice(0, MAX_IMAGES).map(({ image }) => cut(image.text));
}

/** `nginx:1.27 -> sha256:…`, at most as many as images. */
function pinnedLabels(images: readonly PinnedImage[] = []): readonly string[] {
  return images.flatMap((image) => pinnedLabel(image) ?? []).slice(0, MAX_IMAGES);
}

function isUnknown({ outcome, action }: Finding): boolean {
  return outcome !== 'violation' && action !== 'excused';
}

/** `exception policy/rule: containers`, one for each rule that each exception excused, so that none hides behind many others. */
function excusesIn(findings: readonly Finding[]): readonly string[] {
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
