/** `spec.rewrite` of a policy: images that run from another registry, usually a mirror. */
import { includesPattern } from '../image/inclusion.ts';
import { canOverlap } from '../image/overlap.ts';
import { parseRewriting, type Rewriting, rewritingCycle } from '../image/rewriting.ts';
import type { DeadClause } from './dead-clauses.ts';
import { type FailureActions, failureActionsSchema, readFailureActions } from './failure-actions.ts';
import { PIN_MODES, type PinMode } from './pin.ts';
import type { RegistryCause } from './registry-fact.ts';
import type { Report } from './selector-fault.ts';

/**
 * `available`: the new registry has the image. `always`: without a lookup. `originUnavailable`: the registry of the image does
 * not return it, and the new registry has it.
 */
export const REWRITE_CONDITIONS = ['available', 'always', 'originUnavailable'] as const;
export type RewriteCondition = (typeof REWRITE_CONDITIONS)[number];

/** What happens to an image that stays as written because a lookup failed. */
export const REWRITE_FAILURE_ACTIONS = ['keep', 'warn', 'deny'] as const;
export type RewriteFailureAction = (typeof REWRITE_FAILURE_ACTIONS)[number];

export interface Rewrite {
  readonly rewriting: Rewriting;
  readonly when: RewriteCondition;
  readonly onFailure: (cause: RegistryCause) => RewriteFailureAction;
  readonly mode: PinMode;
  /** Records the original image in an annotation of the object. */
  readonly annotate: boolean;
}

export interface RewriteDocument {
  readonly from: string;
  readonly to: string;
  readonly when?: RewriteCondition;
  readonly onFailure?: FailureActions<RewriteFailureAction>;
  readonly mode?: PinMode;
  readonly annotate?: boolean;
}

export const REWRITE_SCHEMA = {
  type: 'array',
  minItems: 1,
  description: 'Changes the names of images, for example to a mirror; of several entries that match, the first applies',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['from', 'to'],
    properties: {
      from: {
        type: 'string',
        minLength: 1,
        description: 'Image pattern: the images to rewrite. A "**" at the start includes the registry',
      },
      to: {
        type: 'string',
        minLength: 1,
        description:
          'The new name, with the wildcards of "from" in the same order; tag and digest stay as written. An image that matches it is not rewritten',
      },
      when: {
        enum: REWRITE_CONDITIONS,
        default: 'available',
        description:
          'available: if the new registry has the image, with its digest if it has one; always: without a lookup; originUnavailable: if the registry of the image does not return it and the new registry does',
      },
      onFailure: failureActionsSchema({
        actions: REWRITE_FAILURE_ACTIONS,
        default: 'keep',
        description:
          'What happens if the new registry does not return the image: keep: the image stays as written; warn: also a warning; deny: a denial',
      }),
      mode: {
        enum: PIN_MODES,
        default: 'workload',
        description:
          'workload: objects without a controller, and new Pods; pod: only new Pods; warn: change nothing, add a warning with the new name',
      },
      annotate: {
        type: 'boolean',
        default: false,
        description: 'Record the original image in the annotation tidewaiter.dev/original-images of the object',
      },
    },
  },
} as const;

/** `documents` must be valid by the schema. Leaves out entries with faults, which it reports. */
export function readRewrites(documents: readonly RewriteDocument[], at: string, report: Report): readonly Rewrite[] {
  const read = documents.flatMap((document, index) => {
    const parsed = parseRewriting(document.from, document.to);
    if (parsed.ok) return [{ index, rewrite: rewriteOf(parsed.rewriting, document) }];
    report(`${at}/${index}/${parsed.at}`, parsed.problem);
    return [];
  });
  const cycle = rewritingCycle(read.map(({ rewrite }) => rewrite.rewriting));
  const first = read[cycle?.[0] ?? -1];
  if (cycle !== undefined && first !== undefined) {
    report(`${at}/${first.index}`, cycleProblem(cycle.flatMap((place) => documents[read[place]?.index ?? -1] ?? [])));
  }
  return read.map(({ rewrite }) => rewrite);
}

/** Finds entries that change no image, if the entries alone prove it. */
export function findDeadRewrites(rewrites: readonly Rewrite[]): readonly DeadClause[] {
  return rewrites.flatMap(({ rewriting }, index) => {
    const problem = deadProblem(rewriting, rewrites.slice(0, index));
    return problem === undefined ? [] : [{ pointer: `/spec/rewrite/${index}`, problem }];
  });
}

function deadProblem({ from, to }: Rewriting, before: readonly Rewrite[]): string | undefined {
  if (includesPattern(to, from)) return 'changes nothing: "to" matches every image that "from" matches';
  // An image that is already at the target of an entry is left to the next ones.
  const first = before.findIndex(
    ({ rewriting }) => includesPattern(rewriting.from, from) && !canOverlap(rewriting.to, from),
  );
  return first === -1
    ? undefined
    : `never applies: entry ${first + 1} comes first and matches every image that its "from" matches`;
}

function rewriteOf(rewriting: Rewriting, document: RewriteDocument): Rewrite {
  const { when = 'available', mode = 'workload', annotate = false, onFailure = 'keep' } = document;
  return { rewriting, when, onFailure: readFailureActions(onFailure, 'keep'), mode, annotate };
}

export function cycleProblem(cycle: readonly Pick<RewriteDocument, 'from' | 'to'>[]): string {
  const steps = cycle.map(({ from, to }) => `${from} -> ${to}`);
  return `the rewrites would follow each other without end: ${steps.join(', ')}; narrow one of them, so that no image returns`;
}
