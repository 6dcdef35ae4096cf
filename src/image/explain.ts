/** Explains image references, as JSON and as text. */
import { DOCKER_HUB, splitReference } from './grammar.ts';
import { quoteValue } from './quote.ts';
import { familiarName, type ImageReference, isPinned, parseReference } from './reference.ts';

/** Output of `explain image -o json`. Absent parts are null; for an invalid reference, all but `input`, `valid`, and `error`. */
export interface ExplainedReference {
  readonly input: string;
  readonly valid: boolean;
  readonly error: string | null;
  /** Empty if the path begins with a part that looks like a host but is invalid. */
  readonly domain: string | null;
  readonly path: string | null;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly normalized: string | null;
  readonly familiar: string | null;
  /** The reference that container runtimes pull. */
  readonly runtimeRef: string | null;
}

export function explainReference(text: string): ExplainedReference {
  const parsed = parseReference(text);
  if (!parsed.ok) return unexplained(text, parsed.problem);
  const { reference } = parsed;
  return {
    input: text,
    valid: true,
    error: null,
    domain: reference.domain,
    path: reference.path,
    tag: reference.tag ?? null,
    digest: reference.digest ?? null,
    normalized: reference.fullName,
    familiar: familiarName(reference),
    runtimeRef: reference.runtimeName,
  };
}

/** Returns the explanation of an invalid reference. */
export function unexplained(input: string, error: string): ExplainedReference {
  return { input, valid: false, error, ...NOTHING };
}

const NOTHING = {
  domain: null,
  path: null,
  tag: null,
  digest: null,
  normalized: null,
  familiar: null,
  runtimeRef: null,
} as const;

/** Returns lines without a final line break, each limited to 800 characters, because hostnames have no limit. */
export function explainText(text: string): string {
  const parsed = parseReference(text);
  const lines = parsed.ok ? linesAbout(parsed.reference) : linesAgainst(text, parsed.problem);
  return lines.map((line) => (line.length > 800 ? `${line.slice(0, 800)}…` : line)).join('\n');
}

function linesAgainst(text: string, problem: string): readonly string[] {
  return [
    `${quoteValue(text)} is not an image reference`,
    `  problem     ${problem}`,
    '  accepted    [registry/]name[:tag][@sha256:digest], for example nginx:1.27 or registry.example.com/team/web:7',
  ];
}

function linesAbout(reference: ImageReference): readonly string[] {
  return [
    quoteValue(reference.text),
    `  registry    ${registryLine(reference)}`,
    `  repository  ${repositoryLine(reference)}`,
    `  tag         ${tagLine(reference)}`,
    `  digest      ${reference.digest ?? 'none'}`,
    `  pulled as   ${reference.runtimeName}`,
    `  ${changeLine(reference)}`,
  ];
}

function registryLine({ text, domain }: ImageReference): string {
  if (domain === '') return 'none: the part before the first "/" is not a hostname';
  if (domain !== DOCKER_HUB) return domain;
  const { host } = splitReference(text);
  if (host === undefined)
    return 'docker.io, Docker Hub: no registry is specified (CRI-O can be configured to search others)';
  return host === DOCKER_HUB ? 'docker.io, Docker Hub' : `docker.io, Docker Hub: ${host} is its former name`;
}

function repositoryLine({ text, path }: ImageReference): string {
  const { name } = splitReference(text);
  return path === `library/${name}` ? `${path}: a name without "/" on Docker Hub belongs to library/` : path;
}

function tagLine(reference: ImageReference): string {
  const { tag, digest } = reference;
  if (tag === undefined) return digest === undefined ? 'none, so the default is latest' : 'none, and none is needed';
  return digest === undefined ? tag : `${tag} (informational: container runtimes ignore the tag if there is a digest)`;
}

function changeLine(reference: ImageReference): string {
  if (isPinned(reference)) return 'The image cannot change: the digest identifies its exact content.';
  const pinned = `${reference.repository}:${reference.effectiveTag}@sha256:…`;
  return `A tag can move to another image at any time. To pin the image, use ${pinned} (add --resolve to look up the digest)`;
}
