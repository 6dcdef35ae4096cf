/** The files of an audit log, in the order of their events: rotation names them in different ways. */
import { createReadStream, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Chunks } from '../byte-queue.ts';
import { inflated, inflateProblem } from '../inflate.ts';
import { reasonOf } from '../load-text.ts';
import { statOrProblem } from '../walk.ts';
import { type AuditDocument, auditDocuments } from './documents.ts';
import { type AuditEvent, eventsIn } from './event.ts';
import type { Refusal } from './refusals.ts';

export interface AuditLog {
  readonly name: string;
  /** undefined: a pipe. */
  readonly size: number | undefined;
  open(): Chunks;
}

export type AuditEntry = { readonly file: string; readonly line: number } & (
  | { readonly event: AuditEvent }
  | { readonly refusal: Refusal }
  /** The rest of the file cannot be read; a sentence fragment. */
  | { readonly problem: string }
);

/** `-` is standard input. A directory stands for its files. */
export async function auditLogs(paths: readonly string[], stdin: () => Chunks): Promise<readonly AuditLog[]> {
  const logs: { readonly log: AuditLog; readonly start: string }[] = [];
  for (const named of [...new Set(paths)].flatMap(filesOf)) {
    const log = logOf(named, stdin);
    logs.push({ log, start: await startOf(log) });
  }
  return logs
    .toSorted((one, other) => (one.start < other.start ? -1 : one.start > other.start ? 1 : 0))
    .map(({ log }) => log);
}

/** `onBytes` is called with the size of what was read, compressed or not. */
export async function* auditEntries(log: AuditLog, onBytes: (bytes: number) => void): AsyncGenerator<AuditEntry, void> {
  const { name: file } = log;
  let line = 1;
  try {
    for await (const document of auditDocuments(inflated(counted(log.open(), onBytes)))) {
      ({ line } = document);
      yield* entriesOf(document, file);
    }
  } catch (error) {
    yield { file, line, problem: inflateProblem(error) ?? reasonOf(error) };
  }
}

function* entriesOf(document: AuditDocument, file: string): Generator<AuditEntry, void> {
  const { line } = document;
  const found = 'refusal' in document ? [document.refusal] : eventsIn(document.value);
  for (const one of found) yield typeof one === 'string' ? { file, line, refusal: one } : { file, line, event: one };
}

async function* counted(chunks: Chunks, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array | string, void> {
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    yield chunk;
  }
}

function filesOf(named: string): readonly string[] {
  const found = named === '-' ? '' : statOrProblem(named);
  if (typeof found === 'string' || !found.isDirectory()) return [named];
  const names = namesIn(named);
  if (names === undefined) return [named];
  return names
    .map((name) => path.join(named, name))
    .filter(isLog)
    .toSorted();
}

/** undefined: reading the directory as a log reports why it cannot be read. */
function namesIn(directory: string): readonly string[] | undefined {
  try {
    return readdirSync(directory);
  } catch {
    return undefined;
  }
}

/** Also a link to a file, and one that leads nowhere, which is then an error. Reading a pipe would wait. */
function isLog(file: string): boolean {
  const found = statOrProblem(file);
  return typeof found === 'string' || found.isFile();
}

function logOf(named: string, stdin: () => Chunks): AuditLog {
  if (named === '-') return { name: 'standard input', size: undefined, open: stdin };
  const found = statOrProblem(named);
  const size = typeof found === 'string' || !found.isFile() ? undefined : found.size;
  return { name: named, size, open: () => createReadStream(named) };
}

/** The time of the first event. Pipes can be read only once, so they come last. */
async function startOf(log: AuditLog): Promise<string> {
  if (log.size === undefined) return LAST;
  try {
    for await (const document of auditDocuments(inflated(log.open()))) {
      const first = 'value' in document ? eventsIn(document.value).next().value : undefined;
      if (typeof first === 'object') return first.time;
    }
  } catch {
    // Reading it reports the problem.
  }
  return LAST;
}

const LAST = '~';
