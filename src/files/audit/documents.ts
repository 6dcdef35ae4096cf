/**
 * The JSON values of an audit log: one on each line, as the API server writes them, or documents of several lines, as `jq` and
 * `kubectl` print them. A damaged line costs no more than itself.
 */
import { type BoundedLine, boundedLines } from '../bounded-lines.ts';
import type { Chunks } from '../byte-queue.ts';
import type { Refusal } from './refusals.ts';

export type AuditDocument = { readonly line: number } & (
  | { readonly value: unknown }
  | { readonly refusal: Extract<Refusal, 'not-json' | 'cut' | 'too-long'> }
);

/** An API server accepts objects of 3 MiB, and an event can have two. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;
export const MAX_DOCUMENT_BYTES = 32 * 1024 * 1024;

export async function* auditDocuments(chunks: Chunks): AsyncGenerator<AuditDocument, void> {
  const open = openDocument();
  for await (const line of boundedLines(chunks, MAX_LINE_BYTES)) yield* open.add(line);
  yield* open.end();
}

interface OpenDocument {
  add(line: BoundedLine): readonly AuditDocument[];
  end(): readonly AuditDocument[];
}

/** A document that begins on a line and has not ended. */
interface Begun {
  readonly line: number;
  readonly parts: string[];
  length: number;
  depth: number;
}

function openDocument(): OpenDocument {
  let begun: Begun | undefined;
  const give = (refusal: 'not-json' | 'cut' | 'too-long'): readonly AuditDocument[] => {
    const line = begun?.line;
    begun = undefined;
    return line === undefined ? [] : [{ line, refusal }];
  };
  const continued = (document: Begun, text: string): readonly AuditDocument[] => {
    document.parts.push(text);
    document.length += text.length;
    document.depth += depthOf(text);
    if (document.length > MAX_DOCUMENT_BYTES) return give('too-long');
    if (document.depth > 0) return [];
    const value = parsed(document.parts.join('\n'));
    return value === undefined ? give('not-json') : ((begun = undefined), [{ line: document.line, value }]);
  };
  const whole = (line: Exclude<BoundedLine, { readonly tooLong: true }>): readonly AuditDocument[] => {
    const { number, isComplete } = line;
    const text = textOf(line);
    if (text === '') return [];
    const value = parsed(text);
    if (value !== undefined) return [{ line: number, value }];
    if (!isComplete) return [{ line: number, refusal: 'cut' }];
    const depth = depthOf(text);
    if (!/^[[{]/.test(text) || depth <= 0 || /^\{\s*"/.test(text)) return [{ line: number, refusal: 'not-json' }];
    begun = { line: number, parts: [text], length: text.length, depth };
    return [];
  };
  return {
    add(line) {
      if ('tooLong' in line) return [...give('not-json'), { line: line.number, refusal: 'too-long' }];
      if (begun === undefined) return whole(line);
      // An event at the start of a line: what began before was cut.
      if (line.bytes.subarray(0, 2).toString() === '{"') return [...give('not-json'), ...whole(line)];
      return continued(begun, textOf(line));
    },
    end: () => give('cut'),
  };
}

/** A byte order mark and carriage returns are no part of the JSON. */
function textOf({ bytes }: { readonly bytes: Buffer }): string {
  return bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trim();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** How many more brackets the line opens than it closes. JSON strings do not contain line breaks. */
function depthOf(text: string): number {
  let depth = 0;
  for (const [found] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[\]{}]/g)) {
    if (found === '{' || found === '[') depth += 1;
    else if (found === '}' || found === ']') depth -= 1;
  }
  return depth;
}
