/** Mirror configurations of nodes, tried on the code of containerd and CRI-O. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Step } from '../../../src/admission/rewrite/chain.ts';
import { rewriteStepsOf } from '../../../src/admission/rewrite/steps-of-image.ts';
import { type ImageReference, parseReference } from '../../../src/image/reference.ts';
import { hostsToml, isWholeRegistry } from '../../../src/node/mirrors/hosts-toml.ts';
import { nodeEntries } from '../../../src/node/mirrors/moves.ts';
import { registriesConf } from '../../../src/node/mirrors/registries-conf.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import type { Running } from '../../oracle/go-program.ts';
import {
  type MirrorAnswer,
  mirrorOracleMissing,
  type MirrorQuestion,
  startMirrorOracle,
} from '../../oracle/mirrors/oracle.ts';
import { kinds, policyOf } from '../../policy/fixtures.ts';
import { describeWith } from '../../support/real-part.ts';

interface Case {
  readonly what: string;
  /** Entries of `spec.rewrite`. */
  readonly rewrite: readonly string[];
  readonly registries?: readonly string[];
  readonly image: string;
  /** `undefined`: only the registry of the image. */
  readonly containerd?: readonly string[];
  readonly crio?: readonly string[];
}

const DIGEST = `sha256:${'a'.repeat(64)}`;
const HUB = '{from: "docker.io/**", to: "mirror.example.com/hub/**"}';

