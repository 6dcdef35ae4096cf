/**
 * Image patterns of policies:
 *
 *     pattern = [ host "/" ] segment { "/" segment } [ ":" tag glob ] [ "@" digest ]
 *
 * Patterns are split and completed like references (grammar.ts): `nginx` is docker.io/library/nginx, `team/*` is
 * docker.io/team/*, and the first part is a host by the same rule. In a segment, `*` matches any characters except "/"; the
 * segment `**` matches any number of segments, including none. In a host, `*` matches within one label. `**` alone matches
 * every image. A leading `**` matches every registry, and also images with an empty domain. Without a tag glob, every tag and
 * digest matches; with a tag glob, the image's effective tag must match, so an image with only a digest does not.
 *
 * Hosts are compared without case, as in DNS, and port 443 equals no port, because images are pulled over HTTPS. IP addresses
 * are compared as written. Patterns never match a substring or prefix of a name.
 */
import { compileGlob, type TextTest } from './glob.ts';
import { completeName, splitPort, splitReference } from './grammar.ts';
import { patternProblem } from './pattern-problem.ts';
import { quoteValue } from './quote.ts';
import type { ImageReference } from './reference.ts';
import { ANY_SEGMENTS, compileSegments, isGlob, literalPrefix, type SegmentsTest } from './segments.ts';

