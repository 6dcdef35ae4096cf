/** `spec.pullPolicy` of a policy: the pull policy that containers get. */
import { parsePatterns } from '../image/pattern-list.ts';
import type { ImageReference } from '../image/reference.ts';
import { strings } from './document-schema.ts';
import { PIN_MODES, type PinMode } from './pin.ts';
import type { Report } from './selector-fault.ts';

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'] as const;
type PullPolicyName = (typeof PULL_POLICIES)[number];

export interface PullPolicyEntry {
  readonly covers: (image: ImageReference) => boolean;
  readonly set: PullPolicyName;
  readonly mode: PinMode;
}

export interface PullPolicyDocument {
  readonly images?: readonly string[];
  readonly digest?: boolean;
  readonly set: PullPolicyName;
  readonly mode?: PinMode;
}

export const PULL_POLICY_SCHEMA = {
  type: 'array',
  minItems: 1,
  description: 'Sets the pull policy of containers; of several entries that match, the first applies',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['set'],
    properties: {
      images: strings('Image patterns, compared with the image as it will run. By default, every image', {
        minItems: 1,
      }),
      digest: { type: 'boolean', description: 'true: only images with a digest; false: only images without one' },
      set: { enum: PULL_POLICIES, description: 'The pull policy' },
      mode: {
        enum: PIN_MODES,
        default: 'workload',
        description:
          'workload: objects without a controller, and new Pods; pod: only new Pods; warn: change nothing, add a warning with the pull policy',
      },
    },
  },
} as const;

/** `documents` must be valid by the schema. Leaves out entries with faults, which it reports. */
export function readPullPolicies(
  documents: readonly PullPolicyDocument[],
  at: string,
  report: Report,
): readonly PullPolicyEntry[] {
  return documents.flatMap(({ images, digest, set, mode = 'workload' }, index) => {
    const covers = images === undefined ? () => true : coverage(images, `${at}/${index}/images`, report);
    if (covers === undefined) return [];
    const hasWanted = (image: ImageReference): boolean =>
      digest === undefined || (image.digest !== undefined) === digest;
    return [{ covers: (image: ImageReference) => hasWanted(image) && covers(image), set, mode }];
  });
}

/** Returns undefined after it reports a fault. */
export function coverage(
  patterns: readonly string[],
  at: string,
  report: Report,
): ((image: ImageReference) => boolean) | undefined {
  const parsed = parsePatterns(patterns);
  if (parsed.ok) return (image) => parsed.patterns.match(image) !== undefined;
  for (const { index, problem } of parsed.faults) report(`${at}/${index}`, problem);
  return undefined;
}
