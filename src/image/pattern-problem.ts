/**
 * Explains to authors of policies why a string is not an image pattern (pattern.ts), with a correction. Also rejects patterns
 * that no image can match, because their rules would have no effect.
 */
import { digestProblem } from './digest.ts';
import { DOCKER_HUB, isComponent, isHost, isPort, MAX_PATH, MAX_TAG, splitPort, splitReference } from './grammar.ts';
import { quoteValue } from './quote.ts';
import { ANY_SEGMENTS } from './segments.ts';

const MAX_PATTERN = 1024;
const EXAMPLE = 'registry.example.com/**';

/** Returns the rest of the sentence `"…" is not a pattern: …`; `undefined` for a pattern. */
export function patternProblem(text: string): string | undefined {
  return wholeProblem(text) ?? partsProblem(text);
}

function wholeProblem(text: string): string | undefined {
  if (text === '') return `it is empty; use, for example, ${EXAMPLE}`;
  if (text.length > MAX_PATTERN) return `patterns are limited to ${MAX_PATTERN} characters (found ${text.length})`;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(text)?.[0];
  if (scheme !== undefined)
    return `remove ${quoteValue(scheme, 40)}; use, for example, ${withoutScheme(text.slice(scheme.length))}`;
  if (/\s/.test(text)) return `whitespace is not allowed; use, for example, ${EXAMPLE}`;
  const character = /[^A-Za-z0-9._/:@*[\]-]/u.exec(text)?.[0];
  if (character === undefined) return undefined;
  return `${quoteValue(character)} is not allowed; the only wildcard is "*", for example ${EXAMPLE}`;
}

function withoutScheme(rest: string): string {
  const name = rest.replace(/\/+$/, '');
  return proposal(name.includes('/') ? name : `${name}/**`, EXAMPLE);
}

/** Returns the correction if it is a valid pattern and fits on a line, otherwise the example. */
function proposal(text: string, otherwise: string): string {
  return text.length <= 120 && patternProblem(text) === undefined ? text : otherwise;
}

function partsProblem(text: string): string | undefined {
  const { host, name, tag, digest } = splitReference(text);
  const suffix = text.slice((host === undefined ? 0 : host.length + 1) + name.length);
  return (
    hostProblem(host) ??
    (host === undefined ? leadProblem(name, tag, suffix) : undefined) ??
    lengthProblem(name) ??
    segmentsProblem(host, name) ??
    tagProblem(tag) ??
    (digest === undefined ? undefined : digestProblem(digest))
  );
}

function hostProblem(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (text.includes('@')) return `"@" can only separate name and digest; use, for example, ${EXAMPLE}`;
  if (text.includes('**')) return '"**" is not allowed in a host; "*" matches one label, for example *.example.com/**';
  const { host, port } = splitPort(text);
  if (port !== undefined && !isPort(port)) return `${quoteValue(port, 40)} is not a valid port; use digits only`;
  if (isHost(filled(host)) && !/\[.*\*/.test(host)) return undefined;
  return `${quoteValue(host, 80)} is not a valid hostname; use letters, digits, inner hyphens, and dots, and a port after ":"`;
}

/** Rejects patterns without a host whose first part could be meant as a host. */
function leadProblem(name: string, tag: string | undefined, suffix: string): string | undefined {
  if (name === '*') {
    const every = proposal(`**${suffix}`, '**');
    const official = proposal(`docker.io/library/*${suffix}`, 'docker.io/library/*');
    return `"*" is ambiguous; use ${every} for every image or ${official} for official images on Docker Hub`;
  }
  if (name.startsWith('*/')) {
    const every = proposal(`**${name.slice(1)}${suffix}`, '**/name');
    const hub = proposal(`docker.io/${name}${suffix}`, 'docker.io/*/name');
    return `"*" at the start is ambiguous; use ${every} for any registry or ${hub} for Docker Hub`;
  }
  const hostLike = name === 'localhost' || (/\.[a-z]{2,}$/.test(name) && isHost(filled(name)));
  if (!hostLike || suffix.includes('@') || (tag !== undefined && !isPort(tag))) return undefined;
  const registry = proposal(`${name}${suffix}/**`, EXAMPLE);
  const image = proposal(`${DOCKER_HUB}/library/${name}${suffix}`, 'docker.io/library/name');
  return `it has no repository; use ${registry} for the registry, or ${image} for the image`;
}

function segmentsProblem(host: string | undefined, name: string): string | undefined {
  const segments = name.split('/');
  for (const segment of segments) {
    const problem = segmentProblem(segment);
    if (problem === undefined) continue;
    if (segment !== '') return problem;
    const closed = [host ?? '', ...segments].filter((part) => part !== '').join('/');
    return `${problem}; use ${proposal(`${closed}/**`, EXAMPLE)} for everything below`;
  }
  return undefined;
}

/** Counts characters without `**` segments and their slashes, because `**` also matches no segments. */
function lengthProblem(name: string): string | undefined {
  const least = name.replaceAll(/\*\*\/|\/?\*\*$|\*/g, '').length;
  return least > MAX_PATH ? `image paths are limited to ${MAX_PATH} characters (found ${least})` : undefined;
}

function segmentProblem(segment: string): string | undefined {
  if (segment === ANY_SEGMENTS) return undefined;
  if (segment === '') return '"/" can only separate two segments';
  if (segment.includes('**')) return `"**" must be a whole segment, as in ${EXAMPLE}; within a segment, use "*"`;
  if (/[A-Z]/.test(segment)) return `repository names must be lowercase; use ${quoteValue(segment.toLowerCase(), 80)}`;
  const character = /[^a-z0-9._*-]/.exec(segment)?.[0];
  if (character !== undefined) return `"${character}" is not allowed in ${quoteValue(segment, 80)}`;
  if (isComponent(filled(segment))) return undefined;
  return `${quoteValue(segment, 80)} is not a valid path segment; ".", "_", "__", and "-" can only separate letters or digits`;
}

function tagProblem(tag: string | undefined): string | undefined {
  if (tag === undefined) return undefined;
  if (tag === '') return 'the tag after ":" is missing; add a tag, or remove ":" for every tag';
  const character = /[^A-Za-z0-9_.*-]/.exec(tag)?.[0];
  if (character !== undefined)
    return `"${character}" is not allowed in a tag; use letters, digits, ".", "_", "-", and "*"`;
  if (/^[.-]/.test(tag)) return `a tag cannot begin with "${tag.charAt(0)}"`;
  const { length } = tag.replaceAll('*', '');
  return length > MAX_TAG ? `tags are limited to ${MAX_TAG} characters (found ${length})` : undefined;
}

/**
 * Returns a name that the glob matches. If it violates the grammar, so do all names that match, because the violation is in
 * the literal parts.
 */
function filled(glob: string): string {
  return glob.replaceAll('*', 'a');
}
