/** `tidewaiter explain image`: how container runtimes parse a reference. */
import { explainReference, explainText, unexplained } from '../../image/explain.ts';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ResolveFlags } from './resolved-image.ts';
import { imageArguments, NOT_A_STRING } from './image-arguments.ts';
import { rewritesExplainer, rewriteText } from './rewrites.ts';
import { requireCluster, selectsCluster } from '../open-cluster.ts';
import { imageAndFiles } from '../pull-secret-files.ts';
import type { Terminal } from '../terminal.ts';

export interface ExplainFlags extends ResolveFlags {
  readonly resolve?: boolean | undefined;
  readonly policy?: readonly string[] | undefined;
}

/** Exits with 1 if a reference is invalid and 2 if a line cannot be parsed. With `--resolve`, see resolved-image.ts. */
export async function explainImages(
  references: readonly string[],
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<number> {
  const { pullSecret = [], config, policy, serviceAccount } = flags;
  requireCluster(flags, policy === undefined ? flags : { serviceAccount });
  const resolve = flags.resolve || selectsCluster(flags);
  if (!resolve && (pullSecret.length > 0 || (config !== undefined && policy === undefined))) {
    throw new UserError('--pull-secret and --config require --resolve');
  }
  const given = imagesOf(references, pullSecret);
  if (given.images.length === 0) throw new UserError('no image given; usage: tidewaiter explain image REF');
  if (resolve) {
    const { resolveImages } = await import('./resolved-image.ts');
    return resolveImages(imageArguments(given.images, terminal), { ...flags, pullSecret: given.files }, terminal);
  }
  return explainAll(given.images, flags, terminal);
}

interface Arguments {
  readonly images: readonly string[];
  readonly files: readonly string[];
}

function imagesOf(references: readonly string[], files: readonly string[]): Arguments {
  if (references.length > 0) return { images: references, files };
  const last = imageAndFiles(undefined, files);
  return last === undefined ? { images: [], files } : { images: [last.image], files: last.files };
}

async function explainAll(references: readonly string[], flags: ExplainFlags, terminal: Terminal): Promise<number> {
  const rewritesOf = await rewritesExplainer(flags, terminal);
  let code = 0;
  for await (const image of imageArguments(references, terminal)) {
    const explained = image.ok ? explainReference(image.text) : unexplained(image.text, NOT_A_STRING);
    const text = image.ok ? explainText(image.text) : `${quoteValue(image.text)}: ${NOT_A_STRING}`;
    const names = await rewritesOf(image);
    const row = { ...explained, ...names };
    terminal.out(`${flags.output === 'json' ? JSON.stringify(row) : `${text}${rewriteText(names)}`}\n`);
    if (!explained.valid) code = Math.max(code, image.ok ? 1 : 2);
  }
  return code;
}
