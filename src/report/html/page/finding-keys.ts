/** What a finding can be filtered by, with a bar chart or in the search. */

export const KEYS = [
  'owner',
  'namespace',
  'rule',
  'registry',
  'image',
  'policy',
  'kind',
  'name',
  'container',
  'outcome',
] as const;
export type Key = (typeof KEYS)[number];

export function isKey(text: string): text is Key {
  return (KEYS as readonly string[]).includes(text);
}
