/** The lock: the digest of each tag at the time of its lookup, so that other machines pin the same digests without lookups. */
import type { ImageReference } from '../image/reference.ts';

export interface LockEntry {
  readonly digest: string;
  readonly mediaType: string;
  /** The time of the lookup: RFC 3339, UTC. */
  readonly time: string;
}

/** Entries by `lockKey`. */
export type Lock = ReadonlyMap<string, LockEntry>;

/** Returns the key of a reference with a tag and without a digest: `docker.io/library/nginx:1.27`. */
export function lockKey(tagged: ImageReference): string {
  return tagged.fullName;
}

/** Sorts the entries, so that equal locks have equal text. */
export function lockText(lock: Lock, format: 'yaml' | 'json'): string {
  const sorted = [...lock].sort(([one], [other]) => (one < other ? -1 : 1));
  const entries = sorted.map(([key, { digest, mediaType, time }]) => [key, { digest, mediaType, time }] as const);
  if (format === 'json') return `${JSON.stringify({ version: 1, images: Object.fromEntries(entries) }, null, 2)}\n`;
  const lines = entries.flatMap(([key, entry]) => [
    `  ${scalar(key)}:`,
    ...Object.entries(entry).map(
      ([name, value]) => `    ${name}: ${name === 'time' ? JSON.stringify(value) : scalar(value)}`,
    ),
  ]);
  return [
    '# tidewaiter pin --lock: the digest of each tag when it was pinned.',
    'version: 1',
    `images:${lines.length === 0 ? ' {}' : ''}`,
    ...lines,
    '',
  ].join('\n');
}

function scalar(text: string): string {
  return /^[A-Za-z][\w./:+@-]*$/.test(text) ? text : JSON.stringify(text);
}
