/** A stream of bytes from which any number can be taken, and given back. */

export type Chunks = AsyncIterable<Uint8Array | string>;

export interface ByteQueue {
  /** Returns the next bytes without taking them; fewer only at the end. */
  peek(length: number): Promise<Buffer>;
  /** Returns at least one byte, and none at the end. */
  take(atMost: number): Promise<Buffer>;
  giveBack(bytes: Buffer): void;
  close(): Promise<void>;
}

export function byteQueue(source: Chunks): ByteQueue {
  const chunks = source[Symbol.asyncIterator]();
  let ready: Buffer = Buffer.alloc(0);
  const fill = async (length: number): Promise<void> => {
    while (ready.length < length) {
      const { done, value } = await chunks.next();
      if (done === true) return;
      const bytes =
        typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      ready = ready.length === 0 ? bytes : Buffer.concat([ready, bytes]);
    }
  };
  return {
    async peek(length) {
      await fill(length);
      return ready.subarray(0, length);
    },
    async take(atMost) {
      await fill(1);
      const taken = ready.subarray(0, atMost);
      ready = ready.subarray(taken.length);
      return taken;
    },
    giveBack(bytes) {
      ready = Buffer.concat([bytes, ready]);
    },
    async close() {
      await chunks.return?.();
    },
  };
}
