/** `tidewaiter explain image`: what a reference means, for people and for programs. */
import { explainReference, explainText } from '../image/explain.ts';
import type { Terminal } from './terminal.ts';

export interface ExplainFlags {
  readonly output: 'text' | 'json';
}

/** Exit 1 when one of the references is invalid, 2 when a line could not be read. */
export async function explainImages(
  references: readonly string[],
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<number> {
  let code = 0;
  for await (const text of textsOf(references, terminal)) {
    if (text === undefined) {
      code = 2;
      continue;
    }
    const explained = explainReference(text);
    terminal.out(flags.output === 'json' ? `${JSON.stringify(explained)}\n` : `${explainText(text)}\n`);
    if (!explained.valid) code = Math.max(code, 1);
  }
  return code;
}

async function* textsOf(references: readonly string[], terminal: Terminal): AsyncIterable<string | undefined> {
  for (const reference of references) {
    if (reference !== '-') yield reference;
    else for await (const line of terminal.lines()) yield fromLine(line, terminal);
  }
}

/** A line that begins with `"` is a JSON string, so that any byte can be asked about. */
function fromLine(line: string, terminal: Terminal): string | undefined {
  if (!line.startsWith('"')) return line;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'string') return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  terminal.note(`stdin: a line that begins with '"' must be one JSON string: ${line.slice(0, 200)}\n`);
  return undefined;
}
