/** The log: one JSON line for each review on standard output, pretty in a terminal. Made by `createLog`, not a singleton. */
import pino, { type DestinationStream } from 'pino';
import { nameOf } from './admission/message.ts';
import type { ReviewRecord, ServerLog } from './server/reviews.ts';

export interface GateLog extends ServerLog {
  info(fields: object, message: string): void;
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

const MAX_IMAGES = 20;
const MAX_FINDINGS = 50;
const MAX_TEXT = 300;
const FLUSH_MS = 100;
const REPEAT_MS = 60_000;
const MAX_REMEMBERED = 500;

export function createLog(level: string, destination: DestinationStream & { flushSync?(): void }): GateLog {
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
  const flush = (): void => destination.flushSync?.();
  const isNews = createNews();
  // Lines are written in blocks: under load a write per review costs more than the review.
  setInterval(flush, FLUSH_MS).unref();
  return {
    // The line that is written most is made here: its keys are fixed and none is a secret's, so nothing has to be looked for.
    review(record) {
      if (logger.isLevelEnabled('info')) destination.write(`${JSON.stringify(reviewLine(record))}\n`);
      const findings = record.verdict?.outcome === 'judged' ? record.verdict.findings : [];
      for (const { rule, failure } of findings) {
        if (failure === undefined || !isNews(`${rule} ${failure.problem}`)) continue;
        const { reason, file, problem } = failure;
        logger.error({ uid: record.review.request.uid, rule, reason, plugin: file }, `a rule failed: ${problem}`);
      }
    },
    refused: (code, message) => logger.warn({ code }, message),
    failed: (error, uid) => logger.error({ err: error, uid }, 'internal error: this is a bug in tidewaiter'),
    info: (fields, message) => logger.info(fields, message),
    error: (fields, message) => logger.error(fields, message),
    flush,
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

/** Standard output, buffered; a person at a terminal gets colours instead of JSON. */
export async function standardOutput(isTerminal: boolean): Promise<DestinationStream & { flushSync?(): void }> {
  if (isTerminal) {
    const { default: pretty } = await import('pino-pretty');
    return pretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  }
  return pino.destination({ dest: 1, sync: true, minLength: 4096 });
}

function reviewLine({ endpoint, review, verdict, durationMs }: ReviewRecord): object {
  const { request } = review;
  const judged = verdict?.outcome === 'judged' ? verdict : undefined;
  const findings = judged?.findings ?? [];
  return {
    level: 'info',
    time: new Date().toISOString(),
    endpoint,
    uid: request.uid,
    operation: request.operation,
    kind: request.type.kind,
    namespace: cut(request.namespace),
    name: cut(nameOf(request)),
    user: cut(request.user?.name),
    allowed: verdict === undefined || (verdict.outcome !== 'malformed' && verdict.allowed),
    findings: findings.slice(0, MAX_FINDINGS).map(({ policy, rule, action }) => `${policy}/${rule}: ${action}`),
    images: judged?.workload.containers.slice(0, MAX_IMAGES).map(({ image }) => cut(image.text)) ?? [],
    unknown: findings.reduce((count, { outcome }) => (outcome === 'violation' ? count : count + 1), 0),
    durationMs: Math.round(durationMs * 1000) / 1000,
    dryRun: request.dryRun,
    msg: 'review',
  };
}

function cut(text: string | undefined): string | undefined {
  return text === undefined || text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
