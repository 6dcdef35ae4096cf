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

/** Keys whose values never leave the process, at the top and one level down. */
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
/** Bytes that a full disk may leave behind. */
const MAX_UNWRITTEN = 1 << 20;
/** Lines of reviews that are written together, since each write to a pipe is a call of the system. */
const MAX_WAITING = 32;
const REPEAT_MS = 60_000;
const MAX_REMEMBERED = 500;

/** Gets one line or several, each whole. */
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
      // Not with pino, which looks for secrets in every line: these keys are fixed, and none of them is a secret's.
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

/** How many lines could not be written before this one; `undefined`: nor can this one. */
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

/** A rule that fails, fails for many objects: the same words again within a minute are not written; the metrics count them all. */
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

/** Standard output; a person at a terminal gets colors instead of JSON. */
export async function standardOutput(isTerminal: boolean): Promise<LogDestination> {
  if (isTerminal) {
    const { default: pretty } = await import('pino-pretty');
    return pretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  }
  // Nothing is kept back here: flushSync of what is kept tries without end when the reader has gone, and all reviews wait.
  const output = pino.destination({ dest: 1, sync: true, maxLength: MAX_UNWRITTEN });
  // Admission goes on if the log cannot be written.
  output.on('error', () => undefined);
  return output;
}
