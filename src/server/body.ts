/** From a request to its bytes to JSON: the one place to replace when reading must become cheaper. */
import { IncomingMessage } from 'node:http';
import { withoutManagedFields } from './managed-fields.ts';

export type ParsedBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

/** UTF-8, as RFC 8259 wants it. Duplicate keys: the last one counts, as for the API server. */
export function parseBody(bytes: Buffer): ParsedBody {
  const trimmed = withoutManagedFields(bytes);
  if (trimmed !== undefined) return { ok: true, value: trimmed };
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, problem: `the body is not JSON${placeIn(error)}` };
    throw error;
  }
}

/** The engine's own message quotes the body, and a body can hold secrets. */
function placeIn(error: SyntaxError): string {
  const position = /at position (\d+)/.exec(error.message)?.[1];
  return position === undefined ? '' : `, from character ${position} on`;
}

/** An API request is limited to 3 MiB and an update carries two objects; controller-runtime takes 7 MiB. */
export const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

export type Received = { readonly body: Buffer } | { readonly code: 413 | 415; readonly problem: string };

type OnChunk = (chunk: Buffer | null) => void;

const nobody: OnChunk = () => undefined;

/**
 * What a server makes of each request (the option IncomingMessage of node:http). Node's parser hands the body to `push`, piece by
 * piece and then null; who takes it there needs no stream, which costs a twelfth of all that a small review does. A request
 * whose body nobody takes is a stream like any other.
 */
export class GateRequest extends IncomingMessage {
  #onChunk: OnChunk | undefined;

  takeBody(onChunk: OnChunk): void {
    this.#onChunk = onChunk;
  }

  override push(chunk: Buffer | null): boolean {
    const onChunk = this.#onChunk;
    if (onChunk === undefined) return super.push(chunk);
    // An idle connection keeps its last request, which must not keep its body.
    if (chunk === null) this.#onChunk = nobody;
    onChunk(chunk);
    return true;
  }

  /** Node makes what nobody has read flow away; here there is nothing left. */
  override resume(): this {
    return this.#onChunk === undefined ? super.resume() : this;
  }
}

/**
 * Calls back once, never when the client goes away before. What is too large is not kept, but read to its end, so that the
 * client gets to hear of it.
 */
export function receiveBody(request: GateRequest, done: (received: Received) => void): void {
  if (!isJson(request.headers['content-type'])) return drop(request, UNSUPPORTED, done);
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES) return drop(request, TOO_LARGE, done);
  const chunks: Buffer[] = [];
  let size = 0;
  request.takeBody((chunk) => {
    if (size > BODY_LIMIT_BYTES) return;
    if (chunk === null) return done({ body: whole(chunks) });
    size += chunk.length;
    if (size <= BODY_LIMIT_BYTES) chunks.push(chunk);
    else {
      chunks.length = 0;
      done(TOO_LARGE);
    }
  });
}

function whole(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

const UNSUPPORTED = { code: 415, problem: 'expected content-type: application/json' } as const;
const TOO_LARGE = { code: 413, problem: `the body is larger than ${BODY_LIMIT_BYTES} bytes` } as const;

function isJson(contentType: string | undefined): boolean {
  return contentType === 'application/json' || /^\s*application\/json\s*(;|$)/i.test(contentType ?? '');
}

function drop(request: GateRequest, refused: Received, done: (received: Received) => void): void {
  request.resume();
  done(refused);
}
