/** A request whose body comes from Node's parser without a stream. */
import { IncomingMessage } from 'node:http';

type OnChunk = (chunk: Buffer | null) => void;

export const ignoreChunk: OnChunk = () => undefined;

/**
 * The server creates an instance for each request (option IncomingMessage of node:http). Node's parser passes the chunks of the
 * body to `push`, and null at the end. A request without `takeBody` is an ordinary stream.
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

  /** Node.js resumes an unread stream; after `takeBody`, nothing is left to read. */
  override resume(): this {
    return this.#onChunk === undefined ? super.resume() : this;
  }
}
