/** The log: one JSON line for each review on standard output, pretty in a terminal. Made by `createLog`, not a singleton. */
import pino, { type DestinationStream } from 'pino';
import { nameOf } from './admission/message.ts';
import type { Container } from './pod/containers.ts';
import type { Finding } from './policy/evaluate.ts';
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
/** A destination measures what it holds at each write, so it is given few and long ones. */
const BLOCK_LENGTH = 8192;

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
  const time = clock();
  let pending = '';
  const settle = (): void => {
    if (pending !== '') destination.write(pending);
    pending = '';
  };
  const flush = (): void => {
    settle();
    destination.flushSync?.();
  };
  // Lines are handed on in blocks: under load a write per review costs more than the review.
  setInterval(flush, FLUSH_MS).unref();
  const inOrder = (write: () => void): void => {
    settle();
    write();
  };
  return {
    // The line that is written most is made here: its keys are fixed and none is a secret's, so nothing has to be looked for.
    review(record) {
      if (!logger.isLevelEnabled('info')) return;
      pending += reviewLine(record, time());
      if (pending.length >= BLOCK_LENGTH) settle();
    },
    refused: (code, message) => inOrder(() => logger.warn({ code }, message)),
    failed: (error, uid) =>
      inOrder(() => logger.error({ err: error, uid }, 'internal error: this is a bug in tidewaiter')),
    info: (fields, message) => inOrder(() => logger.info(fields, message)),
    error: (fields, message) => inOrder(() => logger.error(fields, message)),
    flush,
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

/** Written piece by piece, since it is written most: an object made for `JSON.stringify` costs as much as the verdict. */
function reviewLine({ endpoint, review, verdict, durationMs }: ReviewRecord, time: string): string {
  const { uid, operation, type, namespace, user, dryRun } = review.request;
  const judged = verdict?.outcome === 'judged' ? verdict : undefined;
  const findings = judged?.findings ?? [];
  const allowed = verdict === undefined || (verdict.outcome !== 'malformed' && verdict.allowed);
  const unknown = findings.reduce((count, { outcome }) => (outcome === 'violation' ? count : count + 1), 0);
  return (
    `{"level":"info","time":"${time}","endpoint":"${endpoint}","uid":${JSON.stringify(uid)},"operation":"${operation}"` +
    `${member('kind', type.kind)}${member('namespace', namespace)}${member('name', nameOf(review.request))}` +
    `${member('user', user?.name)},"allowed":${allowed},"findings":${findingList(findings)}` +
    `,"images":${imageList(judged?.workload.containers ?? [])},"unknown":${unknown}` +
    `,"durationMs":${Math.round(durationMs * 1000) / 1000},"dryRun":${dryRun},"msg":"review"}\n`
  );
}

function member(key: string, text: string | undefined): string {
  return text === undefined ? '' : `,"${key}":${JSON.stringify(cut(text))}`;
}

function findingList(findings: readonly Finding[]): string {
  if (findings.length === 0) return '[]';
  return JSON.stringify(
    findings.slice(0, MAX_FINDINGS).map(({ policy, rule, action }) => `${policy}/${rule}: ${action}`),
  );
}

function imageList(containers: readonly Container[]): string {
  let list = '';
  for (let index = 0; index < containers.length && index < MAX_IMAGES; index++) {
    list += `${index === 0 ? '' : ','}${JSON.stringify(cut(containers[index]?.image.text ?? ''))}`;
  }
  return `[${list}]`;
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/** RFC 3339 in UTC with milliseconds; the part up to the second is worked out once a second. */
function clock(): () => string {
  let second = Number.NaN;
  let prefix = '';
  return () => {
    const now = Date.now();
    if (Math.floor(now / 1000) !== second) {
      second = Math.floor(now / 1000);
      prefix = new Date(now).toISOString().slice(0, -4);
    }
    return `${prefix}${String(now % 1000).padStart(3, '0')}Z`;
  };
}
