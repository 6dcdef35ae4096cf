/**
 * Rewriting of image names: `from` is a pattern, and `to` the new name with the same wildcards in the same order. Each wildcard of
 * `to` is replaced by the text that it matched in `from`.
 *
 *     docker.io/**        -> mirror.example.com/hub/**       docker.io/library/nginx -> mirror.example.com/hub/library/nginx
 *     quay.io/acme/*      -> registry.example.com/quay/*     quay.io/acme/web        -> registry.example.com/quay/web
 *     **                  -> mirror.example.com/**           ghcr.io/acme/web        -> mirror.example.com/ghcr.io/acme/web
 *
 * A leading `**` in `from` includes the registry. Tag and digest stay as written. An image that matches `to` is there already.
 */
import { captureSegments, captureSegmentsFromEnd, wildcardsIn } from './captures.ts';
import { splitPort, splitReference } from './grammar.ts';
import { canOverlap } from './overlap.ts';
import { hostKey, type ImagePattern, parsePattern, patternSet } from './pattern.ts';
import { quoteValue } from './quote.ts';
import { type ImageReference, parseReference } from './reference.ts';
import { isGlob } from './segments.ts';

export interface Rewriting {
  readonly from: ImagePattern;
  readonly to: ImagePattern;
  readonly isSource: ImageTest;
  /** The image is there already. */
  readonly isTarget: ImageTest;
}

type ImageTest = (reference: ImageReference) => boolean;

export type ParsedRewriting =
  | { readonly ok: true; readonly rewriting: Rewriting }
  | { readonly ok: false; readonly at: 'from' | 'to'; readonly problem: string };

export function parseRewriting(from: string, to: string): ParsedRewriting {
  const source = parsePattern(from);
  if (!source.ok) return { ok: false, at: 'from', problem: source.problem };
  const found = parsePattern(to);
  if (!found.ok) return { ok: false, at: 'to', problem: found.problem };
  const problem = targetProblem(source.pattern, found.pattern);
  if (problem !== undefined) return { ok: false, at: 'to', problem: `${quoteValue(to, 80)} ${problem}` };
  const [{ pattern: own }, { pattern: target }] = [source, found];
  return { ok: true, rewriting: { from: own, to: target, isSource: testOf(own), isTarget: testOf(target) } };
}

function testOf(pattern: ImagePattern): ImageTest {
  const patterns = patternSet([pattern]);
  return (reference) => patterns.match(reference) !== undefined;
}

function targetProblem(from: ImagePattern, to: ImagePattern): string | undefined {
  if (to.tag !== undefined || to.digest !== undefined)
    return 'has a tag or a digest; they stay as written, so leave them out';
  if (splitReference(to.text).host === undefined && to.host !== undefined) {
    return `has no registry; write, for example, registry.example.com/${to.text}`;
  }
  if (to.host === undefined && from.host !== undefined) {
    return 'has no registry, because "**" of "from" does not include it; write, for example, registry.example.com/**';
  }
  return portProblem(to) ?? wildcardProblem(from, to);
}

function portProblem({ text }: ImagePattern): string | undefined {
  const { port } = splitPort(splitReference(text).host ?? '');
  if (port === undefined || (Number(port) > 0 && Number(port) <= MAX_PORT)) return undefined;
  return `has the port ${port.slice(0, 10)}; ports are numbers from 1 to ${MAX_PORT}`;
}

function wildcardProblem(from: ImagePattern, to: ImagePattern): string | undefined {
  const [given, wanted] = [allWildcards(to), allWildcards(from)];
  if (given.join(' ') === wanted.join(' ')) return undefined;
  return `has ${wildcardText(given)}, but "from" has ${wildcardText(wanted)}; each wildcard must come again, in the same order, so that no part of the name is lost`;
}

const MAX_PORT = 65_535;

function wildcardText(wildcards: readonly string[]): string {
  if (wildcards.length === 0) return 'no wildcard';
  return `the ${wildcards.length === 1 ? 'wildcard' : 'wildcards'} ${wildcards.map((one) => quoteValue(one)).join(', ')}`;
}

function allWildcards({ host = '', segments }: ImagePattern): readonly string[] {
  return [...wildcardsIn([host]), ...wildcardsIn(segments)];
}

export type Rewritten =
  | { readonly ok: true; readonly reference: ImageReference }
  /** A sentence fragment, safe to print. */
  | { readonly ok: false; readonly problem: string };