const CASES: readonly Case[] = [
  {
    what: 'a mirror of Docker Hub, whose API is at another host',
    rewrite: [HUB],
    image: 'docker.io/library/nginx:1.27',
    containerd: [
      'https://mirror.example.com/v2/hub/library/nginx/manifests/1.27',
      'https://registry-1.docker.io/v2/library/nginx/manifests/1.27',
    ],
    crio: ['mirror.example.com/hub/library/nginx:1.27', 'docker.io/library/nginx:1.27'],
  },
  {
    what: 'an image with a digest',
    rewrite: [HUB],
    image: `docker.io/acme/web@${DIGEST}`,
    containerd: [
      `https://mirror.example.com/v2/hub/acme/web/manifests/${DIGEST}`,
      `https://registry-1.docker.io/v2/acme/web/manifests/${DIGEST}`,
    ],
    crio: [`mirror.example.com/hub/acme/web@${DIGEST}`, `docker.io/acme/web@${DIGEST}`],
  },
  {
    what: 'an image of another registry',
    rewrite: [HUB],
    image: 'quay.io/acme/web:1',
  },
  {
    what: 'always: not from the registry of the image',
    rewrite: ['{from: "quay.io/**", to: "mirror.example.com:5000/**", when: always}'],
    image: 'quay.io/acme/web:1',
    containerd: ['https://mirror.example.com:5000/v2/acme/web/manifests/1'],
    crio: ['mirror.example.com:5000/acme/web:1'],
  },
  {
    what: 'originUnavailable: the registry of the image comes first',
    rewrite: ['{from: "quay.io/**", to: "mirror.example.com/quay/**", when: originUnavailable}'],
    image: 'quay.io/acme/web:1',
    containerd: ['https://quay.io/v2/acme/web/manifests/1', 'https://mirror.example.com/v2/quay/acme/web/manifests/1'],
    crio: ['quay.io/acme/web:1', 'mirror.example.com/quay/acme/web:1'],
  },
  {
    what: 'a registry with a port',
    rewrite: ['{from: "old.example.com:5000/**", to: "new.example.com/**", when: always}'],
    image: 'old.example.com:5000/web:1',
    containerd: ['https://new.example.com/v2/web/manifests/1'],
    crio: ['new.example.com/web:1'],
  },
  {
    what: 'a mirror at Docker Hub',
    rewrite: ['{from: "quay.io/**", to: "docker.io/quaycopy/**"}'],
    image: 'quay.io/web:1',
    containerd: ['https://registry-1.docker.io/v2/quaycopy/web/manifests/1', 'https://quay.io/v2/web/manifests/1'],
    crio: ['docker.io/quaycopy/web:1', 'quay.io/web:1'],
  },
  {
    what: 'a path, which containerd cannot select',
    rewrite: ['{from: "quay.io/acme/*", to: "registry.example.com/quay/*"}'],
    image: 'quay.io/acme/web:1',
    crio: ['registry.example.com/quay/web:1', 'quay.io/acme/web:1'],
  },
  {
    what: 'a name that only begins like a path',
    rewrite: ['{from: "quay.io/acme/**", to: "registry.example.com/quay/**"}'],
    image: 'quay.io/acmecorp/web:1',
  },
  {
    what: 'one image',
    rewrite: ['{from: "nginx", to: "mirror.example.com/web-server", when: always}'],
    image: 'docker.io/library/nginx:1.27',
    crio: ['mirror.example.com/web-server:1.27'],
  },
  {
    what: 'a path before its registry: the longest prefix counts',
    rewrite: ['{from: "quay.io/acme/**", to: "a.example.com/**"}', '{from: "quay.io/**", to: "b.example.com/**"}'],
    image: 'quay.io/acme/web:1',
    containerd: ['https://b.example.com/v2/acme/web/manifests/1', 'https://quay.io/v2/acme/web/manifests/1'],
    crio: ['a.example.com/web:1', 'quay.io/acme/web:1'],
  },
  {
    what: 'a registry before its path: the path is never reached',
    rewrite: ['{from: "quay.io/**", to: "b.example.com/**"}', '{from: "quay.io/acme/**", to: "a.example.com/**"}'],
    image: 'quay.io/acme/web:1',
    containerd: ['https://b.example.com/v2/acme/web/manifests/1', 'https://quay.io/v2/acme/web/manifests/1'],
    crio: ['b.example.com/acme/web:1', 'quay.io/acme/web:1'],
  },
  {
    what: 'rewrites that follow each other',
    rewrite: [HUB, '{from: "mirror.example.com/**", to: "near.example.com/all/**"}'],
    image: 'docker.io/acme/web:1',
    containerd: [
      'https://near.example.com/v2/all/hub/acme/web/manifests/1',
      'https://mirror.example.com/v2/hub/acme/web/manifests/1',
      'https://registry-1.docker.io/v2/acme/web/manifests/1',
    ],
    crio: ['near.example.com/all/hub/acme/web:1', 'mirror.example.com/hub/acme/web:1', 'docker.io/acme/web:1'],
  },
  {
    what: 'rewrites that follow each other for a part of the images',
    rewrite: [HUB, '{from: "mirror.example.com/hub/acme/**", to: "near.example.com/**"}'],
    image: 'docker.io/acme/web:1',
  },
  {
    what: 'a "**" that includes the registry',
    rewrite: ['{from: "**", to: "cache.example.com/**"}'],
    registries: ['ghcr.io'],
    image: 'ghcr.io/acme/web:1',
    containerd: [
      'https://cache.example.com/v2/ghcr.io/acme/web/manifests/1',
      'https://ghcr.io/v2/acme/web/manifests/1',
    ],
    crio: ['cache.example.com/ghcr.io/acme/web:1', 'ghcr.io/acme/web:1'],
  },
  {
    what: 'a "**" for another registry',
    rewrite: ['{from: "**", to: "cache.example.com/**"}'],
    registries: ['quay.io'],
    image: 'ghcr.io/acme/web:1',
  },
  {
    what: 'an image that is at the mirror already',
    rewrite: ['{from: "**", to: "cache.example.com/**"}'],
    registries: ['ghcr.io', 'cache.example.com'],
    image: 'cache.example.com/ghcr.io/acme/web:1',
  },
  {
    what: 'a mirror in the same registry, whose images would be rewritten again',
    rewrite: ['{from: "quay.io/**", to: "quay.io/mirror/**"}'],
    image: 'quay.io/mirror/web:1',
  },
  {
    what: 'images that have the new name already',
    rewrite: ['{from: "quay.io/acme/**", to: "quay.io/**"}'],
    image: 'quay.io/acme/web:1',
  },
  { what: 'tags', rewrite: ['{from: "quay.io/**:1.*", to: "a.example.com/**"}'], image: 'quay.io/web:1.2' },
  {
    what: 'a wildcard in a host',
    rewrite: ['{from: "*.example.com/**", to: "a.example.org/*/**"}'],
    image: 'b.example.com/web:1',
  },
  {
    what: 'a wildcard inside of a name',
    rewrite: ['{from: "quay.io/*/web", to: "a.example.com/*"}'],
    image: 'quay.io/x/web:1',
  },
  {
    what: 'a part of a segment',
    rewrite: ['{from: "quay.io/acme-*", to: "a.example.com/*"}'],
    image: 'quay.io/acme-web:1',
  },
  {
    what: 'an entry that only warns, and hides the next one',
    rewrite: [
      '{from: "quay.io/**", to: "a.example.com/**", mode: warn}',
      '{from: "ghcr.io/**", to: "b.example.com/**", when: always}',
    ],
    image: 'quay.io/web:1',
  },
];

