/** Packed Helm charts (`helm package`): the descriptions and values in them. Archives are untrusted: only a part is unpacked, and only texts are kept. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { reasonOf } from './load-text.ts';

/** The texts by their paths in the chart, such as `values.yaml` and `charts/db/Chart.yaml`. */
export type PackedChart = ReadonlyMap<string, string>;

const MEBIBYTE = 1024 * 1024;
/** Helm rejects larger charts (helm.sh/helm/v4/pkg/chart/loader/archive). */
const MAX_UNPACKED = 100 * MEBIBYTE;
const MAX_TEXT = MEBIBYTE;
const MAX_TEXTS = 200;

/** Returns a sentence fragment if the file cannot be read, or is not a chart. */
export async function readPackedChart(file: string): Promise<PackedChart | string> {
  const texts = createTexts();
  const packed = createReadStream(file);
  const unpacked = createGunzip();
  packed.on('error', (error) => unpacked.destroy(error));
  try {
    for await (const chunk of packed.pipe(unpacked)) if (!texts.add(chunk as Buffer)) break;
  } catch (error) {
    // What was unpacked before a fault is still a chart, and Helm reports the fault.
    if (texts.found.size === 0) return isCompressionFault(error) ? NOT_PACKED : reasonOf(error);
  } finally {
    packed.destroy();
  }
  return texts.found.has(DESCRIPTION) ? texts.found : 'not a Helm chart: the archive contains no Chart.yaml';
}

const DESCRIPTION = 'Chart.yaml';
const NOT_PACKED = 'not a Helm chart: the file is not a gzip archive';

function isCompressionFault(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

/** Helm uses the path below the first directory. */
const WANTED = /^[^/]+\/((?:charts\/[^/]+\/)*(?:Chart|values)\.yaml)$/;

/** The sizes of headers and of the units of content in a tar archive. */
const BLOCK = 512;

interface Texts {
  readonly found: Map<string, string>;
  /** Returns false if the rest is not needed. */
  add(chunk: Buffer): boolean;
}

function createTexts(): Texts {
  const found = new Map<string, string>();
  let rest: Buffer = Buffer.alloc(0);
  let toSkip = 0;
  let unpacked = 0;
  /** Returns false if more bytes are needed, or none of them can be read. */
  const readEntry = (): boolean => {
    const skipped = Math.min(toSkip, rest.length);
    rest = rest.subarray(skipped);
    toSkip -= skipped;
    if (rest.length < BLOCK) return false;
    const { name, size } = headerIn(rest);
    const content = Math.ceil(size / BLOCK) * BLOCK;
    const wanted = size > MAX_TEXT ? undefined : WANTED.exec(name)?.[1];
    if (wanted === undefined) {
      toSkip = content;
    } else {
      if (rest.length < BLOCK + content) return false;
      found.set(wanted, rest.toString('utf8', BLOCK, BLOCK + size));
      toSkip = content;
    }
    rest = rest.subarray(BLOCK);
    return true;
  };
  return {
    found,
    add(chunk) {
      unpacked += chunk.length;
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (readEntry());
      return unpacked < MAX_UNPACKED && found.size < MAX_TEXTS && (rest.length < BLOCK || headerIn(rest).isValid);
    },
  };
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly isValid: boolean;
}

/** The fields of POSIX ustar: name, size in octal digits, and the prefix of a long name. */
function headerIn(block: Buffer): Header {
  const prefix = textAt(block, 345, 155);
  const size = Number.parseInt(textAt(block, 124, 12).trim() || '0', 8);
  const isValid = Number.isSafeInteger(size) && size >= 0;
  const name = textAt(block, 0, 100);
  return { name: prefix === '' ? name : `${prefix}/${name}`, size: isValid ? size : 0, isValid };
}

function textAt(block: Buffer, start: number, length: number): string {
  return block.toString('utf8', start, start + length).split('\0')[0] ?? '';
}
