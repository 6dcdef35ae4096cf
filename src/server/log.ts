/** The log: one JSON line for each review on standard output, pretty in a terminal. `createLog` creates it; it is not a singleton. */
import pino from 'pino';
import { createReviewLine, findingsOf, lineFieldsOf, type LineFields } from './fast/review-line.ts';
import type { ReviewLog } from './answer.ts';

export interface ServerLog extends ReviewLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  flush(): void;
}

/** Keys whose values are never logged, at the top level and one level below. */
export const REDACTED = [
  'authorization',
  'auth',
  'password',
  'token',
  'identitytoken',
  'registrytoken',
  'secret',
  'data',
  'stringData',
];

const FLUSH_MS = 100;
/** Bytes that are kept while the disk is full. */
const MAX_UNWRITTEN = 1 << 20;
/** Review lines that are written together, because each write to a pipe is a system call. */
const MAX_WAITING = 32;
const REPEAT_MS = 60_000;
const MAX_REMEMBERED = 500;

/** Receives one or more complete lines. */
export interface LogDestination {
  write(lines: string): void;
}

export function createLog(level: string, destination: LogDestination): ServerLog {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    },
    destination,
  );
  const isNews = createNews();
  const room = createRoom();
  const reviewLine = createReviewLine();
  let waiting: LineFields[] = [];
  const flush = (): void => {
    if (waiting.length === 0) return;
    const lines = waiting.map(reviewLine).join('');
    waiting = [];
    destination.write(lines);
  };
  setInterval(flush, FLUSH_MS).unref();
  const inOrder = (write: () => void): void => {
    flush();
    write();
  };
  const error = (fields: object, message: string): void => inOrder(() => logger.error(fields, message));
  return {
    review(record) {
      // Does not use pino, which searches every line for secrets: these keys are fixed, and none contains a secret.
      if (logger.isLevelEnabled('info') && waiting.push(lineFieldsOf(record)) === MAX_WAITING) flush();
      for (const { rule, failure } of findingsOf(record)) {
        if (failure === undefined || !isNews(`${rule} ${failure.problem}`)) continue;
        const { reason, file, problem } = failure;
        error({ uid: record.review.request.uid, rule, reason, plugin: file }, `a rule failed: ${problem}`);
      }
    },
    rejected(code, message) {
      const unwritten = room();
      if (unwritten !== undefined)
        inOrder(() => logger.warn(unwritten === 0 ? { code } : { code, unwritten }, message));
    },
    failed: (cause, uid) => error({ err: cause, uid }, 'internal error: this is a bug in tidewaiter'),
    info: (fields, message) => inOrder(() => logger.info(fields, message)),
    warn: (fields, message) => inOrder(() => logger.warn(fields, message)),
    error,
    flush,
  };
}

/** Limits rejections in the log, because any client that reaches the port can cause them. */
const MAX_A_SECOND = 10;

/** Returns how many lines were omitted before this one; undefined: this line is omitted as well. */
function createRoom(): () => number | undefined {
  let second = Number.NaN;
  let written = 0;
  let unwritten = 0;
  return () => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) [second, written] = [now, 0];
    if (written === MAX_A_SECOND) {
      unwritten += 1;
      return undefined;
    }
    written += 1;
    const before = unwritten;
    unwritten = 0;
    return before;
  };
}

/** Omits a text that was written within the last minute, because a failing rule fails for many objects; the metrics count all. */
function createNews(): (text: string) => boolean {
  const written = new Map<string, number>();
  return (text) => {
    const now = performance.now();
    if (now - (written.get(text) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS) return false;
    if (written.size >= MAX_REMEMBERED) written.clear();
    written.set(text, now);
    return true;
  };
}

/** Standard output; in a terminal, colored text instead of JSON. */
export async function standardOutput(isTerminal: boolean): Promise<LogDestination> {
  if (isTerminal) {
    const { default: pretty } = await import('pino-pretty');
    return pretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  }
  // No buffer: if the reader has exited, flushSync of a buffer retries forever, and all reviews wait.
  const output = pino.destination({ dest: 1, sync: true, maxLength: MAX_UNWRITTEN });
  // Admission goes on if the log cannot be written.
  output.on('error', () => undefined);
  return output;
}
