/**
 * Image references, `[registry/]name[:tag][@digest]`, parsed as by the kubelet and container runtimes. grammar.ts has the
 * grammar. The normalized forms are those of github.com/distribution/reference, named at each field and function.
 */
import { DOCKER_HUB, type ReferenceParts, readParts } from './grammar.ts';
import { problemOf } from './problem.ts';

/** A private member is lost in a spread, so the type rejects `{ ...reference, tag }`, where `fullName` would be stale. */
declare class Parsed {
  private readonly isParsed: true;
}

/** Created by parseReference and withDigest only. */
export interface ImageReference extends Parsed {
  /** The reference as written. */
  readonly text: string;
  /** `docker.io`, `registry.example.com:5000`; case as written. Empty in one odd case: see grammar.ts. */
  readonly domain: string;
  /** `library/nginx`. */
  readonly path: string;
  /** The tag as written; `undefined` if absent. */
  readonly tag: string | undefined;
  /** `sha256:…`, `sha384:…`, or `sha512:…`. */
  readonly digest: string | undefined;
  /** Registry and path without tag and digest, by which the kubelet looks up credentials. */
  readonly repository: string;
  /** The tag; `latest` without a tag and a digest; `undefined` with only a digest. */
  readonly effectiveTag: string | undefined;
  /** The repository with tag and digest as written: Go's `named.String()`. */
  readonly fullName: string;
  /**
   * The reference that containerd and CRI-O pull (Go's `ParseDockerRef`): with the default tag, and without the tag if there
   * is a digest.
   */
  readonly runtimeName: string;
}

/** An invalid image string is user data, so it is a result and not an error. `problem` is a sentence fragment, safe to print. */
export type ParsedImage =
  | { readonly ok: true; readonly reference: ImageReference }
  | { readonly ok: false; readonly text: string; readonly problem: string };

/**
 * Caches parsed references, because the same few images recur. The latest reference takes its slot, so the cache cannot be
 * exhausted. A Map would hash every character of each text, which is half the cost of the loop over containers.
 */
const SLOTS = 4096;
const known = Array.from<unknown, ParsedSlot | undefined>({ length: SLOTS }, () => undefined);
const MAX_KNOWN_LENGTH = 300;

/** Never throws. Takes linear time. Does not trim `text`. */
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

/** Hashes only the end of the text, where images differ. */
function slotOf(text: string): number {
  let hash = text.length;
  for (let at = Math.max(0, text.length - 12); at < text.length; at++)
    hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return (hash ^ (hash >>> 12)) & (SLOTS - 1);
}

function readReference(text: string): ParsedImage {
  const parts = readParts(text);
  if (parts === undefined) return { ok: false, text, problem: problemOf(text) };
  return { ok: true, reference: referenceOf(text, parts) };
}

/** Returns the reference with this digest. A default tag is written out, so that rules about tags see it. */
export function withDigest(reference: ImageReference, digest: string): ImageReference {
  const { domain, path, effectiveTag: tag } = reference;
  const text = `${reference.text}${reference.tag === tag ? '' : `:${tag}`}@${digest}`;
  return referenceOf(text, { domain, path, tag, digest });
}

/** Returns the reference as its author wrote it before a digest was added. */
export function withoutDigest(reference: ImageReference): ImageReference {
  const { text, domain, path, tag, digest } = reference;
  if (digest === undefined) return reference;
  return referenceOf(text.slice(0, -`@${digest}`.length), { domain, path, tag, digest: undefined });
}

function referenceOf(text: string, { domain, path, tag, digest }: ReferenceParts): ImageReference {
  const repository = domain === '' ? path : `${domain}/${path}`;
  const effective = tag ?? (digest === undefined ? 'latest' : undefined);
  return {
    text,
    domain,
    path,
    tag,
    digest,
    repository,
    effectiveTag: effective,
    fullName: withSuffix(repository, tag, digest),
    runtimeName: withSuffix(repository, digest === undefined ? effective : undefined, digest),
  } satisfies Pick<ImageReference, keyof ImageReference> as ImageReference;
}

/**
 * Returns the shortest name (Go's `FamiliarString`). As in Go, `docker.io/foo.bar/x` becomes `foo.bar/x`, which parses
 * differently.
 */
export function familiarName(reference: ImageReference): string {
  return withSuffix(familiarRepository(reference), reference.tag, reference.digest);
}

/** Exported for plugins; other code uses the field. */
export function repositoryOf({ repository }: ImageReference): string {
  return repository;
}

/** Exported for plugins; other code uses the field. */
export function effectiveTag(reference: ImageReference): string | undefined {
  return reference.effectiveTag;
}

/** Reports whether the reference has a digest, so that its content cannot change. */
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
