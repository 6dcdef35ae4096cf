/** Evaluates objects while the files are read, so that their content does not stay in memory (figures: test/bench/README.md). */
import type { Context } from '../admission/context.ts';
import { validate } from '../admission/validate.ts';
import { isClusterObject } from '../files/cluster-objects.ts';
import type { Manifest } from '../files/manifests.ts';
import { changesObjects } from '../policy/plan.ts';
import { isUnchecked } from '../files/unchecked-objects.ts';
import { type ObjectRows, rowsOf } from './object-rows.ts';

export interface EarlyEvaluation {
  /** Returns what is left of an object that was evaluated; the object itself if its turn comes later. */
  readonly settle: (manifest: Manifest) => Manifest;
  /** Hands over the rows of an object that was evaluated. */
  readonly takeRows: (manifest: Manifest) => ObjectRows | undefined;
}

/** Objects whose policies need no facts and change nothing are evaluated at once, without those that others, or the notices, depend on. */
export function earlyEvaluation(context: Context): EarlyEvaluation | undefined {
  if (!isDecidedAlone(context)) return undefined;
  const settled = new Map<Manifest, ObjectRows>();
  return {
    settle(manifest) {
      if (settled.has(manifest) || isLater(manifest, context)) return manifest;
      const decision = validate(manifest.request, context, NEVER);
      if (decision instanceof Promise || decision.outcome === 'malformed') return manifest;
      const rows = rowsOf(manifest, decision, context);
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
  return policies.every(({ needs }) => needs.size === 0) && !changesObjects(policies);
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
