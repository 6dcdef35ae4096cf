/** `tidewaiter explain image`: what a reference means, for people and for programs. */
import { explainReference, explainText, unexplained } from '../image/explain.ts';
import { quoteValue } from '../image/quote.ts';
import type { ResolveFlags } from './resolve-images.ts';
import { NO_STRING, questions } from './image-arguments.ts';
import { questionOf, unanswered } from './pull-secret-files.ts';
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
    const { resolveImages } = await import('./resolve-images.ts');
    return resolveImages(questions(asked.images, terminal), { ...flags, pullSecret: asked.files }, terminal);
  }
  return explainAll(asked.images, flags, terminal);
}

interface Words {
  readonly images: readonly string[];
  readonly files: readonly string[];
}

function imagesOf(references: readonly string[], files: readonly string[]): Words {
  if (references.length > 0) return { images: references, files };
  const behind = questionOf(undefined, files);
  return behind === undefined ? { images: [], files } : { images: [behind.image], files: behind.files };
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
