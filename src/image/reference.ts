/**
 * Image references: `[registry/]name[:tag][@digest]`, read as the kubelet and the container runtimes read them. The grammar
 * is in grammar.ts; the forms are those of github.com/distribution/reference, named beside each function.
 */
import { DOCKER_HUB, readParts } from './grammar.ts';
import { problemOf } from './problem.ts';

export interface ImageReference {
  /** What the user wrote. */
  readonly text: string;
  /** `docker.io`, `registry.example.com:5000`; case as written. Empty in one odd case: see grammar.ts. */
  readonly domain: string;
  /** `library/nginx`. */
  readonly path: string;
  /** As written; undefined when none was. */
  readonly tag: string | undefined;
  /** `sha256:…`, `sha384:…` or `sha512:…`. */
  readonly digest: string | undefined;
  /** Registry and path without tag and digest: the kubelet looks pull credentials up with it. */
  readonly repository: string;
  /** The tag, `latest` if there is neither tag nor digest; undefined if there is only a digest. */
  readonly effectiveTag: string | undefined;
  /** The repository with tag and digest as written: Go's `named.String()`. */
  readonly fullName: string;
  /** What containerd and CRI-O pull: with `:latest` for neither tag nor digest, and without the tag beside a digest (Go's `ParseDockerRef`). */
  readonly runtimeName: string;
}

/** A bad image string is the user's data, so it is a value; `problem` is a sentence fragment about it, safe to print. */
export type ParsedImage =
  | { readonly ok: true; readonly reference: ImageReference }
  | { readonly ok: false; readonly text: string; readonly problem: string };

/**
 * The same few images come again and again. Each has one slot, which the last one to come there keeps, so nobody can fill this
 * for good. A Map would hash every character of a text that has just been parsed: half of what the loop over containers costs.
 */
const SLOTS = 4096;
const known = Array.from<unknown, ParsedSlot | undefined>({ length: SLOTS }, () => undefined);
const MAX_KNOWN_LENGTH = 300;

/** Never throws; linear in the length of `text`. Nothing is trimmed. */
export function parseReference(text: string): ParsedImage {
  if (text.length > MAX_KNOWN_LENGTH) return readReference(text);
  const slot = slotOf(text);
  const before = known[slot];
  if (before?.text === text) return before.parsed;
  const parsed = readReference(text);
  known[slot] = { text, parsed };
  return parsed;
}

interface ParsedSlot {
  readonly text: string;
  readonly parsed: ParsedImage;
}

/** Images differ at their end: the digest, or the name and its tag. */
function slotOf(text: string): number {
  let hash = text.length;
  for (let at = Math.max(0, text.length - 12); at < text.length; at++)
    hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return (hash ^ (hash >>> 12)) & (SLOTS - 1);
}

function readReference(text: string): ParsedImage {
  const parts = readParts(text);
  if (parts === undefined) return { ok: false, text, problem: problemOf(text) };
  const { domain, path, tag, digest } = parts;
  const repository = domain === '' ? path : `${domain}/${path}`;
  const effective = tag ?? (digest === undefined ? 'latest' : undefined);
  return {
    ok: true,
    reference: {
      text,
      domain,
      path,
      tag,
      digest,
      repository,
      effectiveTag: effective,
      fullName: withSuffix(repository, tag, digest),
      runtimeName: withSuffix(repository, digest === undefined ? effective : undefined, digest),
    },
  };
}

/** The shortest name: Go's `FamiliarString`. `docker.io/foo.bar/x` becomes `foo.bar/x`, which reads differently; so did Go. */
export function familiarName(reference: ImageReference): string {
  return withSuffix(familiarRepository(reference), reference.tag, reference.digest);
}

/** For plugins; the value is in the reference. */
export function repositoryOf({ repository }: ImageReference): string {
  return repository;
}

/** For plugins; the value is in the reference. */
export function effectiveTag(reference: ImageReference): string | undefined {
  return reference.effectiveTag;
}

/** Whether the image can never change under its name. */
export function isPinned({ digest }: ImageReference): boolean {
  return digest !== undefined;
}

function familiarRepository(reference: ImageReference): string {
  const { domain, path, repository } = reference;
  if (domain !== DOCKER_HUB) return repository;
  const official = /^library\/([^/]*)$/.exec(path);
  return official?.[1] ?? path;
}

function withSuffix(name: string, tag: string | undefined, digest: string | undefined): string {
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}
