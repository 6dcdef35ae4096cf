/**
 * Recognizes reviews that differ from an earlier one only in what a shape leaves out, by comparing bytes. Most reviews of a cluster do:
 * controllers create the same Pods again and again. Such a review is only counted: it is not copied, parsed, or redacted again.
 */
import type { RecordedFacts } from '../../recording/facts.ts';
import { factsShape, isNamedByController } from '../../recording/shape.ts';
import type { Note } from '../recording/batch.ts';
import type { LineContent } from '../recording/recorded-lines.ts';
import { type Gap, gapsIn } from './shape-gaps.ts';

export type KnownNote = Pick<Note, 'endpoint' | 'namespace' | 'generation' | 'answer' | 'facts'>;

/** The recording thread sends it to the server. */
export interface KnownReview {
  readonly key: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly gaps: readonly Gap[];
  readonly result: string;
  readonly shape: string;
}

const MAX_BODY_BYTES = 64 * 1024;
const MAX_GAPS = 100;

/** Returns undefined for reviews that take too much memory. `line`: of this review. */
export function knownReview(
  note: KnownNote,
  body: Buffer,
  { shape, review }: Pick<LineContent, 'shape' | 'review'>,
): KnownReview | undefined {
  if (body.length > MAX_BODY_BYTES) return undefined;
  const gaps = gapsIn(body, !isNamedByController(review));
  if (gaps.length > MAX_GAPS) return undefined;
  // The body is a part of a larger memory.
  return { key: keyOf(note, body), body: new Uint8Array(body), gaps, result: resultOf(note, body, gaps), shape };
}

export interface KnownReviews {
  /** Returns the `shape` of the review if it is known. */
  find(note: KnownNote, body: Buffer): string | undefined;
  add(known: KnownReview): void;
  clear(): void;
}

const MAX_BYTES = 8 * 1024 * 1024;
/** With the same key. */
const MAX_ALIKE = 8;

export function createKnownReviews(): KnownReviews {
  // The first is the oldest.
  const byKey = new Map<string, readonly KnownReview[]>();
  let bytes = 0;
  const forget = (key: string): void => {
    for (const { body } of byKey.get(key) ?? []) bytes -= body.length;
    byKey.delete(key);
  };
  return {
    find(note, body) {
      return byKey.get(keyOf(note, body))?.find((known) => isSame(known, note, body))?.shape;
    },
    add(known) {
      const alike = [known, ...(byKey.get(known.key) ?? []).slice(0, MAX_ALIKE - 1)];
      forget(known.key);
      byKey.set(known.key, alike);
      for (const { body } of alike) bytes += body.length;
      for (const oldest of byKey.keys()) if (bytes > MAX_BYTES) forget(oldest);
    },
    clear() {
      byKey.clear();
      bytes = 0;
    },
  };
}

function keyOf({ endpoint, generation, namespace }: KnownNote, body: Buffer): string {
  return `${endpoint} ${generation} ${namespace} ${body.length}`;
}

function isSame(known: KnownReview, note: KnownNote, body: Buffer): boolean {
  return isSameAround(known.gaps, known.body, body) && resultOf(note, body, known.gaps) === known.result;
}

/** Both have the same length. */
function isSameAround(gaps: readonly Gap[], one: Uint8Array, other: Buffer): boolean {
  let at = 0;
  for (const { from, to, content } of gaps) {
    if (other.compare(one, at, from, at, from) !== 0 || !content.test(other.toString('latin1', from, to))) return false;
    at = to;
  }
  return other.compare(one, at, one.length, at, other.length) === 0;
}

/** The facts and the response without the UID and, as in a shape, without names. Patches have them in base64. */
function resultOf({ answer, facts, endpoint }: KnownNote, body: Buffer, gaps: readonly Gap[]): string {
  // The server wrote both. In the response, `allowed` follows `uid`.
  const response = answer.slice(answer.indexOf('"allowed"'));
  const names = endpoint === 'mutate' ? [] : gaps.filter(({ isName }) => isName);
  const texts = names.map(({ from, to }) => body.toString('latin1', from, to)).filter((name) => name.length > 2);
  const shown = texts.reduce((text, name) => text.replaceAll(name, ''), response);
  return `${JSON.stringify(factsShape(facts as RecordedFacts))} ${shown}`;
}