/** Returns undefined if `from` does not match, or the image is there already. */
export function rewritten(
  { from, to, isSource, isTarget }: Rewriting,
  reference: ImageReference,
): Rewritten | undefined {
  // An image without a host cannot be pulled.
  if (reference.domain === '' || !isSource(reference) || isTarget(reference)) return undefined;
  const captured = captureImage(from, reference, captureSegments);
  return captured && readRewritten(filled(to, captured), reference);
}

/** The pattern of the new names of images that a pattern matches; undefined: it does not have the form of `from`. */
export function rewrittenPattern({ from, to }: Rewriting, pattern: ImagePattern): string | undefined {
  if (pattern.host === undefined) return undefined;
  const path = pattern.segments.join('/');
  const captured = captureImage(from, { domain: pattern.host, path }, captureSegments);
  return captured && `${filled(to, captured)}${pattern.tag === undefined ? '' : `:${pattern.tag}`}`;
}

/**
 * The names that can become this one, if `from` matches them, with the tag and the digest of this one. Two: `to` matches in several
 * ways, and there can be more.
 */
export function possibleSources(
  { from, to, isTarget }: Rewriting,
  reference: ImageReference,
): readonly ImageReference[] {
  if (reference.domain === '' || !isTarget(reference)) return NO_SOURCES;
  const names = [captureSegments, captureSegmentsFromEnd].flatMap((capture) => {
    const captured = captureImage(to, reference, capture);
    return captured === undefined ? [] : [filled(from, captured)];
  });
  return [...new Set(names)].flatMap((name) => {
    const read = readRewritten(name, reference);
    return read.ok ? [read.reference] : [];
  });
}

const NO_SOURCES: readonly never[] = [];

function filled({ host = '', segments }: ImagePattern, captured: readonly string[]): string {
  const next = captured.values();
  const fill = (glob: string): string => (isGlob(glob) ? glob.replaceAll(/\*+/g, () => next.next().value ?? '') : glob);
  return [host, ...segments]
    .map(fill)
    .filter((part) => part !== '')
    .join('/');
}

function captureImage(
  { host, segments }: ImagePattern,
  { domain, path }: Pick<ImageReference, 'domain' | 'path'>,
  capture: typeof captureSegments,
): readonly string[] | undefined {
  const inPath = capture(segments, path.split('/'), '/');
  if (inPath === undefined) return undefined;
  if (host === undefined) {
    const [first = '', ...rest] = inPath;
    return [first === '' ? domain : `${domain}/${first}`, ...rest];
  }
  const { host: globs } = splitPort(host);
  const { host: name } = splitPort(hostKey(domain));
  if (!isGlob(globs)) return globs === name ? inPath : undefined;
  const inHost = capture(globs.split('.'), name.split('.'), '.');
  return inHost && [...inHost, ...inPath];
}

function readRewritten(name: string, { tag, digest }: ImageReference): Rewritten {
  const parsed = parseReference(
    `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`,
  );
  // Docker Hub completes short names.
  if (parsed.ok && parsed.reference.repository === name) return { ok: true, reference: parsed.reference };
  const why = parsed.ok
    ? `would be read as ${quoteValue(parsed.reference.repository, 200)}`
    : `is invalid: ${portInPath(name) ?? parsed.problem}`;
  return { ok: false, problem: `the new name ${quoteValue(name, 200)} ${why}` };
}

/** The parser takes such a port for the start of a tag. */
function portInPath(name: string): string | undefined {
  const [, ...path] = name.split('/');
  const registry = path.find((part) => splitPort(part).port !== undefined);
  return registry && `a registry with a port (${quoteValue(registry, 80)}) cannot be a part of a path`;
}

/**
 * Finds rewritings that could follow each other without end, as indexes in order. Considers what the patterns can match, so a
 * cycle that no image reaches is found as well.
 */
export function rewritingCycle(rewritings: readonly Rewriting[]): readonly number[] | undefined {
  const followers = rewritings.map(({ from, to }) => {
    const result: ImagePattern = { ...to, tag: from.tag, digest: from.digest };
    return rewritings.flatMap((other, index) => (other.to !== to && canOverlap(result, other.from) ? [index] : []));
  });
  const done = new Set<number>();
  const visit = (index: number, way: readonly number[]): readonly number[] | undefined => {
    if (way.includes(index)) return way.slice(way.indexOf(index));
    if (done.has(index)) return undefined;
    for (const next of followers[index] ?? []) {
      const cycle = visit(next, [...way, index]);
      if (cycle !== undefined) return cycle;
    }
    done.add(index);
    return undefined;
  };
  for (const index of rewritings.keys()) {
    const cycle = visit(index, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
