/** The patterns of the registries that images come from: as narrow as the people who can push there. */
import { parsePattern } from '../../image/pattern.ts';
import type { ImageReference } from '../../image/reference.ts';
import { compileGlobs } from '../../image/glob.ts';
import { DOCKER_HUB } from '../../image/grammar.ts';
import { commented, type Tree } from '../../install/yaml.ts';
import { count } from '../../report/paint.ts';

/** Hosts on which anyone can create a namespace, so the namespace belongs to the pattern. In clouds, it is the project. */
const isPublicHost = compileGlobs([
  DOCKER_HUB,
  '*-docker.pkg.dev',
  '*.gcr.io',
  '*.icr.io',
  '*.ocir.io',
  '*.scw.cloud',
  'codeberg.org',
  'gcr.io',
  'ghcr.io',
  'icr.io',
  'lscr.io',
  'public.ecr.aws',
  'quay.io',
  'registry.*.aliyuncs.com',
  'registry.digitalocean.com',
  'registry.gitlab.com',
  'xpkg.upbound.io',
]);

/** On these hosts, the namespace has only images of the publishers that Docker selected. */
const WITH_OFFICIAL_IMAGES: ReadonlySet<string> = new Set([DOCKER_HUB, 'mirror.gcr.io']);

export function registryPattern({ domain, path }: ImageReference): string {
  const [first = '', second] = path.split('/');
  if (!isPublicHost(domain)) return `${domain}/**`;
  if (second === undefined) return `${domain}/${first}`;
  return WITH_OFFICIAL_IMAGES.has(domain) && first === 'library' ? `${domain}/${first}/*` : `${domain}/${first}/**`;
}

/** The patterns that a policy can have, the most frequent first. */
export function byFrequency(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts]
    .filter(([pattern]) => parsePattern(pattern).ok)
    .toSorted(([one, number], [other, otherNumber]) => otherNumber - number || (one < other ? -1 : 1));
}

/** With a comment on each: how often it occurs. `what`: singular. */
export function commentedPatterns(counts: ReadonlyMap<string, number>, what: string): readonly Tree[] {
  return byFrequency(counts).map(([pattern, number]) => commented(count(number, what), pattern));
}
