/** Decides whether a pattern matches every image that another one matches. */
import { compileGlob } from './glob.ts';
import { splitPort } from './grammar.ts';
import { differAtStart } from './overlap.ts';
import type { ImagePattern } from './pattern.ts';
import { ANY_SEGMENTS, compileSegments, isGlob } from './segments.ts';

/** False if it is not certain. */
export function includesPattern(whole: ImagePattern, part: ImagePattern): boolean {
  const hasDigest = whole.digest === undefined || whole.digest === part.digest;
  return (
    hasDigest && includesHost(whole.host, part.host) && includesTag(whole.tag, part.tag) && includesPath(whole, part)
  );
}

function includesHost(whole: string | undefined, part: string | undefined): boolean {
  if (whole === undefined || part === undefined || !isGlob(whole)) return whole === undefined || whole === part;
  const [own, other] = [splitPort(whole), splitPort(part)];
  return own.port === other.port && compileSegments(own.host.split('.'))(other.host.split('.').map(asText));
}

function includesTag(whole: string | undefined, part: string | undefined): boolean {
  return whole === undefined || (part !== undefined && compileGlob(whole)(asText(part)));
}

/** Each `**` of the part is tried with every number of segments up to two more than the whole has; larger numbers give the same result. */
function includesPath({ segments: whole }: ImagePattern, { segments: part }: ImagePattern): boolean {
  if (differAtStart(whole, part)) return false;
  const matches = compileSegments(whole);
  if (part.filter((segment) => segment === ANY_SEGMENTS).length > 1) return whole.join('/') === ANY_SEGMENTS;
  const counts = part.includes(ANY_SEGMENTS) ? whole.length + 2 : 1;
  return Array.from({ length: counts }, (_, count) =>
    part.flatMap((segment) => (segment === ANY_SEGMENTS ? Array<string>(count).fill(WILD) : [asText(segment)])),
  ).every((segments) => segments.length === 0 || matches(segments));
}

/** A character of no name: only a wildcard matches it. */
const WILD = '\0';

function asText(glob: string): string {
  return glob.replaceAll('*', WILD);
}
