/**
 * The grammar of image references, as github.com/distribution/reference v0.6 (ParseNormalizedNamed) applies it in the API
 * server's defaulting, the kubelet, containerd and CRI-O:
 *
 *     reference = [ host "/" ] path [ ":" tag ] [ "@" digest ]
 *     host      = ( label { "." label } | "[" hex digits and ":" "]" ) [ ":" digits ]
 *     label     = letters of either case, digits and inner "-"
 *     path      = component { "/" component }          at most 255 characters, "library/" included, the host not
 *     component = word { separator word }              word: a-z 0-9    separator: "." | "_" | "__" | "-" { "-" }
 *     tag       = ( letter | digit | "_" ) and up to 127 of letter | digit | "_" | "." | "-"
 *     digest    = see digest.ts
 *
 * What stands before the first "/" is a host only when it contains "." or ":" or an upper-case letter, or is "localhost";
 * without a host the image is one of docker.io, where a path of one component belongs to "library/". What looks like a host
 * but is none (exa_mple.com/x) is read as a path, with an empty domain: Go's pattern allows it, so it is accepted here too.
 *
 * Image strings come from anyone who may create a Pod, so all work is linear: the three separators are found with indexOf,
 * each part has its length checked before its pattern runs, and a host, which has no limit, is only tested for characters.
 */
import { isDigest } from './digest.ts';

/** The parts of a string as they stand there; nothing is checked yet. */
export interface WrittenParts {
  readonly host: string | undefined;
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

export interface ReferenceParts {
  /** Empty for a path that looks like it begins with a host, but does not. */
  readonly domain: string;
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

export const DOCKER_HUB = 'docker.io';
export const MAX_PATH = 255;
export const MAX_TAG = 128;

const LEGACY_DOCKER_HUB = 'index.docker.io';
const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const IMAGE_ID = /^[a-f0-9]{64}$/;

/** The checked and normalised parts, or undefined when `text` does not follow the grammar. */
export function readParts(text: string): ReferenceParts | undefined {
  if (isImageId(text)) return undefined;
  const { host, name, tag, digest } = splitReference(text);
  if (tag !== undefined && !isTag(tag)) return undefined;
  if (digest !== undefined && !isDigest(digest)) return undefined;
  const { domain, path } = completeName(host, name);
  if (isHost(domain)) return isPath(path) ? { domain, path, tag, digest } : undefined;
  const whole = `${domain}/${path}`;
  return isPath(whole) ? { domain: '', path: whole, tag, digest } : undefined;
}

/** Neither a path nor a tag may contain ":" or "@", so the first of each is where the next part begins. */
export function splitReference(text: string): WrittenParts {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const host = looksLikeHost(first) ? first : undefined;
  const rest = host === undefined ? text : text.slice(slash + 1);
  const at = rest.indexOf('@');
  const named = at === -1 ? rest : rest.slice(0, at);
  const colon = named.indexOf(':');
  return {
    host,
    name: colon === -1 ? named : named.slice(0, colon),
    tag: colon === -1 ? undefined : named.slice(colon + 1),
    digest: at === -1 ? undefined : rest.slice(at + 1),
  };
}

/** Docker Hub's older name is its present one, and its images of one component belong to "library/". */
export function completeName(
  host: string | undefined,
  name: string,
): { readonly domain: string; readonly path: string } {
  const domain = host === undefined || host === LEGACY_DOCKER_HUB ? DOCKER_HUB : host;
  return { domain, path: domain === DOCKER_HUB && !name.includes('/') ? `library/${name}` : name };
}

/** Whether the part before the first "/" is meant to be a host. It need not be a valid one. */
export function looksLikeHost(first: string): boolean {
  return first === 'localhost' || /[.:A-Z]/.test(first);
}

export function isHost(text: string): boolean {
  const { host, port } = splitPort(text);
  if (port !== undefined && !isPort(port)) return false;
  if (host.startsWith('[')) return host.length > 2 && host.endsWith(']') && !/[^a-fA-F0-9:]/.test(host.slice(1, -1));
  return host !== '' && !/[^A-Za-z0-9.-]/.test(host) && !/^[.-]|[.-]$|[.-]\.|\.-/.test(host);
}

/** A port may be any number of digits; there is no range check. */
export function isPort(text: string): boolean {
  return text !== '' && !/[^0-9]/.test(text);
}

/** The colon of a port is the first one outside of the brackets of an IPv6 address. */
export function splitPort(text: string): { readonly host: string; readonly port: string | undefined } {
  const colon = text.indexOf(':', text.lastIndexOf(']') + 1);
  return colon === -1 ? { host: text, port: undefined } : { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

export function isPath(text: string): boolean {
  return text.length <= MAX_PATH && PATH.test(text);
}

export function isComponent(text: string): boolean {
  return text.length <= MAX_PATH && COMPONENT.test(text);
}

export function isTag(text: string): boolean {
  return text.length <= MAX_TAG && TAG.test(text);
}

/** 64 hex digits alone are how Docker shows the id of a local image; a name may not look like it. */
export function isImageId(text: string): boolean {
  return text.length === 64 && IMAGE_ID.test(text);
}
