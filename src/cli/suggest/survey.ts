/** What a recording contains: the first of two readings, which decides what is tried in the second. */
import type { Recording } from '../../files/recorded-documents.ts';
import { LEFT_OUT, type LeftOut } from '../../report/suggest.ts';
import { registryPattern } from '../derive/registry-patterns.ts';
import { type AddOccurrences, addTo, noTotal, type Occurrences, type Total } from '../recorded/occurrences.ts';
import { sharedEffects } from '../recorded/shared-effects.ts';
import { type CountOptions, countedReview } from './counted.ts';
import { isMovingTag } from './moving-tags.ts';

export interface Survey {
  /** Reviews that count. */
  readonly total: Total;
  readonly leftOut: Record<LeftOut, number>;
  /** Reviews with images from each registry. */
  readonly registries: Map<string, number>;
  readonly repositories: Map<string, number>;
  /** Reviews with tags that move with each build. */
  readonly movingTags: Map<string, number>;
  /** Reviews of each namespace; null: objects without one. */
  readonly namespaces: Map<string | null, number>;
}

/** Of registries, of tags, and of namespaces: anyone can choose them. Those beyond are counted in the total alone. */
const MAX_NAMES = 10_000;

export function emptySurvey(): Survey {
  return {
    total: noTotal(),
    leftOut: Object.fromEntries(LEFT_OUT.map((why) => [why, 0])) as Record<LeftOut, number>,
    registries: new Map(),
    repositories: new Map(),
    movingTags: new Map(),
    namespaces: new Map(),
  };
}

/** Returns a function that finds out what a review counts for. */
export function surveyor(
  survey: Survey,
  options: CountOptions,
): (line: Recording) => Promise<NonNullable<AddOccurrences>> {
  const effectOf = sharedEffects((found: Found | LeftOut) => (more) => add(survey, found, more));
  return async (line) => effectOf(await foundIn(line, options));
}

/** What one review contains. */
interface Found {
  readonly namespace: string | null;
  readonly registries: readonly string[];
  readonly repositories: readonly string[];
  readonly tags: readonly string[];
}

async function foundIn(line: Recording, options: CountOptions): Promise<Found | LeftOut> {
  const counted = await countedReview(line, options);
  if (typeof counted === 'string') return counted;
  const { read, namespace } = counted;
  const references = read.workload.containers.flatMap(({ image }) =>
    image.state === 'parsed' ? [image.reference] : [],
  );
  const tags = references.flatMap(({ digest, tag }) => (digest === undefined && isMovingTag(tag) ? [tag] : []));
  const repositories = references.map(({ domain, path }) => `${domain}/${path}`);
  return {
    namespace,
    registries: [...new Set(references.map(registryPattern))],
    repositories: [...new Set(repositories)],
    tags: [...new Set(tags)],
  };
}

function add(survey: Survey, found: Found | LeftOut, more: Occurrences): void {
  if (typeof found === 'string') {
    survey.leftOut[found] += more.count;
    return;
  }
  addTo(survey.total, more);
  raise(survey.namespaces, found.namespace, more.count);
  for (const pattern of found.registries) raise(survey.registries, pattern, more.count);
  for (const name of found.repositories) raise(survey.repositories, name, more.count);
  for (const tag of found.tags) raise(survey.movingTags, tag, more.count);
}

function raise<K>(counts: Map<K, number>, key: K, by: number): void {
  const before = counts.get(key);
  if (before === undefined && counts.size >= MAX_NAMES) return;
  counts.set(key, (before ?? 0) + by);
}
