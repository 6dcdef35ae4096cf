/**
 * Recognizes reviews that differ from an earlier one only in what a shape leaves out, by comparing bytes. Most reviews of a cluster do:
 * controllers create the same Pods again and again. Such a review is neither parsed nor redacted, and nothing of it is written.
 */
import type { RecordedFacts } from '../../recording/facts.ts';
import { factsShape, isNamedByController } from '../../recording/shape.ts';
import type { Noted } from '../recording/batch.ts';
import type { LineContent } from '../recording/recorded-lines.ts';
import { type Gap, gapsIn } from './shape-gaps.ts';

export interface KnownShapes {
  /** Returns the `shape` of the review; undefined: it must be parsed. */
  find(noted: Noted): string | undefined;
  /** Remembers a review of a shape that occurs again. */
  learn(noted: Noted, line: LineContent): void;
}

interface Known {
  readonly body: Buffer;
  readonly gaps: readonly Gap[];
  readonly result: string;
  readonly shape: string;
}

/** In the memory of the recording thread. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_BODY_BYTES = 64 * 1024;
const MAX_GAPS = 100;
/** With the same key. */
const MAX_ALIKE = 8;

export function createKnownShapes(): KnownShapes {
  // The first is the oldest.
  const byKey = new Map<string, readonly Known[]>();
  let bytes = 0;
  const forget = (key: string, known: readonly Known[]): void => {
    for (const { body } of known) bytes -= body.length;
    byKey.delete(key);
  };
  return {
    find(noted) {
      return byKey.get(keyOf(noted))?.find((known) => isSame(known, noted))?.shape;
    },
    learn(noted, { shape, review }) {
      const { body } = noted;
      if (body.length > MAX_BODY_BYTES) return;
      const gaps = gapsIn(body, !isNamedByController(review));
      if (gaps.length > MAX_GAPS) return;
      const key = keyOf(noted);
      const alike = byKey.get(key) ?? [];
      const known = { body: Buffer.from(body), gaps, result: resultOf(noted, gaps), shape };
      forget(key, alike.slice(MAX_ALIKE - 1));
      byKey.set(key, [known, ...alike.slice(0, MAX_ALIKE - 1)]);
      bytes += body.length;
      for (const [oldest, list] of byKey) if (bytes > MAX_BYTES) forget(oldest, list);
    },
  };
}

function keyOf({ note: { endpoint, generation, namespace }, body }: Noted): string {
  return `${endpoint} ${generation} ${namespace} ${body.length}`;
}

function isSame(known: Known, noted: Noted): boolean {
  return isSameAround(known.gaps, known.body, noted.body) && resultOf(noted, known.gaps) === known.result;
}

/** Both have the same length. */
function isSameAround(gaps: readonly Gap[], one: Buffer, other: Buffer): boolean {
  let at = 0;
  for (const { from, to, content } of gaps) {
    if (one.compare(other, at, from, at, from) !== 0 || !content.test(other.toString('latin1', from, to))) return false;
    at = to;
  }
  return one.compare(other, at, other.length, at, one.length) === 0;
}

/** The facts and the response without the UID and, as in a shape, without names. Patches have them in base64. */
function resultOf({ note: { answer, facts, endpoint }, body }: Noted, gaps: readonly Gap[]): string {
  // The server wrote both. In the response, `allowed` follows `uid`.
  const response = answer.slice(answer.indexOf('"allowed"'));
  const names = endpoint === 'mutate' ? [] : gaps.filter(({ isName }) => isName);
  const texts = names.map(({ from, to }) => body.toString('latin1', from, to)).filter((name) => name.length > 2);
  const shown = texts.reduce((text, name) => text.replaceAll(name, ''), response);
  return `${JSON.stringify(factsShape(facts as RecordedFacts))} ${shown}`;
}
