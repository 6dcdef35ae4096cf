/** The lock of `pin` on disk: YAML, or JSON when its name ends so. */
import { readFileSync } from 'node:fs';
import { isDigest } from '../image/digest.ts';
import { quoteValue } from '../image/quote.ts';
import { parseReference } from '../image/reference.ts';
import { type Lock, type LockEntry, lockKey, lockText } from '../pinning/lock.ts';
import { escapeSegment, isObject } from '../pod/pointer.ts';
import { reasonOf } from './documents.ts';
import { type Replaced, replaceFile } from './replace-file.ts';
import { readDocuments } from './yaml.ts';

export type LoadedLock =
  | { readonly ok: true; readonly lock: Lock; readonly text: string | undefined }
  /** Each a complete line with its place. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** One that is not there yet is empty. */
export function loadLock(file: string): LoadedLock {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { ok: true, lock: new Map(), text: undefined };
    return { ok: false, problems: [`${file}: ${reasonOf(error)}`] };
  }
  return readLock(file, text);
}

const EXPECTED = 'expected a lock file: version: 1, and images with a digest, a mediaType and a time each';

function readLock(file: string, text: string): LoadedLock {
  const [document, ...more] = readDocuments(text);
  if (document?.ok === false)
    return { ok: false, problems: [`${file}:${document.line}:${document.column}: ${document.problem}`] };
  const value = document?.value;
  const images = isObject(value) && value['version'] === 1 ? value['images'] : undefined;
  if (document === undefined || more.length > 0 || !isObject(images))
    return { ok: false, problems: [`${file}: ${EXPECTED}`] };
  const lock = new Map<string, LockEntry>();
  const problems: string[] = [];
  for (const [key, entry] of Object.entries(images)) {
    const read = isKey(key)
      ? entryOf(entry)
      : `${quoteValue(key)} is not a full name with a tag, such as docker.io/library/nginx:1.27`;
    if (typeof read !== 'string') lock.set(key, read);
    else {
      const { line, column } = document.keyPositionOf(`/images/${escapeSegment(key)}`);
      problems.push(`${file}:${line}:${column}: ${read}`);
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, lock, text };
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

function entryOf(entry: unknown): LockEntry | string {
  if (!isObject(entry)) return EXPECTED;
  const { digest, mediaType, time } = entry;
  if (typeof digest !== 'string' || !isDigest(digest))
    return 'its "digest" is none: expected "sha256:" and 64 hex digits';
  return typeof mediaType === 'string' && typeof time === 'string' ? { digest, mediaType, time } : EXPECTED;
}

/** `before` is what `loadLock` read. */
export function saveLock(file: string, before: string | undefined, lock: Lock): Replaced {
  const text = lockText(lock, file.toLowerCase().endsWith('.json') ? 'json' : 'yaml');
  return text === before ? { ok: true } : replaceFile(file, before, text);
}
