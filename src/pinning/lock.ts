/** The lock: which digest a name and tag had when somebody asked, so that another machine pins the same without asking. */
import type { ImageReference } from '../image/reference.ts';

export interface LockEntry {
  readonly digest: string;
  readonly mediaType: string;
  /** When the registry was asked: RFC 3339, UTC. */
  readonly time: string;
}

/** By `lockKey`. */
export type Lock = ReadonlyMap<string, LockEntry>;

/** `docker.io/library/nginx:1.27`, of a reference with a tag and no digest. */
export function lockKey(tagged: ImageReference): string {
  return tagged.fullName;
}

/** Sorted, so that two people who pin the same write the same. */
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
    '# tidewaiter pin --lock: what each tag stood for when it was pinned.',
    'version: 1',
    `images:${lines.length === 0 ? ' {}' : ''}`,
    ...lines,
    '',
  ].join('\n');
}

function scalar(text: string): string {
  return /^[A-Za-z][\w./:+@-]*$/.test(text) ? text : JSON.stringify(text);
}
