/** Receives the bytes of a body, within a memory budget for all incoming bodies. */
import { ignoreChunk, type ReviewRequest } from './fast/review-request.ts';
import type { Lease } from './pool.ts';
import { HEAD_BYTES } from './review-head.ts';

/**
 * An API request is limited to 3 MiB, and an update contains two objects; controller-runtime accepts 7 MiB. Authors can exceed
 * that, because Go writes `<`, `>`, and `&` as six bytes each.
 */
export const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

/** More than an API server sends for any object: two objects of 3 MiB, fully escaped, with defaults. */
const ANNOUNCED_LIMIT_BYTES = 64 * 1024 * 1024;

/** The problem of a body larger than the limit. */
export const TOO_LARGE = `the AdmissionReview is larger than ${BODY_LIMIT_BYTES} bytes`;

export type ReceivedBody =
  /** `release` is called when the body is no longer needed. */
  | { readonly body: Buffer; readonly release: Lease }
  /** The beginning of a body larger than the limit. */
  | { readonly head: Buffer };

export type ReceiveResult = ReceivedBody | { readonly code: 415 | 503; readonly problem: string };

/** Reserves bytes; returns undefined if they are not available. */
export type MakeRoom = (bytes: number) => Lease | undefined;

/** Calls `done` once, or never if the client disconnects before the end. */
export function receiveBody(request: ReviewRequest, makeRoom: MakeRoom, done: (received: ReceiveResult) => void): void {
  if (!isJson(request.headers['content-type'])) return drop(request, UNSUPPORTED, done);
  const length = request.headers['content-length'];
  // Node's parser has checked the length: it is not negative, and no further bytes follow.
  const announced = length === undefined ? undefined : Number(length);
  if (announced !== undefined && announced > ANNOUNCED_LIMIT_BYTES) return drop(request, { head: NOTHING }, done);
  const release = makeRoom(announced === undefined || announced > BODY_LIMIT_BYTES ? HEAD_BYTES : announced);
  if (release === undefined) return drop(request, BUSY, done);
  const takeIn = announced === undefined ? intoGrowing(makeRoom, release) : intoOne(announced, release);
  request.takeBody((chunk) => {
    const received = takeIn(chunk);
    if (received === undefined) return;
    // The rest is read and discarded; otherwise, the client would not read the response.
    request.takeBody(ignoreChunk);
    done(received);
  });
}

/** Receives chunks, then null at the end. A returned result ends it. */
type TakeIn = (chunk: Buffer | null) => ReceiveResult | undefined;

/** Copies chunks into one buffer, because each stored chunk costs some hundred bytes and can contain a single byte. */
function intoOne(announced: number, release: Lease): TakeIn {
  const isTooLarge = announced > BODY_LIMIT_BYTES;
  const length = isTooLarge ? HEAD_BYTES : announced;
  let whole: Buffer | undefined;
  let size = 0;
  return (chunk) => {
    if (chunk === null) {
      const body = whole ?? NOTHING;
      if (!isTooLarge) return { body, release };
      release();
      return { head: body };
    }
    if (size === 0 && chunk.length === length) whole = chunk;
    else chunk.copy((whole ??= Buffer.allocUnsafeSlow(length)), size);
    size += chunk.length;
    return undefined;
  };
}

const NOTHING = Buffer.alloc(0);

/** Receives a body of unknown length. */
function intoGrowing(makeRoom: MakeRoom, first: Lease): TakeIn {
  const leases = [first];
  const release = (): void => leases.forEach((give) => give());
  let whole = Buffer.allocUnsafeSlow(HEAD_BYTES);
  let size = 0;
  const grow = (): boolean => {
    const lease = makeRoom(whole.length);
    if (lease === undefined) return false;
    leases.push(lease);
    const larger = Buffer.allocUnsafeSlow(whole.length * 2);
    whole.copy(larger, 0, 0, size);
    whole = larger;
    return true;
  };
  return (chunk) => {
    if (chunk === null) return { body: whole.subarray(0, size), release };
    // Responds before the end, which may never come; no API server uses chunked encoding.
    if (size + chunk.length > BODY_LIMIT_BYTES) return ended({ head: Buffer.from(whole.subarray(0, HEAD_BYTES)) });
    while (whole.length < size + chunk.length) if (!grow()) return ended(BUSY);
    chunk.copy(whole, size);
    size += chunk.length;
    return undefined;
  };

  function ended(received: ReceiveResult): ReceiveResult {
    release();
    return received;
  }
}

const UNSUPPORTED = { code: 415, problem: 'expected content-type: application/json' } as const;
const BUSY = { code: 503, problem: 'tidewaiter is busy with other reviews; retry after 1 s' } as const;

function isJson(contentType: string | undefined): boolean {
  return contentType === 'application/json' || /^\s*application\/json\s*(;|$)/i.test(contentType ?? '');
}

function drop(request: ReviewRequest, rejected: ReceiveResult, done: (received: ReceiveResult) => void): void {
  request.takeBody(ignoreChunk);
  done(rejected);
}
