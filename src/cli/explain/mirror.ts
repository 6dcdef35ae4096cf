/** `tidewaiter explain image --policy`: an image at a mirror and its original, compared by the rule `mirror-differs`. */
import type { Context, ImageLookup } from '../../admission/context.ts';
import { originalImages } from '../../admission/rewrite/original-images.ts';
import { podWithImage } from '../../admission/rewrite/steps-of-image.ts';
import { validate } from '../../admission/validate.ts';
import type { ImageReference } from '../../image/reference.ts';
import { readPolicy } from '../../policy/document.ts';
import type { Policy } from '../../policy/policy.ts';
import type { RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import { mirrorDiffers } from '../../policy/rules/mirror-differs.ts';

export type LookUpImage = (lookup: Pick<ImageLookup, 'reference' | 'by'>) => Promise<RegistryFact<RegistryImage>>;

/** `mirror` in the JSON. */
export interface MirrorRow {
  /** The name at the mirror. */
  readonly image: string;
  /** null: unknown. */
  readonly original: string | null;
  /** null: not compared, because no registry is queried. */
  readonly state: 'same' | 'mirror-differs' | 'unknown' | null;
  /** null: the same image, or not compared. */
  readonly message: string | null;
}

interface MirrorInput {
  readonly context: Context;
  readonly namespace: string;
  /** undefined: no registry is queried. */
  readonly lookUp: LookUpImage | undefined;
}

/** Returns null for an image that no rewrite leads to. */
export async function mirrorRow(
  image: ImageReference,
  { context, namespace, lookUp }: MirrorInput,
): Promise<MirrorRow | null> {
  const pod = podWithImage(image, { ...context, namespace });
  const [original] = pod === undefined ? [] : originalImages(pod, context.policies).values();
  if (pod === undefined || original === undefined) return null;
  const row = { image: image.text, original: null, state: 'unknown', message: null } as const;
  if (original.state === 'unknown') return { ...row, message: original.reason };
  const { text, repository } = original.value;
  if (repository === image.repository) return null;
  if (lookUp === undefined) return { ...row, original: text, state: null };
  const { name, workload } = pod;
  const { object, type } = workload;
  const request = { ...pod, uid: '', name, namespace, object, type, pluginsRan: true, mutateRan: true };
  const world = { images: { lookUp } };
  const policies = [...context.policies.map(withoutRules), comparison(context)];
  const decision = await validate(request, { ...context, policies, world }, new AbortController().signal);
  const [finding] = decision.outcome === 'evaluated' ? decision.findings : [];
  if (finding === undefined) return { ...row, original: text, state: 'same' };
  const state = finding.outcome === 'violation' ? 'mirror-differs' : 'unknown';
  return { ...row, original: text, state, message: finding.message };
}

/** The rewrites decide what the original is. */
function withoutRules(policy: Policy): Policy {
  return { ...policy, bindings: [], needs: new Set() };
}

function comparison({ kinds }: Context): Policy {
  const document = {
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'mirror' },
    spec: { rules: [{ rule: mirrorDiffers.name }] },
  };
  const read = readPolicy(document, { rules: [mirrorDiffers], kinds });
  if (!read.ok) throw new Error(`the policy is invalid: ${JSON.stringify(read.faults)}`);
  return read.policy;
}

const TEXTS = { same: 'the mirror has the same image', none: 'not compared with the mirror (add --resolve)' } as const;

/** The lines below those of the rewrites. */
export function mirrorLines({
  original,
  state,
  message,
}: MirrorRow): readonly (readonly [label: string, text: string])[] {
  return [
    ['original', original ?? 'not known'],
    ['', message ?? (state === 'same' ? TEXTS.same : TEXTS.none)],
  ];
}
