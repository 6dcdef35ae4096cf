/** Image patterns once more, as slow and plain as possible: what the indexed matcher is compared with. */
import type { ImageReference } from '../../src/image/reference.ts';

export interface NaivePattern {
  /** With its slash; empty for none, `**` and a slash for every registry. */
  readonly host: string;
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

export function naiveMatch(pattern: NaivePattern, reference: ImageReference): boolean {
  const { tag, digest } = pattern;
  if (digest !== undefined && digest !== reference.digest) return false;
  return (tag === undefined || naiveGlob(tag, reference.effectiveTag ?? '-')) && naiveName(pattern, reference);
}

function naiveName({ host, path }: NaivePattern, reference: ImageReference): boolean {
  const segments = reference.path.split('/');
  const globs = path.split('/');
  if (host === '**/') return naiveList(['**', ...globs], segments);
  if (host !== '') return naiveHost(host.slice(0, -1), reference.domain) && naiveList(globs, segments);
  if (globs[0] === '**') return naiveList(globs, segments);
  return reference.domain === 'docker.io' && naiveList(globs.length === 1 ? ['library', ...globs] : globs, segments);
}

function naiveHost(glob: string, domain: string): boolean {
  const labels = (text: string) => text.toLowerCase().replace(/:443$/, '').split('.');
  const [wanted, found] = [labels(glob), labels(domain)];
  return wanted.length === found.length && wanted.every((label, index) => naiveGlob(label, found[index] ?? ''));
}

function naiveList(globs: readonly string[], segments: readonly string[]): boolean {
  const [glob, ...more] = globs;
  if (glob === undefined) return segments.length === 0;
  if (glob === '**') return naiveList(more, segments) || (segments.length > 0 && naiveList(globs, segments.slice(1)));
  return segments.length > 0 && naiveGlob(glob, segments[0] ?? '') && naiveList(more, segments.slice(1));
}

export function naiveGlob(glob: string, text: string): boolean {
  if (glob === '') return text === '';
  if (glob.startsWith('*')) return naiveGlob(glob.slice(1), text) || (text !== '' && naiveGlob(glob, text.slice(1)));
  return text !== '' && glob.charAt(0) === text.charAt(0) && naiveGlob(glob.slice(1), text.slice(1));
}
