/** Writes a recording of a command: redacted lines, one for each shape or each review, in files as those of `serve`. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { UserError } from '../../error/user-error.ts';
import { createDirectory } from '../../files/create-directory.ts';
import { reasonOf } from '../../files/load-text.ts';
import { directoryProblem } from '../new-files.ts';
import { quoteValue } from '../../image/quote.ts';
import type { RecordedRepeats } from '../../recording/format.ts';
import { isUnrecorded } from '../../recording/redact/review.ts';
import { shapeMemory } from '../../recording/repeats.ts';
import type { HashUser } from '../../recording/secret.ts';
import { type LineContent, redactedLine, type UnredactedLine } from '../../server/recording/recorded-lines.ts';
import { openSegment, type Segment } from '../../server/recording/segment.ts';
import { userHash } from '../../server/recording/writer.ts';
import { VERSION } from '../../version.ts';

export interface RecordingOutput {
  /** Of the user names in pull secrets. */
  readonly hashUser: HashUser;
  add(line: UnredactedLine): Promise<Added>;
  bytes(): number;
  close(): Promise<void>;
}

/** `unrecorded`: a Secret. `too-deep`: its values are nested too deep. */
export type Added = 'recorded' | 'repeated' | 'unrecorded' | 'too-deep';

export interface OutputSettings {
  readonly directory: string;
  /** `shape`: one line for reviews that differ only in UIDs, times, and generated names. */
  readonly each: 'shape' | 'review';
  /** Names of fields that are redacted as well. */
  readonly redact: readonly string[];
}

export interface OutputFlags {
  readonly out: string;
  readonly each: OutputSettings['each'];
  readonly redact?: readonly string[] | undefined;
}

/** Also those of the configuration, which is that of `serve`. */
export function redactedFields(
  { recording }: Pick<Config, 'recording'>,
  { redact = [] }: OutputFlags,
): readonly string[] {
  return [...(recording?.redact ?? []), ...redact];
}

const SEGMENT_BYTES = 64 * 1024 * 1024;
const BUFFER_LENGTH = 64 * 1024;
/** Text that an end of the process can lose. */
const FLUSH_LENGTH = 1024 * 1024;
const MAX_SHAPES = 20_000;

/** Throws a UserError if the directory has files: a recording twice in one directory would count twice. */
export function openRecording({ directory, each, redact }: OutputSettings): RecordingOutput {
  prepare(directory);
  const hashUser = userHash(randomBytes(32).toString('hex'));
  const options = { version: VERSION, fields: new Set(redact), hashUser };
  const shapes = shapeMemory(MAX_SHAPES);
  const lines = segmentLines(directory);
  const writeRepeats = async (list: readonly Omit<RecordedRepeats, 'dropped'>[]): Promise<void> => {
    for (const repeats of list) await lines.write(() => ({ ...repeats, dropped: 0 }));
  };
  const write = async (line: LineContent): Promise<void> => {
    const { format, type, ...rest } = line;
    const id = await lines.write((unique) => ({ format, type, id: unique, ...rest, dropped: 0 }));
    await writeRepeats(shapes.add(line.shape, id));
    if (!lines.isFull()) return;
    await writeRepeats(shapes.take(0));
    shapes.clear();
    await lines.end();
  };
  return {
    hashUser,
    bytes: () => lines.bytes(),
    async add(unredacted) {
      if (isUnrecorded(unredacted.review)) return 'unrecorded';
      const line = lineOf(() => redactedLine(unredacted, options));
      if (line === undefined) return 'too-deep';
      if (each === 'shape' && shapes.isRepeat(line.shape, line.time)) return 'repeated';
      await orUserError(directory, () => write(line));
      return 'recorded';
    },
    close: async () =>
      orUserError(directory, async () => {
        await writeRepeats(shapes.take(0));
        await lines.end();
      }),
  };
}

function lineOf(create: () => LineContent): LineContent | undefined {
  try {
    return create();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function prepare(directory: string): void {
  const given = `${quoteValue(directory)} (set by --out)`;
  let names: readonly string[];
  try {
    createDirectory(directory, 0o700);
    names = readdirSync(directory);
  } catch (error) {
    throw new UserError(`cannot write the recording to ${given}: ${directoryProblem(error)}`, { cause: error });
  }
  if (names.length > 0) throw new UserError(`cannot write the recording to ${given}: the directory is not empty`);
}

async function orUserError<T>(directory: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new UserError(`cannot write the recording to ${quoteValue(directory)}: ${reasonOf(error)}`, { cause: error });
  }
}

interface SegmentLines {
  /** Returns the id of the line. */
  write(create: (id: string) => object): Promise<string>;
  isFull(): boolean;
  /** Compressed bytes of all segments. */
  bytes(): number;
  end(): Promise<void>;
}

function segmentLines(directory: string): SegmentLines {
  let segment: Segment | undefined;
  let buffer = '';
  let unflushed = 0;
  let count = 0;
  let bytes = 0;
  const store = async (into: Segment): Promise<void> => {
    const text = buffer;
    buffer = '';
    unflushed += text.length;
    if (text !== '') await into.write(text);
    if (unflushed < FLUSH_LENGTH) return;
    unflushed = 0;
    await into.flush();
  };
  return {
    async write(create) {
      segment ??= openSegment(directory, Date.now(), (written) => void (bytes += written));
      count += 1;
      const id = `${segment.id}-${count}`;
      buffer += `${JSON.stringify(create(id))}\n`;
      if (buffer.length > BUFFER_LENGTH) await store(segment);
      return id;
    },
    isFull: () => segment !== undefined && segment.bytes() >= SEGMENT_BYTES,
    bytes: () => bytes,
    async end() {
      const ending = segment;
      segment = undefined;
      if (ending === undefined) return;
      await store(ending);
      await ending.end();
    },
  };
}