describeWith(mirrorOracleMissing, 'mirror configurations of nodes', () => {
  let oracle: Running<MirrorQuestion, MirrorAnswer> | undefined;
  beforeAll(async () => {
    oracle = await startMirrorOracle();
  }, 300_000);
  afterAll(() => oracle?.close());

  async function sourcesOf(
    policies: readonly Policy[],
    registries: readonly string[],
    image: string,
  ): Promise<MirrorAnswer | undefined> {
    const moves = nodeEntries(policies, registries).flatMap((entry) => entry.moves);
    const files = hostsToml(moves.filter(isWholeRegistry));
    const containerd = Object.fromEntries(files.map(({ path, text }) => [path, text]));
    return (await oracle?.ask([{ containerd, crio: registriesConf(moves), image }]))?.[0];
  }

  test.each(CASES)('$what', async ({ rewrite, registries = [], image, containerd, crio }) => {
    const policy = policyOf(`{rewrite: [${rewrite.join(', ')}]}`);
    const unchanged = await sourcesOf([], [], image);
    expect(await sourcesOf([policy], registries, image)).toEqual({
      containerd: containerd ?? unchanged?.containerd,
      crio: crio ?? [image],
    });
  });

  const host = fc.constantFrom('a.example.com', 'b.example.com', 'c.example.com:5000', 'docker.io');
  const directories = fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 });
  const name = fc.tuple(host, directories).map(([registry, path]) => [registry, ...path].join('/'));
  const entry = fc.record({
    from: name.map((prefix) => `${prefix}/**`),
    to: name.map((prefix) => `${prefix}/**`),
    when: fc.constantFrom('available', 'always', 'originUnavailable'),
  });

  test('nodes try the names that the webhook tries, in the same order, unless an entry has a note', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 3 }), name, async (rewrite, image) => {
        const policy = loaded(JSON.stringify({ rewrite }));
        if (policy === undefined) return;
        const entries = nodeEntries([policy], []);
        if (entries.some(({ problems, differences }) => problems.length + differences.length > 0)) return;
        const parsed = parseReference(`${image}/p/z:1`);
        if (!parsed.ok) return;
        const steps = rewriteStepsOf(parsed.reference, { policies: [policy], kinds, namespace: 'shop' });
        expect((await sourcesOf([policy], [], parsed.reference.text))?.crio).toEqual(
          wanted(parsed.reference, steps).map(({ text }) => text),
        );
        compared += steps.length;
      }),
      { numRuns: 1500 },
    );
    expect(compared).toBeGreaterThan(50);
  });
});

/** A cycle is a load error. */
function loaded(spec: string): Policy | undefined {
  try {
    return policyOf(spec);
  } catch {
    return undefined;
  }
}

/** The names that the webhook would try, the first that exists decides. */
function wanted(image: ImageReference, [step, ...rest]: readonly Step[]): readonly ImageReference[] {
  if (step === undefined || !step.to.ok) return [image];
  const next = wanted(step.to.reference, rest);
  if (step.rewrite.when === 'always') return next;
  return step.rewrite.when === 'available' ? [...next, image] : [image, ...next];
}
