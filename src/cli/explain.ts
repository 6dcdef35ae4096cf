/** `tidewaiter explain image`: what a reference means, for people and for programs. */
import { explainReference, explainText, unexplained } from '../image/explain.ts';
import { quoteValue } from '../image/quote.ts';
import type { ResolveFlags } from './explain-resolve.ts';
import { unanswered } from './pull-secret-files.ts';
import type { Terminal } from './terminal.ts';

export interface ExplainFlags extends ResolveFlags {
  readonly resolve?: boolean | undefined;
}

/** Exit 1 when one of the references is invalid, 2 when a line could not be read; with `--resolve` as explain-resolve.ts says. */
export async function explainImages(
  references: readonly string[],
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<number> {
  const { resolve, pullSecret = [], config } = flags;
  if (!resolve && (pullSecret.length > 0 || config !== undefined)) {
    return unanswered(terminal, ['--pull-secret and --config are about asking registries: add --resolve']);
  }
  const asked = imagesOf(references, pullSecret);
  if (asked.images.length === 0) return unanswered(terminal, ['name an image: tidewaiter explain image REF']);
  if (resolve) {
    const { resolveImages } = await import('./explain-resolve.ts');
    return resolveImages(questions(asked.images, terminal), { ...flags, pullSecret: asked.files }, terminal);
  }
  return explainAll(asked.images, flags, terminal);
}

interface Words {
  readonly images: readonly string[];
  readonly files: readonly string[];
}

/** `--pull-secret` takes all words that follow it, so an image behind the files is the last of them. */
function imagesOf(references: readonly string[], files: readonly string[]): Words {
  if (references.length > 0 || files.length < 2) return { images: references, files };
  return { images: files.slice(-1), files: files.slice(0, -1) };
}

async function explainAll(references: readonly string[], flags: ExplainFlags, terminal: Terminal): Promise<number> {
  let code = 0;
  for await (const asked of questions(references, terminal)) {
    const explained = asked.ok ? explainReference(asked.text) : unexplained(asked.text, NO_STRING);
    const text = asked.ok ? explainText(asked.text) : `${quoteValue(asked.text)}: ${NO_STRING}`;
    terminal.out(`${flags.output === 'json' ? JSON.stringify(explained) : text}\n`);
    if (!explained.valid) code = Math.max(code, asked.ok ? 1 : 2);
  }
  return code;
}

export const NO_STRING = "a line that begins with '\"' must be one JSON string";

export interface Question {
  readonly ok: boolean;
  readonly text: string;
}

async function* questions(references: readonly string[], terminal: Terminal): AsyncIterable<Question> {
  for (const reference of references) {
    if (reference !== '-') yield { ok: true, text: reference };
    else for await (const line of linesOf(terminal.input())) yield fromLine(line);
  }
}

/** A line that begins with `"` is a JSON string, so that any byte can be asked about. */
function fromLine(line: string): Question {
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
