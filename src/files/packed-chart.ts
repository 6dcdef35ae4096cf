/** Packed Helm charts (`helm package`): the texts in them. Archives are untrusted: only a part is unpacked, and only texts are kept. */
import { createReadStream } from 'node:fs';
import { createGunzip, gunzipSync } from 'node:zlib';
import { reasonOf } from './load-text.ts';

/** The descriptions and values by their paths in the chart, such as `values.yaml` and `charts/db/Chart.yaml`. */
export type PackedChart = ReadonlyMap<string, string>;

const MEBIBYTE = 1024 * 1024;
/** Helm rejects larger charts (helm.sh/helm/v4/pkg/chart/loader/archive). */
const MAX_UNPACKED = 100 * MEBIBYTE;
const MAX_TEXT = MEBIBYTE;
const MAX_TEXTS = 200;
/** A packed chart in another one. */
const MAX_PACKED = 4 * MEBIBYTE;
/** Packed charts are nested in practice once. */
const MAX_DEPTH = 8;

/** Returns a sentence fragment if the file cannot be read, or is not a chart. */
export async function readPackedChart(file: string): Promise<PackedChart | string> {
  const found = new Map<string, string>();
  const problem = await readTexts(file, {
    isWanted: (name) => DESCRIPTION_OR_VALUES.test(name),
    take(name, text) {
      found.set(name, text);
      return found.size < MAX_TEXTS;
    },
  });
  // What was unpacked before a fault is still a chart, and Helm reports the fault.
  if (problem !== undefined && found.size === 0) return problem;
  return found.has('Chart.yaml') ? found : 'not a Helm chart: the archive contains no Chart.yaml';
}

const DESCRIPTION_OR_VALUES = /^(?:charts\/[^/]+\/)*(?:Chart|values)\.yaml$/;

export interface WantedTexts {
  /** `name`: the path in the chart; packed charts in `charts/` are directories there, as for Helm. */
  readonly isWanted: (name: string) => boolean;
  /** Returns false if the rest is not needed. */
  readonly take: (name: string, text: string) => boolean;
}

/** Returns why the rest of the archive cannot be read; a sentence fragment. */
export async function readTexts(file: string, wanted: WantedTexts): Promise<string | undefined> {
  const entries = createEntries(wanted, { left: MAX_UNPACKED }, undefined);
  const packed = createReadStream(file);
  const unpacked = createGunzip();
  packed.on('error', (error) => unpacked.destroy(error));
  try {
    for await (const chunk of packed.pipe(unpacked)) if (!entries.add(chunk as Buffer)) break;
    return undefined;
  } catch (error) {
    return isCompressionFault(error) ? NOT_PACKED : reasonOf(error);
  } finally {
    packed.destroy();
  }
}

const NOT_PACKED = 'not a Helm chart: the file is not a gzip archive';

function isCompressionFault(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

/** A packed chart that another one contains. */
interface Outer {
  /** The path of the directory `charts/` that contains it. */
  readonly directory: string;
  readonly depth: number;
}

const PACKED_PART = /^((?:charts\/[^/]+\/)*charts\/)[^/]+\.(?:tgz|tar\.gz)$/;

/** The sizes of headers and of the units of content in a tar archive. */
const BLOCK = 512;

interface Entries {
  /** Returns false if the rest is not needed. */
  add(chunk: Buffer): boolean;
}

/** `budget`: bytes that can be unpacked, for an archive and those in it. */
function createEntries(wanted: WantedTexts, budget: { left: number }, outer: Outer | undefined): Entries {
  let rest: Buffer = Buffer.alloc(0);
  let toSkip = 0;
  let isDone = false;
  const depth = outer === undefined ? 0 : outer.depth + 1;
  const take = (name: string, bytes: Buffer): void => {
    const directory = PACKED_PART.exec(name)?.[1];
    const inner = directory === undefined ? undefined : unpackedPart(bytes, budget.left);
    if (directory === undefined) isDone = !wanted.take(name, bytes.toString('utf8'));
    else if (inner !== undefined) createEntries(wanted, budget, { directory, depth }).add(inner);
  };
  const isWanted = (name: string, size: number): boolean =>
    PACKED_PART.test(name) ? size <= MAX_PACKED && depth < MAX_DEPTH : size <= MAX_TEXT && wanted.isWanted(name);
  /** Returns false if more bytes are needed, or none of them can be read. */
  const readEntry = (): boolean => {
    const skipped = Math.min(toSkip, rest.length);
    rest = rest.subarray(skipped);
    toSkip -= skipped;
    if (isDone || rest.length < BLOCK) return false;
    const { name: full, size } = headerIn(rest);
    const content = Math.ceil(size / BLOCK) * BLOCK;
    const name = nameIn(full, outer);
    if (isWanted(name, size)) {
      if (rest.length < BLOCK + content) return false;
      take(name, rest.subarray(BLOCK, BLOCK + size));
    }
    toSkip = content;
    rest = rest.subarray(BLOCK);
    return true;
  };
  return {
    add(chunk) {
      budget.left -= chunk.length;
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (readEntry());
      return !isDone && budget.left > 0 && (rest.length < BLOCK || headerIn(rest).isValid);
    },
  };
}

/** Helm uses the path below the first directory of an archive. */
function nameIn(full: string, outer: Outer | undefined): string {
  if (outer !== undefined) return `${outer.directory}${full}`;
  return full.includes('/') ? full.slice(full.indexOf('/') + 1) : '';
}

/** undefined: it is not an archive, or too large. */
function unpackedPart(content: Buffer, maxOutputLength: number): Buffer | undefined {
  try {
    return gunzipSync(content, { maxOutputLength });
  } catch {
    // Helm reports what is wrong with it.
    return undefined;
  }
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
