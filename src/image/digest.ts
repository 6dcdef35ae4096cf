/**
 * Digests: algorithm, colon, lowercase hex digits. The three algorithms are those that the kubelet and containerd support
 * (opencontainers/go-digest algorithm.go); they reject md5, sha1, and others.
 */
import { quoteValue } from './quote.ts';

const HEX_DIGITS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/;

export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** Returns the problem of `text`, the part of a reference after `@`, with a correction; `undefined` for a digest. */
export function digestProblem(text: string): string | undefined {
  if (isDigest(text)) return undefined;
  if (text === '') return 'the digest after "@" is missing; add "sha256:" and 64 hex digits, or remove "@"';
  const colon = text.indexOf(':');
  if (colon === -1) return 'the digest has no algorithm; use "sha256:" and 64 hex digits';
  const algorithm = text.slice(0, colon);
  const digits = HEX_DIGITS.get(algorithm);
  if (digits === undefined) return algorithmProblem(algorithm);
  return hexProblem(text.slice(colon + 1), `${digits} lowercase hex digits after "${algorithm}:"`, digits);
}

function algorithmProblem(algorithm: string): string {
  const lower = algorithm.toLowerCase();
  if (HEX_DIGITS.has(lower)) return `the digest algorithm must be lowercase; use "${lower}:"`;
  return `the digest algorithm ${quoteValue(algorithm, 40)} is not supported; use sha256, sha384, or sha512`;
}

function hexProblem(hex: string, needed: string, digits: number): string {
  if (hex.includes('@')) return 'a reference has only one "@", before the digest';
  if (hex.includes(':')) return 'the tag must come before the digest; use name:tag@sha256:…';
  if (/[^a-fA-F0-9]/.test(hex)) return `the digest must have ${needed} (found other characters)`;
  if (hex.length !== digits) return `the digest must have ${needed} (found ${hex.length})`;
  return `the digest must have ${needed} (found uppercase letters)`;
}