export interface ImagePattern {
  /** The pattern as written. */
  readonly text: string;
  /** Lowercase, without port 443, with `*` within labels; `undefined` for every registry. */
  readonly host: string | undefined;
  /** Never empty; `**` for any number of segments. */
  readonly segments: readonly string[];
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** `problem` is a sentence about the whole pattern, safe to print. */
export type ParsedPattern =
  | { readonly ok: true; readonly pattern: ImagePattern }
  | { readonly ok: false; readonly problem: string };

/** Limit of DNS names (RFC 1035 section 2.3.4), and 8 characters for a port. */
const MAX_HOST = 253 + 8;

export function parsePattern(text: string): ParsedPattern {
  const why = patternProblem(text);
  if (why !== undefined) return { ok: false, problem: `${quoteValue(text, 80)} is not a pattern: ${why}` };
  const { host, name, tag, digest } = splitReference(text);
  const anyRegistry = host === undefined && (name === ANY_SEGMENTS || name.startsWith(`${ANY_SEGMENTS}/`));
  const { domain, path } = completeName(host, name);
  // Matches all of Docker Hub, not only library/.
  const segments = (anyRegistry || name === ANY_SEGMENTS ? name : path).split('/');
  return { ok: true, pattern: { text, host: anyRegistry ? undefined : hostKey(domain), segments, tag, digest } };
}

/** Normalizes a host to one spelling per endpoint: lowercase, no port 443, no leading zeros in a port. */
export function hostKey(domain: string): string {
  const { host, port } = splitPort(domain.toLowerCase());
  const number = port?.replace(/^0+(?=.)/, '');
  return number === undefined || number === '443' ? host : `${host}:${number}`;
}

export interface PatternSet {
  readonly size: number;
  /** Returns the first matching pattern in list order. */
  match(reference: ImageReference): ImagePattern | undefined;
}

/**
 * Indexes a list by host, and by whole path or literal prefix, so that matching an image takes a few map lookups regardless of
 * the length of the list.
 */
export function patternSet(patterns: readonly ImagePattern[]): PatternSet {
  if (patterns.length === 0) return { size: 0, match: () => undefined };
  const hosts = Map.groupBy(patterns.map(entryOf), ({ pattern }) => pattern.host);
  const anyRegistry = hosts.get(undefined);
  const everywhere = anyRegistry && indexPaths(anyRegistry);
  const literal = new Map<string, PathIndex>();
  const globbed: GlobbedHost[] = [];
  for (const [host, entries] of hosts) {
    if (host === undefined) continue;
    if (isGlob(host)) globbed.push(globbedHost(host, indexPaths(entries)));
    else literal.set(host, indexPaths(entries));
  }
  return {
    size: patterns.length,
    match(reference) {
      const image: Image = { reference, tag: reference.effectiveTag, segments: undefined };
      const host = hostKey(reference.domain);
      let best = firstOf(everywhere, image, undefined);
      best = firstOf(literal.get(host), image, best);
      for (const { paths, matches } of globbed) if (matches(host)) best = firstOf(paths, image, best);
      return best?.pattern;
    },
  };
}

interface Entry {
  /** Index in the list. */
  readonly order: number;
  readonly pattern: ImagePattern;
  /** `undefined`: matches every tag, and no tag. */
  readonly matchesTag: TextTest | undefined;
  /** `undefined`: the index has already compared the whole path. */
  readonly matchesPath: SegmentsTest | undefined;
}

/** Values of an image, computed once for each match. */
interface Image {
  readonly reference: ImageReference;
  readonly tag: string | undefined;
  segments: readonly string[] | undefined;
}

/** The patterns of one host. */
interface PathIndex {
  readonly exact: ReadonlyMap<string, readonly Entry[]>;
  readonly prefixed: ReadonlyMap<string, readonly Entry[]>;
  /** Distinct key lengths of `prefixed`, shortest first. */
  readonly lengths: readonly number[];
}

interface GlobbedHost {
  readonly matches: TextTest;
  readonly paths: PathIndex;
}

function entryOf(pattern: ImagePattern, order: number): Entry {
  return {
    order,
    pattern,
    matchesTag: pattern.tag === undefined ? undefined : compileGlob(pattern.tag),
    matchesPath: pattern.segments.some(isGlob) ? compileSegments(pattern.segments) : undefined,
  };
}

function indexPaths(entries: readonly Entry[]): PathIndex {
  const keyOf = ({ pattern }: Entry): string => literalPrefix(pattern.segments);
  const exact = Map.groupBy(
    entries.filter(({ matchesPath }) => matchesPath === undefined),
    keyOf,
  );
  const prefixed = Map.groupBy(
    entries.filter(({ matchesPath }) => matchesPath !== undefined),
    keyOf,
  );
  const lengths = [...new Set([...prefixed.keys()].map(({ length }) => length))].toSorted((one, other) => one - other);
  return { exact, prefixed, lengths };
}

/** Globs match neither IP addresses in brackets, which have no labels, nor images without a host. */
function globbedHost(glob: string, paths: PathIndex): GlobbedHost {
  const { host, port } = splitPort(glob);
  const matchesLabels = compileSegments(host.split('.'));
  return {
    paths,
    matches(text) {
      if (text === '' || text.startsWith('[') || text.length > MAX_HOST) return false;
      const image = splitPort(text);
      return image.port === port && matchesLabels(image.host.split('.'));
    },
  };
}

function firstOf(paths: PathIndex | undefined, image: Image, best: Entry | undefined): Entry | undefined {
  if (paths === undefined) return best;
  const { path } = image.reference;
  let first = firstIn(paths.exact.get(path), image, best);
  for (const length of paths.lengths) {
    if (length > path.length) break;
    first = firstIn(paths.prefixed.get(path.slice(0, length)), image, first);
  }
  return first;
}

function firstIn(entries: readonly Entry[] | undefined, image: Image, best: Entry | undefined): Entry | undefined {
  if (entries === undefined) return best;
  for (const entry of entries) {
    if (best !== undefined && entry.order > best.order) return best;
    if (covers(entry, image)) return entry;
  }
  return best;
}

function covers({ pattern, matchesTag, matchesPath }: Entry, image: Image): boolean {
  if (pattern.digest !== undefined && pattern.digest !== image.reference.digest) return false;
  if (matchesTag !== undefined && (image.tag === undefined || !matchesTag(image.tag))) return false;
  if (matchesPath === undefined) return true;
  image.segments ??= image.reference.path.split('/');
  return matchesPath(image.segments);
}
