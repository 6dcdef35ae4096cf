/** `spec.pin` of a policy: the images to pin, and the action if an image cannot be pinned. */
import { parsePatterns } from '../image/pattern-list.ts';
import { type PatternSet } from '../image/pattern.ts';
import { quoteValue } from '../image/quote.ts';
import type { ImageReference } from '../image/reference.ts';
import { trusted } from '../image/trusted.ts';
import { strings } from './document-schema.ts';
import { parseDurationMs } from '../go/duration.ts';
import { type FailureActions, failureActionsSchema, readFailureActions } from './failure-actions.ts';
import type { RegistryCause } from './registry-fact.ts';
import type { Report } from './selector-fault.ts';

/**
 * `workload`: objects that no controller owns, and new Pods. `pod`: only new Pods, so that stored workloads do not change.
 * `warn`: no change; a warning contains the digest.
 */
export const PIN_MODES = ['workload', 'pod', 'warn'] as const;
export type PinMode = (typeof PIN_MODES)[number];

/** The action if an image cannot be pinned: none, a warning, or a denial. */
export const PIN_FAILURE_ACTIONS = ['allow', 'warn', 'deny'] as const;
export type PinFailureAction = (typeof PIN_FAILURE_ACTIONS)[number];

export interface Pin {
  covers(reference: ImageReference): boolean;
  readonly onFailure: (cause: RegistryCause) => PinFailureAction;
  /** Maximum age of a known digest if the registry is unavailable, in milliseconds. 0: never use one. */
  readonly staleMs: number;
  readonly mode: PinMode;
  /** Records the original image in an annotation of the object, for readers and for restarts. */
  readonly annotate: boolean;
}

export interface PinDocument {
  readonly images?: readonly string[];
  readonly exclude?: readonly string[];
  readonly onFailure?: FailureActions<PinFailureAction>;
  readonly stale?: string;
  readonly mode?: PinMode;
  readonly annotate?: boolean;
}

export const PIN_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  description: 'Adds the digest from the registry to each image with a tag; an image with a digest is not changed',
  properties: {
    images: strings('Image patterns: the images to pin. By default, every image', { minItems: 1 }),
    exclude: strings('Image patterns: the images not to pin'),
    onFailure: failureActionsSchema({
      actions: PIN_FAILURE_ACTIONS,
      default: 'warn',
      description: 'Action if an image cannot be pinned: one action for all causes, or a map from cause to action',
    }),
    stale: {
      type: 'string',
      hint: 'a duration in h, m, and s, for example 24h or 1h30m',
      default: '0s',
      description:
        'Maximum age of a known digest that is used if the registry is unavailable, for example 24h; 0s disables this',
    },
    mode: {
      enum: PIN_MODES,
      default: 'workload',
      description:
        'workload: objects without a controller, and new Pods; pod: only new Pods; warn: change nothing, add a warning with the digest',
    },
    annotate: {
      type: 'boolean',
      default: false,
      description: 'Record the original image in the annotation tidewaiter.dev/original-images of the object',
    },
  },
} as const;

/** `document` must be valid by the schema. Returns `undefined` after it reports a fault. */
export function readPin(document: PinDocument, at: string, report: Report): Pin | undefined {
  const covers = coverageOf(document, at, report);
  const { stale = '0s', mode = 'workload', annotate = false, onFailure = 'warn' } = document;
  const staleMs = parseDurationMs(stale);
  if (staleMs === undefined)
    report(
      `${at}/stale`,
      `${quoteValue(stale)} is not a duration; use the units h, m, and s, for example 24h or 1h30m`,
    );
  if (covers === undefined || staleMs === undefined) return undefined;
  return { covers, onFailure: readFailureActions(onFailure, 'warn'), staleMs, mode, annotate };
}

function coverageOf(
  { images = EVERY_IMAGE, exclude = [] }: PinDocument,
  at: string,
  report: Report,
): Pin['covers'] | undefined {
  const wanted = patternsAt(images, `${at}/images`, report);
  const unwanted = patternsAt(exclude, `${at}/exclude`, report);
  if (wanted === undefined || unwanted === undefined) return undefined;
  const isWanted = images.includes('**') ? () => true : (image: ImageReference) => wanted.match(image) !== undefined;
  if (unwanted.size === 0) return isWanted;
  return (reference) => isWanted(reference) && trusted(unwanted, reference) === undefined;
}

const EVERY_IMAGE: readonly string[] = ['**'];

function patternsAt(texts: readonly string[], at: string, report: Report): PatternSet | undefined {
  const parsed = parsePatterns(texts);
  if (parsed.ok) return parsed.patterns;
  for (const { index, problem } of parsed.faults) report(`${at}/${index}`, problem);
  return undefined;
}

/** Returns why the policy never pins an image, if the document alone proves it. */
export function findDeadPin({ images = EVERY_IMAGE, exclude = [] }: PinDocument): string | undefined {
  const swallowed = exclude.includes('**') || images.every((pattern) => exclude.includes(pattern));
  return swallowed ? 'pins nothing: "exclude" removes every image in "images"' : undefined;
}
