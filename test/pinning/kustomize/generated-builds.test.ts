/** `pin --write` on trees of kustomizations: what `kubectl kustomize` builds then runs what it built before, by its digest. */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { pinTree, removeTrees } from '../../support/kustomize.ts';
import { kustomizeTree } from '../../support/kustomize-trees.ts';
import { kubectlMissing } from '../../support/kubectl.ts';
import { describeWith } from '../../support/real-part.ts';

afterAll(removeTrees);

describeWith(kubectlMissing, 'kubectl kustomize', () => {
  test('runs, after pin, the digests of what it ran before', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(kustomizeTree, async (files) => {
        const pinned = await pinTree(files, ['base', 'one', 'two', 'top']);
        fc.pre(pinned !== undefined);
        const wrong = Object.values(pinned.builds)
          .flat()
          .filter((one) => one !== 'right' && one !== 'left');
        expect(wrong).toEqual([]);
        // What is deployed is pinned, or it is said that it is not.
        const left = [pinned.builds['two'], pinned.builds['top']].flat().includes('left');
        expect(left && pinned.code === 0).toBe(false);
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });
});
