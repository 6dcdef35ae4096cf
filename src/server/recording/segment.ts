/** One file of a recording, compressed with zstd. What was flushed can be read although the file has no end. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { constants, createZstdCompress } from 'node:zlib';

/** A server names its files by their time, and other servers in the same directory have other random parts. */
export const SEGMENT_NAME = /^\d{8}T\d{6}Z-[0-9a-f]{12}\.ndjson\.zst$/;

export interface Segment {
  readonly name: string;
  /** Unique across recordings. */
  readonly id: string;
  readonly startedAt: number;
  /** Compressed bytes in the file. */
  bytes(): number;
  /** All reject if the file cannot be written. */
  write(text: string): Promise<void>;
  /** Throws if the file no longer has its name. */
  flush(): Promise<void>;
  end(): Promise<void>;
  /** Without the lines since the last flush. */
  abandon(): void;
}

/** `now`: milliseconds since 1970. Throws if the file cannot be created. */
export function openSegment(directory: string, now: number, onBytes: (bytes: number) => void): Segment {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const id = `${time}-${randomBytes(6).toString('hex')}`;
  const name = `${id}.ndjson.zst`;
  const file = path.join(directory, name);
  const output = openOutput(file, onBytes);
  const engine = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  engine.on('data', (chunk: Buffer) => output.add(chunk));
  engine.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => engine.once('end', resolve));
  /** Bytes with whole lines. */
  let flushed = 0;
  const close = (): void => {
    output.close();
    engine.destroy();
  };
  return {
    name,
    id,
    startedAt: now,
    bytes: () => output.bytes(),
    async write(text) {
      await new Promise<void>((resolve, reject) => {
        engine.write(text, (error) => (error ? reject(error) : resolve()));
      });
      output.store();
    },
    async flush() {
      await new Promise<void>((resolve) => engine.flush(constants.ZSTD_e_flush, resolve));
      output.store();
      output.requireName();
      output.touch();
      flushed = output.bytes();
    },
    async end() {
      engine.end();
      await ended;
      output.store();
      output.sync();
      close();
    },
    abandon() {
      // Lines that count as lost must not be there.
      ifPossible(() => output.cut(flushed));
      close();
      // A full disk has room for names of files.
      if (flushed === 0) ifPossible(() => rmSync(file, { force: true }));
    },
  };
}

function ifPossible(work: () => void): void {
  try {
    work();
  } catch {
    // The disk has failed, which is told already.
  }
}

/** Compressed bytes on their way to a file. */
interface Output {
  add(chunk: Buffer): void;
  /** Writes what was added. */
  store(): void;
  bytes(): number;
  /** Throws if the file no longer has its name: the directory was removed or replaced. */
  requireName(): void;
  sync(): void;
  /** Removes all but the first bytes. */
  cut(size: number): void;
  /** Tells other servers in the directory that the file is in use. */
  touch(): void;
  close(): void;
}

function openOutput(file: string, onBytes: (bytes: number) => void): Output {
  const descriptor = openSync(file, 'wx', OWNER_ONLY);
  const { ino } = fstatSync(descriptor);
  let waiting: Buffer[] = [];
  let bytes = 0;
  let isOpen = true;
  return {
    add: (chunk) => void waiting.push(chunk),
    bytes: () => bytes,
    store() {
      const chunks = waiting;
      waiting = [];
      for (const chunk of chunks) {
        for (let at = 0; at < chunk.length;) {
          const written = writeSync(descriptor, chunk, at);
          at += written;
          bytes += written;
          onBytes(written);
        }
      }
    },
    requireName() {
      if (statSync(file).ino !== ino) throw Object.assign(new Error('the file was replaced'), { code: 'ENOENT' });
    },
    sync: () => fsyncSync(descriptor),
    cut: (size) => ftruncateSync(descriptor, size),
    touch() {
      const now = new Date();
      futimesSync(descriptor, now, now);
    },
    close() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}

const OWNER_ONLY = 0o600;
