/** `tidewaiter explain image --resolve`: what happens when a node pulls an image, with the responses of the registry. */
import type { RegistrySource } from '../../admission/context.ts';
import { keyringOf } from '../../credential/keyring.ts';
import type { PullSecret } from '../../credential/pull-secret.ts';
import { explainReference, explainText, unexplained } from '../../image/explain.ts';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import { type ImageReference, parseReference } from '../../image/reference.ts';
import type { ImageTracer } from '../../lookup/trace.ts';
import { pullRow } from '../../report/pull-row.ts';
import { pullOutcome, pullText, type TracedImage } from '../../report/pull-trace.ts';
import type { RegistryImage } from '../../policy/registry-fact.ts';
import type { Config } from '../../config/config.ts';
import { configured } from '../configured.ts';
import { clusterFlags, selectsCluster, withCluster } from '../open-cluster.ts';
import { openRegistry, type OpenRegistry } from '../open-registry.ts';
import type { AccountFlags } from './cluster-secrets.ts';
import { ONE_LIST } from './credentials.ts';
import { type ImageArgument, NOT_A_STRING } from './image-arguments.ts';
import type { LookUpImage } from './mirror.ts';
import { rewritesExplainer, rewriteText } from './rewrites.ts';
import { loadPullSecrets } from '../pull-secret-files.ts';
import type { Terminal } from '../terminal.ts';

export interface ResolveFlags extends AccountFlags {
  readonly output: 'text' | 'json';
  readonly config?: string | undefined;
  /** Shows the rewrites of these policies. */
  readonly policy?: readonly string[] | undefined;
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
  flags: ResolveFlags,
  terminal: Terminal,
): Promise<number> {
  const { output, openRegistry: open = openRegistry } = flags;
  const { config } = await configured({ config: flags.config, ...clusterFlags(flags) }, terminal);
  const known = selectsCluster(flags)
    ? await secretsOfCluster(config, flags, terminal)
    : { secrets: await loadPullSecrets(flags.pullSecret ?? [], terminal), incompleteReason: undefined };
  const asNode = known.secrets.length > 0 || selectsCluster(flags) || config.nodeCredentials !== undefined;
  const registry = await open(config, {
    credentials: asNode ? 'node' : 'docker',
    callers: 'user',
    warn: (message) => terminal.note(`${message}\n`),
  });
  const { tracer, sources } = registry;
  try {
    if (tracer === undefined) throw new UserError('registry lookups are not available');
    const rewritesOf = await rewritesExplainer(flags, terminal);
    const lookUp = imageLookup(sources.images, known);
    let code = 0;
    for await (const image of images) {
      const explained = await explainResolved(image, { ...known, tracer });
      const names = await rewritesOf(image, lookUp);
      const row = { ...explained.row, ...names };
      terminal.out(`${output === 'json' ? JSON.stringify(row) : `${explained.text}${rewriteText(names)}`}\n`);
      code = Math.max(code, explained.code);
    }
    return code;
  } finally {
    await registry.close();
  }
}

function imageLookup(
  images: RegistrySource<RegistryImage> | undefined,
  { secrets, incompleteReason }: KnownSecrets,
): LookUpImage | undefined {
  const keyring = keyringOf(secrets);
  if (images === undefined) return undefined;
  return async ({ reference, by }) => {
    const candidates = keyring.ok ? keyring.candidatesFor(reference) : [];
    const lookup = { reference, by, candidates, incompleteReason, staleMs: 0 } as const;
    return images.lookUp(lookup, AbortSignal.timeout(MAX_WAIT_MS));
  };
}

interface Explanation {
  readonly row: object;
  readonly text: string;
  readonly code: number;
}

interface KnownSecrets {
  readonly secrets: readonly PullSecret[];
  /** See ImageLookup. */
  readonly incompleteReason: string | undefined;
}

interface TraceInput extends KnownSecrets {
  readonly tracer: ImageTracer;
}

async function secretsOfCluster(config: Config, flags: ResolveFlags, terminal: Terminal): Promise<KnownSecrets> {
  if ((flags.pullSecret ?? []).length > 0) throw new UserError(ONE_LIST);
  const { clusterSecrets, unusedSecrets } = await import('./cluster-secrets.ts');
  const found = await withCluster(config, (api) => clusterSecrets(api, flags));
  for (const line of unusedSecrets(found)) terminal.note(`${line}\n`);
  const { existing, unknown } = found;
  const incompleteReason = unknown === undefined ? undefined : `its pull secrets are not known: ${unknown}`;
  return { secrets: existing, incompleteReason };
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

async function traceImage(
  reference: ImageReference,
  { secrets, incompleteReason, tracer }: TraceInput,
): Promise<TracedImage> {
  const keyring = keyringOf(secrets);
  if (!keyring.ok) return { reference, faults: keyring.faults, trace: undefined };
  const candidates = keyring.candidatesFor(reference);
  const lookup = { reference, by: 'image', candidates, incompleteReason, staleMs: 0 } as const;
  return { reference, faults: [], trace: await tracer.trace(lookup, AbortSignal.timeout(MAX_WAIT_MS)) };
}
