/** Evaluates the rest of an object of a custom kind with values that its CRD may allow in another version. */
import type { Decision } from '../admission/validate.ts';
import type { Manifest } from '../files/manifests.ts';
import { misshapenObjects, type MisshapenValue, readableManifest } from '../files/misshapen-objects.ts';
import type { InputNotice } from '../files/skipped-files.ts';
import { uncheckedNotices } from '../files/unchecked-objects.ts';
import type { KindTable } from '../pod/kinds.ts';

export interface DecidedManifest<D extends Decision> {
  readonly manifest: Manifest;
  readonly decision: D;
}

export interface MisshapenObjects {
  /** Decides again, without the misshapen values, if the object is malformed only because of them. */
  decided<D extends Decision>(
    one: DecidedManifest<D>,
    decide: (manifest: Manifest) => D | Promise<D>,
  ): Promise<DecidedManifest<D>>;
  /** One for each kind. */
  notices(): readonly InputNotice[];
}

/** Without `kinds`, all malformed objects stay malformed. */
export function createMisshapenObjects(kinds: KindTable | undefined): MisshapenObjects {
  const all: MisshapenValue[] = [];
  return {
    async decided(one, decide) {
      if (kinds === undefined || one.decision.outcome !== 'malformed') return one;
      const found = readableManifest(one.manifest, kinds);
      if (found === undefined) return one;
      all.push(...found.skipped);
      return { manifest: found.readable, decision: await decide(found.readable) };
    },
    notices: () => uncheckedNotices(misshapenObjects(all), 'evaluated'),
  };
}
