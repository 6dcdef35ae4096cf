/** `tidewaiter explain image --policy`: the names that policies give an image, one after the other. */
import type { Step } from '../../admission/rewrite/chain.ts';
import { rewriteStepsOf } from '../../admission/rewrite/steps-of-image.ts';
import { type ImageReference, parseReference } from '../../image/reference.ts';
import type { Policy } from '../../policy/policy.ts';
import { compose } from '../../wiring.ts';
import { configured } from '../configured.ts';
import type { ImageArgument } from './image-arguments.ts';
import { type LookUpImage, mirrorLines, type MirrorRow, mirrorRow } from './mirror.ts';
import type { Terminal } from '../terminal.ts';

export interface RewriteFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly namespace?: string | undefined;
}

/** A row of `rewrites` in the JSON. */
export interface RewriteStep {
  readonly policy: string;
  /** 1-based. */
  readonly entry: number;
  readonly pattern: { readonly from: string; readonly to: string };
  readonly when: string;
  readonly mode: string;
  readonly from: string;
  /** null: no image can have the new name. */
  readonly to: string | null;
  readonly applies: 'yes' | 'no' | 'unknown';
  /** Only if it does not apply, or that is unknown. */
  readonly reason: string | null;
}

/** The keys of the JSON. */
export interface ImageNames {
  readonly rewrites: readonly RewriteStep[];
  readonly mirror: MirrorRow | null;
}

/** `lookUp` undefined: no registry is queried. Returns undefined without --policy, and for an invalid reference. */
export type ExplainRewrites = (image: ImageArgument, lookUp?: LookUpImage) => Promise<ImageNames | undefined>;

export async function rewritesExplainer(flags: RewriteFlags, terminal: Terminal): Promise<ExplainRewrites> {
  const { config: file, policy, namespace = 'default' } = flags;
  if (policy === undefined) return async () => undefined;
  const { config } = await configured({ config: file, policy }, terminal);
  const { context } = await compose(config, {});
  const { policies } = context;
  return async ({ ok, text }, lookUp) => {
    const parsed = parseReference(text);
    if (!ok || !parsed.ok) return undefined;
    const { reference } = parsed;
    const rewrites: RewriteStep[] = [];
    for (const step of rewriteStepsOf(reference, { policies, kinds: context.kinds, namespace })) {
      const row = rowOf(step, policies, await outcomeOf(step, lookUp));
      rewrites.push(row);
      // The next step begins with the new name.
      if (row.applies === 'no' || (row.applies === 'unknown' && lookUp !== undefined)) break;
    }
    return { rewrites, mirror: await mirrorRow(nameAtEnd(reference, rewrites), { context, namespace, lookUp }) };
  };
}

/** The name that the image gets, or has. */
function nameAtEnd(image: ImageReference, steps: readonly RewriteStep[]): ImageReference {
  const parsed = parseReference(steps.findLast(({ applies }) => applies === 'yes')?.to ?? '');
  return parsed.ok ? parsed.reference : image;
}

type StepOutcome = Pick<RewriteStep, 'applies' | 'reason'>;

async function outcomeOf(
  { to, from, scopeUnknown, rewrite: { when, mode } }: Step,
  lookUp: LookUpImage | undefined,
): Promise<StepOutcome> {
  if (scopeUnknown !== undefined) return { applies: 'unknown', reason: scopeUnknown };
  if (!to.ok) return { applies: 'no', reason: to.problem };
  if (mode === 'warn') return { applies: 'no', reason: 'the policy only warns' };
  if (when === 'always') return APPLIES;
  if (lookUp === undefined) return { applies: 'unknown', reason: 'no registry is queried (add --resolve)' };
  const origin = when === 'originUnavailable' ? await lookUp({ reference: from, by: 'image' }) : undefined;
  if (origin?.state === 'yes') return { applies: 'no', reason: `${from.domain} has the image` };
  const target = await lookUp({ reference: to.reference, by: 'image' });
  return target.state === 'yes' ? APPLIES : { applies: target.state, reason: target.failure.message };
}

const APPLIES: StepOutcome = { applies: 'yes', reason: null };

function rowOf({ policy, rewrite, from, to }: Step, policies: readonly Policy[], outcome: StepOutcome): RewriteStep {
  const entries = policies.find(({ name }) => name === policy)?.rewrites ?? [];
  const { rewriting, when, mode } = rewrite;
  return {
    policy,
    entry: entries.indexOf(rewrite) + 1,
    pattern: { from: rewriting.from.text, to: rewriting.to.text },
    when,
    mode,
    from: from.text,
    to: to.ok ? to.reference.text : null,
    ...outcome,
  };
}

const LABELS = { yes: 'rewritten', no: 'kept', unknown: 'may become' } as const;
const WIDTH = 'repository'.length;

/** Lines below those about the reference, each after a line break. */
export function rewriteText(names: ImageNames | undefined): string {
  if (names === undefined) return '';
  const { rewrites, mirror } = names;
  const steps =
    rewrites.length === 0 ? line('rewritten', 'no policy rewrites the image') : rewrites.map(stepText).join('');
  const lines = mirror === null ? [] : mirrorLines(mirror);
  return `${steps}${lines.map(([label, text]) => line(label, text)).join('')}`;
}

function stepText({ policy, entry, pattern, when, from, to, applies, reason }: RewriteStep): string {
  const name = applies === 'no' || to === null ? from : `${from} -> ${to}`;
  const why = reason === null ? '' : `; ${applies === 'no' ? 'not rewritten' : 'not known'}: ${reason}`;
  return (
    line(LABELS[applies], name) +
    line('', `policy ${policy}, entry ${entry}: ${pattern.from} -> ${pattern.to}, when ${when}${why}`)
  );
}

function line(label: string, text: string): string {
  return `\n  ${label.padEnd(WIDTH)}  ${text}`;
}
