/** The images that somebody names: as words of the command line, or one a line on standard input. */
import type { Terminal } from './terminal.ts';

export const NO_STRING = "a line that begins with '\"' must be one JSON string";

export interface ImageWord {
  readonly ok: boolean;
  readonly text: string;
}

export async function* questions(references: readonly string[], terminal: Terminal): AsyncIterable<ImageWord> {
  for (const reference of references) {
    if (reference !== '-') yield { ok: true, text: reference };
    else for await (const line of linesOf(terminal.input())) yield fromLine(line);
  }
}

/** A line that begins with `"` is a JSON string, so that any byte can be asked about. */
function fromLine(line: string): ImageWord {
  if (!line.startsWith('"')) return { ok: true, text: line };
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'string' ? { ok: true, text: value } : { ok: false, text: line };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, text: line };
    throw error;
  }
}

/** Lines end with LF or CRLF and nothing else: U+2028, which node:readline splits at, may stand in a line. */
async function* linesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const parts = `${rest}${text}`.split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield part.endsWith('\r') ? part.slice(0, -1) : part;
  }
  if (rest !== '') yield rest;
}
