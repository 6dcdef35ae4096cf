/** Reads the body of a response within limits. */
import { isObject, type JsonObject } from '../pod/pointer.ts';
import type { WatchEvent } from './api.ts';
import { InvalidResponse, ResponseTooLong } from './outage.ts';
import { statusError } from './status-error.ts';

export type Body = AsyncIterable<Uint8Array>;

/** Enough for a list of 10,000 objects. */
export const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
/** etcd stores at most 1.5 MiB for an object; JSON is longer than what it stores. */
export const MAX_EVENT_BYTES = 16 * 1024 * 1024;

const LINE_FEED = 10;

/** Returns undefined if the body is not a JSON object. */
export async function objectIn(body: Body, maxBytes = MAX_RESPONSE_BYTES): Promise<JsonObject | undefined> {
  const bytes = createBytes(maxBytes, (mebibytes) => `returned more than ${mebibytes} MiB`);
  for await (const chunk of body) bytes.append(chunk);
  return parsed(bytes.take());
}

/** Leaving the loop closes the body. */
export async function* eventsIn(body: Body, maxBytes = MAX_EVENT_BYTES): AsyncGenerator<WatchEvent, void, undefined> {
  const line = createBytes(maxBytes, (mebibytes) => `sent a watch event of more than ${mebibytes} MiB`);
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      line.append(chunk.subarray(start, end));
      start = end + 1;
      const text = line.take();
      if (text.length > 0) yield eventIn(text);
    }
    line.append(chunk.subarray(start));
  }
  if (line.take().length > 0) throw new InvalidResponse('ended the watch in the middle of an event');
}

interface Bytes {
  append(chunk: Uint8Array): void;
  /** Returns all, and starts again. */
  take(): Uint8Array;
}

/** One buffer that grows, because the server chooses the number of chunks. */
function createBytes(maxBytes: number, problem: (mebibytes: number) => string): Bytes {
  let buffer = new Uint8Array(0);
  let length = 0;
  return {
    append(chunk) {
      const end = length + chunk.length;
      if (end > maxBytes) throw new ResponseTooLong(problem(maxBytes / 1024 / 1024));
      if (end > buffer.length) {
        const larger = new Uint8Array(Math.max(end, 2 * buffer.length));
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(chunk, length);
      length = end;
    },
    take() {
      const all = buffer.subarray(0, length);
      [buffer, length] = [new Uint8Array(0), 0];
      return all;
    },
  };
}

const TYPES = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'] as const;

function eventIn(line: Uint8Array): WatchEvent {
  const { type, object } = parsed(line) ?? {};
  const known = TYPES.find((each) => each === type);
  if (isObject(object) && known !== undefined) return { type: known, object };
  if (isObject(object) && type === 'ERROR') {
    const { code } = object;
    throw statusError(typeof code === 'number' ? code : 500, object);
  }
  throw new InvalidResponse('sent a watch event that cannot be read');
}

function parsed(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isObject(value) ? value : undefined;
  } catch (error) {
    // Not JSON, not UTF-8, or nested too deeply.
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}
