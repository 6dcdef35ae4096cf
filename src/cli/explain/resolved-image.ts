/** `tidewaiter explain image --resolve`: what happens when a node pulls an image, with the responses of the registry. */
import { keyringOf } from '../../credential/keyring.ts';
import type { PullSecret } from '../../credential/pull-secret.ts';
import { explainReference, explainText, unexplained } from '../../image/explain.ts';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import { type ImageReference, parseReference } from '../../image/reference.ts';
import type { ImageTracer } from '../../lookup/trace.ts';
import { pullRow } from '../../report/pull-row.ts';
import { pullOutcome, pullText, type TracedImage } from '../../report/pull-trace.ts';
import { configured } from '../configured.ts';
import { openRegistry, type OpenRegistry } from '../open-registry.ts';
import { type ImageArgument, NOT_A_STRING } from './image-arguments.ts';
import { loadPullSecrets } from '../pull-secret-files.ts';
import type { Terminal } from '../terminal.ts';

export interface ResolveFlags {
  readonly output: 'text' | 'json';
  readonly config?: string | undefined;
  /** Files, in the order of imagePullSecrets. */
  readonly pullSecret?: readonly string[] | undefined;
  /** Replaces the registry in tests. */
  readonly openRegistry?: OpenRegistry | undefined;
}

/** For one image, in milliseconds. */
const MAX_WAIT_MS = 60_000;
const CODES = { yes: 0, no: 1, unknown: 2 } as const;

/** Exits with 0 if all images can be pulled, 1 if one of them cannot, and 2 if one of them is unknown. */
export async function resolveImages(
  images: AsyncIterable<ImageArgument>,
  { output, config: file, pullSecret = [], openRegistry: open = openRegistry }: ResolveFlags,
  terminal: Terminal,
): Promise<number> {
  const { config } = await configured({ config: file }, terminal);
  const secrets = await loadPullSecrets(pullSecret, terminal);
  const asNode = secrets.length > 0 || config.nodeCredentials !== undefined;
  const registry = await open(config, {
    credentials: asNode ? 'node' : 'docker',
    callers: 'user',
    warn: (message) => terminal.note(`${message}\n`),
  });
  const { tracer } = registry;
  try {
    if (tracer === undefined) throw new UserError('registry lookups are not available');
    let code = 0;
    for await (const image of images) {
      const explained = await explainResolved(image, { secrets, tracer });
      terminal.out(`${output === 'json' ? JSON.stringify(explained.row) : explained.text}\n`);
      code = Math.max(code, explained.code);
    }
    return code;
  } finally {
    await registry.close();
  }
}

interface Explanation {
  readonly row: object;
  readonly text: string;
  readonly code: number;
}

interface TraceInput {
  readonly secrets: readonly PullSecret[];
  readonly tracer: ImageTracer;
}

async function explainResolved({ ok, text }: ImageArgument, input: TraceInput): Promise<Explanation> {
  if (!ok)
    return {
      row: { ...unexplained(text, NOT_A_STRING), pull: null },
      text: `${quoteValue(text)}: ${NOT_A_STRING}`,
      code: 2,
    };
  const parsed = parseReference(text);
  const explained = explainReference(text);
  if (!parsed.ok) return { row: { ...explained, pull: null }, text: explainText(text), code: 1 };
  const traced = await traceImage(parsed.reference, input);
  return {
    row: { ...explained, pull: pullRow(traced) },
    text: pullText(traced, Date.now()),
    code: CODES[pullOutcome(traced)],
  };
}

async function traceImage(reference: ImageReference, { secrets, tracer }: TraceInput): Promise<TracedImage> {
  const keyring = keyringOf(secrets);
  if (!keyring.ok) return { reference, faults: keyring.faults, trace: undefined };
  const candidates = keyring.candidatesFor(reference);
  const lookup = { reference, by: 'image', candidates, incompleteReason: undefined, staleMs: 0 } as const;
  return { reference, faults: [], trace: await tracer.trace(lookup, AbortSignal.timeout(MAX_WAIT_MS)) };
}
