/** Parses the bytes of a body to JSON. */
import { type Cost, costOf } from './json-bytes.ts';
import { type Cut, managedFieldsIn, parsedWithout } from './fast/managed-fields.ts';

export type ParsedBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string }
  /** The body exceeds a limit and is not parsed. */
  | { readonly ok: false; readonly excess: string };

/** A body of this size takes less than 2 MiB of memory whatever it contains, so its cost is not estimated. */
export const HARMLESS_BYTES = 64 * 1024;
/**
 * Memory as estimated by `costOf`. Ordinary manifests take 4 to 5 bytes for each byte of text, and etcd stores objects of up to
 * 1.5 MiB: an update with two objects of that size takes 14 MiB, without managedFields.
 */
const MEMORY_LIMIT_BYTES = 24 * 1024 * 1024;
/** Go's JSON parser, and therefore the API server, stops at 10,000; CustomResourceDefinitions come to about 50. */
export const DEPTH_LIMIT = 1000;

/** Parses UTF-8 (RFC 8259). The last of several equal keys is used, as by the API server. */
export function parseBody(bytes: Buffer): ParsedBody {
  const cuts = managedFieldsIn(bytes);
  const excess = excessOf(bytes, cuts);
  if (excess !== undefined) return { ok: false, excess };
  const trimmed = parsedWithout(bytes, cuts);
  return trimmed === undefined ? parseWhole(bytes, cuts) : { ok: true, value: trimmed };
}

function parseWhole(bytes: Buffer, cuts: readonly Cut[]): ParsedBody {
  const excess = cuts.length === 0 ? undefined : excessOf(bytes, []);
  if (excess !== undefined) return { ok: false, excess };
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, problem: `the body is not valid JSON${placeIn(error)}` };
    throw error;
  }
}

/** Returns only the position from V8's message, which quotes the body; a body can contain secrets. */
function placeIn(error: SyntaxError): string {
  const position = /at position (\d+)/.exec(error.message)?.[1];
  return position === undefined ? '' : `, at character ${position}`;
}

/** Returns the limit that the body exceeds, or undefined. */
function excessOf(bytes: Buffer, cuts: readonly Cut[]): string | undefined {
  if (bytes.length <= HARMLESS_BYTES) return undefined;
  const cost = parsingCost(bytes, cuts);
  if (cost.bytes > MEMORY_LIMIT_BYTES) return TOO_MANY_VALUES;
  return cost.depth > DEPTH_LIMIT ? TOO_DEEP : undefined;
}

function parsingCost(bytes: Buffer, cuts: readonly Cut[]): Cost {
  const starts = [0, ...cuts.map(({ to }) => to)];
  const parts = starts.map((start, index) => costOf(bytes, start, cuts[index]?.from));
  // The text on both sides of a cut has the same depth.
  return parts.reduce((sum, { bytes: more, depth }) => ({
    bytes: sum.bytes + more,
    depth: Math.max(sum.depth, depth),
  }));
}

const TOO_MANY_VALUES = `the AdmissionReview has so many values that parsing it takes more than ${MEMORY_LIMIT_BYTES >> 20} MiB of memory`;
export const TOO_DEEP = `values are nested more than ${DEPTH_LIMIT} levels deep`;

/** Returns the bytes of memory of a review that waits for a registry: promises, timers, and the parsed body. */
export function waitingBytes(body: Buffer): number {
  return WAITING_BYTES + costOf(body).bytes;
}

const WAITING_BYTES = 16 * 1024;
