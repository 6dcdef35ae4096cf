/** The images that a command is given: as arguments, or one per line on standard input. */
import type { Terminal } from '../terminal.ts';

export const NOT_A_STRING = "a line that begins with '\"' must be one JSON string";

export interface ImageArgument {
  readonly ok: boolean;
  readonly text: string;
}

export async function* imageArguments(references: readonly string[], terminal: Terminal): AsyncIterable<ImageArgument> {
  for (const reference of references) {
    if (reference !== '-') yield { ok: true, text: reference };
    else for await (const line of linesOf(terminal.input())) yield fromLine(line);
  }
}

/** A line that begins with `"` is a JSON string, so that an image can contain any character. */
function fromLine(line: string): ImageArgument {
  if (!line.startsWith('"')) return { ok: true, text: line };
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'string' ? { ok: true, text: value } : { ok: false, text: line };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, text: line };
    throw error;
  }
}

/** Lines end with LF or CRLF and nothing else: U+2028, which node:readline splits at, can be part of a line. */
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
