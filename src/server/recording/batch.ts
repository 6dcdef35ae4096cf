/** Reviews on their way to the recording thread: as bytes in blocks of memory, which are moved between the threads and not copied. */

/** What the server adds to the body of a review. */
export interface Note {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly endpoint: 'validate' | 'mutate';
  /** Of the request; undefined: it has none. */
  readonly namespace?: string | undefined;
  readonly durationMs: number;
  readonly generation?: string | undefined;
  /** The body of the response. */
  readonly answer: string;
  readonly facts: object;
  /** Reviews that were dropped before this one. */
  readonly dropped: number;
}

/** Reviews of a shape that has a line. Times in milliseconds since 1970. */
export interface ShapeRepeats {
  readonly shape: string;
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

export interface Noted {
  readonly note: Note;
  readonly body: Buffer;
}

const HEAD_BYTES = 8;
export const BLOCK_BYTES = 256 * 1024;

export interface Block {
  readonly bytes: Buffer;
  used: number;
  reviews: number;
}

/** `least`: the size of the first review in it. */
export function createBlock(least: number): Block {
  return { bytes: Buffer.from(new ArrayBuffer(Math.max(BLOCK_BYTES, least))), used: 0, reviews: 0 };
}

export function sizeOf(note: string, body: Buffer): number {
  return HEAD_BYTES + Buffer.byteLength(note) + body.length;
}

export function hasRoom({ bytes, used }: Block, size: number): boolean {
  return used + size <= bytes.length;
}

/** There must be room. */
export function addTo(block: Block, note: string, body: Buffer): void {
  const { bytes, used } = block;
  const noteAt = used + HEAD_BYTES;
  const noteBytes = bytes.write(note, noteAt);
  bytes.writeUInt32LE(noteBytes, used);
  bytes.writeUInt32LE(body.length, used + 4);
  body.copy(bytes, noteAt + noteBytes);
  block.used = noteAt + noteBytes + body.length;
  block.reviews += 1;
}

export function* notedIn(bytes: Buffer): Generator<Noted, void> {
  for (let at = 0; at < bytes.length;) {
    const noteAt = at + HEAD_BYTES;
    const bodyAt = noteAt + bytes.readUInt32LE(at);
    const end = bodyAt + bytes.readUInt32LE(at + 4);
    // The server wrote it.
    const note = JSON.parse(bytes.toString('utf8', noteAt, bodyAt)) as Note;
    yield { note, body: bytes.subarray(bodyAt, end) };
    at = end;
  }
}
