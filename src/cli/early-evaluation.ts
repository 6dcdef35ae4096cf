/** Evaluates objects while the files are read, so that their content does not stay in memory (figures: test/bench/README.md). */
import { type AsRunOptions, decideAsRun, type DecisionAsRun } from '../admission/as-run.ts';
import { changesAsRun } from '../admission/changes-as-run.ts';
import type { Context } from '../admission/context.ts';
import { validate } from '../admission/validate.ts';
import { isClusterObject } from '../files/cluster-objects.ts';
import type { Manifest } from '../files/manifests.ts';
import type { Policy } from '../policy/policy.ts';
import { isUnchecked } from '../files/unchecked-objects.ts';
import { changeRowsOf } from './changes-as-run.ts';
import { type ObjectRows, rowsOf } from './object-rows.ts';
import { needsMirror } from './open-registry.ts';

export interface EarlyEvaluation {
  /** Returns what is left of an object that was evaluated; the object itself if its turn comes later. */
  readonly settle: (manifest: Manifest) => Manifest;
  /** Hands over the rows of an object that was evaluated. */
  readonly takeRows: (manifest: Manifest) => ObjectRows | undefined;
}

/**
 * Objects are evaluated at once if policies need no facts, without those that others, or the notices, depend on. `asRun` as in `evaluateFiles`.
 */
export function earlyEvaluation(context: Context, asRun?: AsRunOptions): EarlyEvaluation | undefined {
  if (!isDecidedAlone(context)) return undefined;
  const settled = new Map<Manifest, ObjectRows>();
  return {
    settle(manifest) {
      if (settled.has(manifest) || isLater(manifest, context)) return manifest;
      const rows = rowsAtOnce(manifest, context, asRun);
      if (rows === undefined) return manifest;
      const left = leftOf(manifest, rows);
      settled.set(left, rows);
      return left;
    },
    takeRows(manifest) {
      const rows = settled.get(manifest);
      settled.delete(manifest);
      return rows;
    },
  };
}

/** Reports whether other objects, registries, and clusters decide nothing about an object. */
export function isDecidedAlone({ policies }: Pick<Context, 'policies'>): boolean {
  return policies.every((policy) => policy.needs.size === 0 && !looksUpChanges(policy));
}

/** Digests, names that a registry must have, and pull secrets that must exist. */
function looksUpChanges(policy: Policy): boolean {
  return policy.pin !== undefined || policy.addedPullSecrets !== undefined || needsMirror(policy);
}

/** undefined: the object is malformed, or something about it is unknown. */
function rowsAtOnce(manifest: Manifest, context: Context, asRun: AsRunOptions | undefined): ObjectRows | undefined {
  const { request } = manifest;
  const decision: DecisionAsRun | Promise<DecisionAsRun> =
    asRun === undefined
      ? validate(request, context, NEVER)
      : decideAsRun(request, context, { ...asRun, signal: NEVER });
  if (decision instanceof Promise || decision.outcome === 'malformed') return undefined;
  const rows = rowsOf(manifest, decision, context);
  if (decision.asRun === undefined) return rows;
  const found = changesAsRun(decision.asRun, context, NEVER);
  if (found instanceof Promise || found.undecided.length > 0) return undefined;
  return { ...rows, changes: changeRowsOf(manifest, found.changes) };
}

/** Recorded reviews and the files of other tools are few, and evaluated in another way. */
function isLater(manifest: Manifest, { kinds }: Context): boolean {
  const isOther = manifest.isRecorded === true || manifest.imagesOnly === true;
  return isOther || isClusterObject(manifest) || isUnchecked(manifest, kinds);
}

const NEVER = new AbortController().signal;

function leftOf(manifest: Manifest, { images }: ObjectRows): Manifest {
  const { file, document, request } = manifest;
  const place = manifest.placeOf('');
  return {
    file,
    document,
    request: { ...request, object: undefined },
    setsImage: images.some(({ image }) => image !== ''),
    placeOf: () => place,
  };
}
