/** `tidewaiter explain image --resolve`: what happens when a node pulls an image, asked of the registry itself. */
import { keyringOf } from '../credential/keyring.ts';
import type { PullSecret } from '../credential/pull-secret.ts';
import { explainReference, explainText, unexplained } from '../image/explain.ts';
import { quoteValue } from '../image/quote.ts';
import { type ImageReference, parseReference } from '../image/reference.ts';
import type { ImageTracer } from '../lookup/trace.ts';
import { pullRow } from '../report/pull-row.ts';
import { pullOutcome, pullText, type TracedImage } from '../report/pull-trace.ts';
import { configured } from './configured.ts';
import { askingRegistry, type AskRegistry } from './asking-registry.ts';
import { type ImageWord, NO_STRING } from './image-arguments.ts';
import { loadPullSecrets, unanswered } from './pull-secret-files.ts';
import type { Terminal } from './terminal.ts';

export interface ResolveFlags {
  readonly output: 'text' | 'json';
  readonly config?: string | undefined;
  /** Files, in the order of imagePullSecrets. */
  readonly pullSecret?: readonly string[] | undefined;
  /** How registries are asked: as the configuration says, when not given. */
  readonly asking?: AskRegistry | undefined;
}

/** For one image; nobody waits longer for a terminal. */
const MAX_WAIT_MS = 60_000;
const CODES = { yes: 0, no: 1, unknown: 2 } as const;

/** Exit 0 when all can be pulled, 1 when the registry says no of one of them, 2 when of one of them nobody can tell. */
export async function resolveImages(
  questions: AsyncIterable<ImageWord>,
  { output, config: file, pullSecret = [], asking = askingRegistry }: ResolveFlags,
  terminal: Terminal,
): Promise<number> {
  const { config } = await configured({ config: file }, terminal);
  const { secrets, problems } = await loadPullSecrets(pullSecret, terminal);
  if (problems.length > 0) return unanswered(terminal, problems);
  const asNode = secrets.length > 0 || config.nodeCredentials !== undefined;
  const registry = await asking(config, {
    credentials: asNode ? 'node' : 'docker',
    askers: 'one',
    warn: (message) => terminal.note(`${message}\n`),
  });
  const { tracer } = registry;
  try {
    if (tracer === undefined) return unanswered(terminal, ['no registry can be asked here']);
    let code = 0;
    for await (const question of questions) {
      const answer = await answerTo(question, { secrets, tracer });
      terminal.out(`${output === 'json' ? JSON.stringify(answer.row) : answer.text}\n`);
      code = Math.max(code, answer.code);
    }
    return code;
  } finally {
    await registry.close();
  }
}

interface Answer {
  readonly row: object;
  readonly text: string;
  readonly code: number;
}

interface Tracing {
  readonly secrets: readonly PullSecret[];
  readonly tracer: ImageTracer;
}

async function answerTo({ ok, text }: ImageWord, tracing: Tracing): Promise<Answer> {
  if (!ok)
    return { row: { ...unexplained(text, NO_STRING), pull: null }, text: `${quoteValue(text)}: ${NO_STRING}`, code: 2 };
  const parsed = parseReference(text);
  const explained = explainReference(text);
  if (!parsed.ok) return { row: { ...explained, pull: null }, text: explainText(text), code: 1 };
  const traced = await traceOf(parsed.reference, tracing);
  return {
    row: { ...explained, pull: pullRow(traced) },
    text: pullText(traced, Date.now()),
    code: CODES[pullOutcome(traced)],
  };
}

async function traceOf(reference: ImageReference, { secrets, tracer }: Tracing): Promise<TracedImage> {
  const keyring = keyringOf(secrets);
  if (!keyring.ok) return { reference, faults: keyring.faults, trace: undefined };
  const candidates = keyring.candidatesFor(reference);
  const question = { reference, by: 'image', candidates, doubt: undefined, staleMs: 0 } as const;
  return { reference, faults: [], trace: await tracer.trace(question, AbortSignal.timeout(MAX_WAIT_MS)) };
}
