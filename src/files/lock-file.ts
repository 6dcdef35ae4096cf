/** Loads and writes the lock file of `pin`: YAML, or JSON if its name ends in .json. */
import { existsSync } from 'node:fs';
import { isDigest } from '../image/digest.ts';
import { quoteValue } from '../image/quote.ts';
import { parseReference } from '../image/reference.ts';
import { type Lock, type LockEntry, lockKey, lockText } from '../pinning/lock.ts';
import { escapeSegment, isObject, type JsonObject } from '../pod/pointer.ts';
import { loadText } from './load-text.ts';
import { type ReplaceResult, replaceFile } from './replace-file.ts';
import { parseDocuments } from './yaml/yaml.ts';

export type LoadedLock =
  | { readonly ok: true; readonly lock: Lock; readonly text: string | undefined }
  /** Complete lines with their locations. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** A missing lock file is empty. */
export function loadLock(file: string): LoadedLock {
  if (file !== '' && !existsSync(file)) return { ok: true, lock: new Map(), text: undefined };
  const read = loadText(file);
  return 'text' in read
    ? readLock(file, read.text)
    : { ok: false, problems: [`${file}: ${read.problem} (set by --lock)`] };
}

const EXPECTED = 'expected a lock file with version: 1 and images, each with a digest, a mediaType, and a time';

function readLock(file: string, text: string): LoadedLock {
  const [document, ...more] = parseDocuments(text);
  if (document?.ok === false)
    return { ok: false, problems: [`${file}:${document.line}:${document.column}: ${document.problem}`] };
  const images = document === undefined ? undefined : imagesIn(document.value);
  if (document === undefined || more.length > 0 || images === undefined)
    return { ok: false, problems: [`${file}: ${EXPECTED}`] };
  const read = Object.entries(images).map(([key, entry]) => [key, entryOf(key, entry)] as const);
  const problems = read.flatMap(([key, problem]) => {
    const { line, column } = document.keyPositionOf(`/images/${escapeSegment(key)}`);
    return typeof problem === 'string' ? [`${file}:${line}:${column}: ${problem}`] : [];
  });
  const lock = new Map(read.flatMap(([key, entry]) => (typeof entry === 'string' ? [] : [[key, entry] as const])));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, lock, text };
}

function imagesIn(value: unknown): JsonObject | undefined {
  if (!isObject(value) || value['version'] !== 1) return undefined;
  return isObject(value['images']) ? value['images'] : undefined;
}

function isKey(key: string): boolean {
  const parsed = parseReference(key);
  return (
    parsed.ok &&
    parsed.reference.tag !== undefined &&
    parsed.reference.digest === undefined &&
    lockKey(parsed.reference) === key
  );
}

function entryOf(key: string, entry: unknown): LockEntry | string {
  if (!isKey(key))
    return `${quoteValue(key)} is not a fully qualified image with a tag, such as docker.io/library/nginx:1.27`;
  if (!isObject(entry)) return EXPECTED;
  const { digest, mediaType, time } = entry;
  if (typeof digest !== 'string' || !isDigest(digest)) return 'invalid "digest" (expected "sha256:" and 64 hex digits)';
  return typeof mediaType === 'string' && typeof time === 'string' ? { digest, mediaType, time } : EXPECTED;
}

/** `before` is what `loadLock` read. */
export function saveLock(file: string, before: string | undefined, lock: Lock): ReplaceResult {
  const text = lockText(lock, file.toLowerCase().endsWith('.json') ? 'json' : 'yaml');
  return text === before ? { ok: true } : replaceFile(file, before, text);
}
