/** The rows about what policies change in the objects of `check`, and the notice about what it cannot know. */
import type { ChangesAsRun, ContainerChange } from '../admission/changes-as-run.ts';
import type { Manifest } from '../files/manifests.ts';
import type { InputNotice } from '../files/skipped-files.ts';
import { PIN } from '../policy/change-rules.ts';
import type { Finding } from '../policy/finding.ts';
import { count } from '../report/paint.ts';
import type { ChangeRow } from '../report/rows.ts';
import { place } from './object-rows.ts';

export function changeRowsOf(manifest: Manifest, changes: readonly ContainerChange[]): readonly ChangeRow[] {
  return changes.map(({ container = null, imagePointer, from, to, pullSecrets, pullPolicy = null, policies }) => ({
    ...place(manifest, imagePointer),
    container,
    pointer: imagePointer,
    from,
    to,
    pullSecrets,
    pullPolicy,
    policies,
  }));
}

export interface UndecidedChanges {
  add(undecided: ChangesAsRun['undecided'], file: string): void;
  /** At most one: it is about all objects. */
  notices(): readonly InputNotice[];
}

/** Images that are only not pinned run under the same name, and rules about digests report them. */
export function createUndecidedChanges(): UndecidedChanges {
  const numbers = { registry: 0, cluster: 0 };
  let first: string | undefined;
  return {
    add(findings, file) {
      for (const { undecided } of findings.filter(({ rule }) => rule !== PIN)) {
        first ??= file;
        numbers[sourceOf(undecided)] += 1;
      }
    },
    notices() {
      if (first === undefined) return [];
      const { registry, cluster } = numbers;
      const parts = [
        ...(registry === 0
          ? []
          : [`whether ${count(registry, 'image')} would get another name, because registries are not queried`]),
        ...(cluster === 0
          ? []
          : [`${count(cluster, 'change')} of policies, because objects of the cluster are not known`]),
      ];
      const message = `cannot determine ${parts.join(', and ')}; objects are checked as written`;
      return [{ file: first, line: null, column: null, message }];
    },
  };
}

function sourceOf(undecided: Finding['undecided']): 'registry' | 'cluster' {
  return undecided === 'not-queried' ? 'registry' : 'cluster';
}
