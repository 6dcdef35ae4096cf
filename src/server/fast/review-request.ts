/** A request whose body is taken from Node's parser without a stream. */
import { IncomingMessage } from 'node:http';

type OnChunk = (chunk: Buffer | null) => void;

export const ignoreChunk: OnChunk = () => undefined;

/**
 * The server creates one for each request (option IncomingMessage of node:http). Node's parser passes the body to `push`, piece
 * by piece and then null. A request whose body is not taken is a stream like any other.
 */
export class ReviewRequest extends IncomingMessage {
  #onChunk: OnChunk | undefined;

  takeBody(onChunk: OnChunk): void {
    this.#onChunk = onChunk;
  }

  override push(chunk: Buffer | null): boolean {
    const onChunk = this.#onChunk;
    if (onChunk === undefined) return super.push(chunk);
    // An idle connection keeps its last request, which must not keep its body.
    if (chunk === null) this.#onChunk = ignoreChunk;
    onChunk(chunk);
    return true;
  }

  /** Node resumes a stream that was not read; a body that was taken has nothing left. */
  override resume(): this {
    return this.#onChunk === undefined ? super.resume() : this;
  }
}
