/**
 * The grammar of image references, as github.com/distribution/reference v0.6 (ParseNormalizedNamed) applies it in the API
 * server's defaulting, the kubelet, containerd, and CRI-O:
 *
 *     reference = [ host "/" ] path [ ":" tag ] [ "@" digest ]
 *     host      = ( label { "." label } | "[" hex digits and ":" "]" ) [ ":" digits ]
 *     label     = letters of either case, digits and inner "-"
 *     path      = component { "/" component }          at most 255 characters, "library/" included, the host not
 *     component = word { separator word }              word: a-z 0-9    separator: "." | "_" | "__" | "-" { "-" }
 *     tag       = ( letter | digit | "_" ) and up to 127 of letter | digit | "_" | "." | "-"
 *     digest    = see digest.ts
 *
 * The part before the first "/" is a host only if it contains ".", ":", or an uppercase letter, or is "localhost". Without a
 * host, the image is on docker.io, where a path of one component belongs to "library/". As in Go, an invalid host
 * (exa_mple.com/x) is parsed as a path with an empty domain.
 *
 * Anyone who can create a Pod chooses image strings, so all work is linear: indexOf finds the three separators, the length of
 * each part is checked before its pattern runs, and hosts, which have no limit, are only tested for characters.
 */
import { isDigest } from './digest.ts';

/** The parts of a string as written, unchecked. */
export interface WrittenParts {
  readonly host: string | undefined;
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

export interface ReferenceParts {
  /** Empty if the path begins with a part that looks like a host but is invalid. */
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

/** Returns the checked and normalized parts; `undefined` if `text` does not follow the grammar. */
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

/** Splits at the first ":" and "@" after the host, because paths and tags contain neither. */
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

/** Replaces the former name of Docker Hub, and adds "library/" to its images of one component. */
export function completeName(
  host: string | undefined,
  name: string,
): { readonly domain: string; readonly path: string } {
  const domain = host === undefined || host === LEGACY_DOCKER_HUB ? DOCKER_HUB : host;
  return { domain, path: domain === DOCKER_HUB && !name.includes('/') ? `library/${name}` : name };
}

/** Reports whether the part before the first "/" is meant as a host, valid or not. */
export function looksLikeHost(first: string): boolean {
  return first === 'localhost' || /[.:A-Z]/.test(first);
}

export function isHost(text: string): boolean {
  const { host, port } = splitPort(text);
  if (port !== undefined && !isPort(port)) return false;
  if (host.startsWith('[')) return host.length > 2 && host.endsWith(']') && !/[^a-fA-F0-9:]/.test(host.slice(1, -1));
  return host !== '' && !/[^A-Za-z0-9.-]/.test(host) && !/^[.-]|[.-]$|[.-]\.|\.-/.test(host);
}

/** Any number of digits, without a range check. */
export function isPort(text: string): boolean {
  return text !== '' && !/[^0-9]/.test(text);
}

/** Splits at the first colon outside of the brackets of an IPv6 address. */
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

/** 64 hex digits are an ID of a local image in Docker, so they are not a valid name. */
export function isImageId(text: string): boolean {
  return text.length === 64 && IMAGE_ID.test(text);
}
