/** Tags that usually move with each build. */
export const MOVING_TAGS = [
  'canary',
  'dev',
  'develop',
  'development',
  'edge',
  'head',
  'main',
  'master',
  'next',
  'nightly',
  'snapshot',
  'stable',
  'staging',
  'trunk',
  'unstable',
] as const;

const MOVING: ReadonlySet<string> = new Set(MOVING_TAGS);

/** Versions have digits; "latest" is asked about in any case. */
export function isMovingTag(tag: string | undefined): tag is string {
  return tag !== undefined && tag !== 'latest' && (MOVING.has(tag) || !/\d/.test(tag));
}
