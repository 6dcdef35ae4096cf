/** `explain image --policy`: the names that policies give an image. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type RewriteStep, rewritesExplainer, rewriteText } from '../../../src/cli/explain/rewrites.ts';
import type { RegistryFact, RegistryImage } from '../../../src/policy/registry-fact.ts';
import { runCommand } from '../../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-rewrites-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = path.join(folder, 'mirror.yaml');
writeFileSync(
  file,
  `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: mirror}
spec:
  match: {namespaces: [default, shop]}
  rewrite:
    - {from: "docker.io/**", to: "near.example.com/hub/**", when: always}
    - {from: "near.example.com/hub/library/*", to: "nearer.example.com/*"}
    - {from: "ghcr.io/**", to: "near.example.com/ghcr/**", when: originUnavailable}
    - {from: "**:test", to: "near.example.com/all/**", when: always}
    - {from: "quay.io/*/web", to: "near.example.com/*", mode: warn}
    - {from: "old.example.com/**", to: "near.example.com/ghcr/**"}
---
apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: labelled}
spec:
  match: {namespaceSelector: {matchLabels: {mirror: "yes"}}}
  rewrite: [{from: "registry.k8s.io/**", to: "near.example.com/k8s/**"}]
`,
);

interface Case {
  readonly what: string;
  readonly image: string;
  /** The images that registries have; undefined: no registry is queried. */
  readonly registry?: readonly string[];
  readonly steps: readonly string[] | undefined;
}

const CASES: readonly Case[] = [
  { what: 'no policy', image: 'evil.io/x:1', steps: [] },
  { what: 'an invalid reference', image: 'a b', steps: undefined },
  {
    what: 'two steps, of which one needs a registry',
    image: 'nginx:1',
    steps: [
      'mirror 1 always: nginx:1 -> near.example.com/hub/library/nginx:1 yes',
      'mirror 2 available: near.example.com/hub/library/nginx:1 -> nearer.example.com/nginx:1 unknown (no registry is queried (add --resolve))',
    ],
  },
  {
    what: 'two steps, with a registry that has the image',
    image: 'nginx:1',
    registry: ['nearer.example.com/nginx:1'],
    steps: [
      'mirror 1 always: nginx:1 -> near.example.com/hub/library/nginx:1 yes',
      'mirror 2 available: near.example.com/hub/library/nginx:1 -> nearer.example.com/nginx:1 yes',
    ],
  },
  {
    what: 'a registry that does not have the image',
    image: 'nginx:1',
    registry: [],
    steps: [
      'mirror 1 always: nginx:1 -> near.example.com/hub/library/nginx:1 yes',
      'mirror 2 available: near.example.com/hub/library/nginx:1 -> nearer.example.com/nginx:1 no (not there)',
    ],
  },
  {
    what: 'an origin that has the image',
    image: 'ghcr.io/a/b:1',
    registry: ['ghcr.io/a/b:1', 'near.example.com/ghcr/a/b:1'],
    steps: ['mirror 3 originUnavailable: ghcr.io/a/b:1 -> near.example.com/ghcr/a/b:1 no (ghcr.io has the image)'],
  },
  {
    what: 'an origin that does not have it',
    image: 'ghcr.io/a/b:1',
    registry: ['near.example.com/ghcr/a/b:1'],
    steps: ['mirror 3 originUnavailable: ghcr.io/a/b:1 -> near.example.com/ghcr/a/b:1 yes'],
  },
  {
    what: 'a policy that only warns',
    image: 'quay.io/acme/web:1',
    steps: ['mirror 5 available: quay.io/acme/web:1 -> near.example.com/acme:1 no (the policy only warns)'],
  },
  {
    what: 'a scope that is not known',
    image: 'registry.k8s.io/pause:3',
    steps: [
      'labelled 1 available: registry.k8s.io/pause:3 -> near.example.com/k8s/pause:3 unknown (the labels of namespace "shop" are not known here)',
    ],
  },
];

function stepText({ policy, entry, when, from, to, applies, reason }: RewriteStep): string {
  return `${policy} ${entry} ${when}: ${from} -> ${to} ${applies}${reason === null ? '' : ` (${reason})`}`;
}

const [A, B] = ['a', 'b'].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string];

/** With a registry that has these digests, by image; undefined: no registry is queried. */
async function explained(image: string, registry: ReadonlyMap<string, string> | undefined) {
  const terminal = { out: () => undefined, note: () => undefined, isTerminal: false, colors: false };
  const explain = await rewritesExplainer(
    { policy: [file], namespace: 'shop' },
    { ...terminal, input: () => process.stdin },
  );
  return explain(
    { ok: true, text: image },
    registry &&
      (({ reference, by }) => {
        const digest = registry.get(by === 'tag' ? `${reference.repository}:${reference.tag}` : reference.text);
        return Promise.resolve(digest === undefined ? NOT_THERE : imageFact(digest));
      }),
  );
}

const NOT_THERE: RegistryFact<never> = {
  state: 'no',
  failure: { cause: 'notFound', message: 'not there', remedy: undefined },
};

function imageFact(digest: string): RegistryFact<RegistryImage> {
  return {
    state: 'yes',
    value: {
      digest,
      mediaType: 'index',
      credential: 'anonymous',
      mirror: undefined,
      provesPull: true,
      stale: undefined,
    },
  };
}

interface MirrorCase {
  readonly what: string;
  readonly image: string;
  readonly registry?: Readonly<Record<string, string>>;
  readonly mirror:
    | readonly [image: string, original: string | null, state: string | null, message: string | null]
    | null;
}

describe('explain image --policy', () => {
  test.each(CASES)('shows $what', async ({ image, registry, steps }) => {
    const found = await explained(image, registry && new Map(registry.map((name) => [name, A])));
    expect(found?.rewrites.map(stepText)).toEqual(steps);
  });

  test.each<MirrorCase>([
    { what: 'an image that no rewrite leads to', image: 'evil.io/x:1', mirror: null },
    { what: 'an image that stays', image: 'quay.io/acme/web:1', mirror: null },
    {
      what: 'a mirror, without a registry',
      image: 'near.example.com/hub/a/b:1',
      mirror: ['near.example.com/hub/a/b:1', 'docker.io/a/b:1', null, null],
    },
    {
      what: 'the same image',
      image: 'a/b:1',
      registry: { 'near.example.com/hub/a/b:1': A, 'docker.io/a/b:1': A },
      mirror: ['near.example.com/hub/a/b:1', 'docker.io/a/b:1', 'same', null],
    },
    {
      what: 'another image',
      image: 'near.example.com/hub/a/b:1',
      registry: { 'near.example.com/hub/a/b:1': B, 'docker.io/a/b:1': A },
      mirror: [
        'near.example.com/hub/a/b:1',
        'docker.io/a/b:1',
        'mirror-differs',
        `image "near.example.com/hub/a/b:1" has ${B}, but the original "docker.io/a/b:1" has ${A}`,
      ],
    },
    {
      what: 'a pinned image that the original does not have',
      image: `near.example.com/hub/a/b:1@${B}`,
      registry: { 'docker.io/a/b:1': A },
      mirror: [
        `near.example.com/hub/a/b:1@${B}`,
        `docker.io/a/b:1@${B}`,
        'mirror-differs',
        `image "near.example.com/hub/a/b:1@${B}" is not in its original repository "docker.io/a/b": the registry has the tag "1", but not the digest`,
      ],
    },
    {
      what: 'an original that is not there',
      image: 'near.example.com/hub/a/b:1',
      registry: { 'near.example.com/hub/a/b:1': B },
      mirror: [
        'near.example.com/hub/a/b:1',
        'docker.io/a/b:1',
        'unknown',
        'cannot determine whether the original of image "near.example.com/hub/a/b:1" is the same: not there',
      ],
    },
    {
      what: 'several originals',
      image: 'near.example.com/ghcr/a/b:1',
      mirror: [
        'near.example.com/ghcr/a/b:1',
        null,
        'unknown',
        expect.stringContaining('turn several images into') as string,
      ],
    },
  ])('compares $what', async ({ image, registry, mirror }) => {
    const row = (await explained(image, registry && new Map(Object.entries(registry))))?.mirror;
    expect(row && [row.image, row.original, row.state, row.message]).toEqual(mirror);
  });

  test('prints the steps below the reference, and as JSON only with the option', async () => {
    const { code, out } = await runCommand(['explain', 'image', 'nginx:1', 'evil.io/x:1', '-p', file]);
    expect(code).toBe(0);
    expect(out).toContain(`
  rewritten   nginx:1 -> near.example.com/hub/library/nginx:1
              policy mirror, entry 1: docker.io/** -> near.example.com/hub/**, when always
  may become  near.example.com/hub/library/nginx:1 -> nearer.example.com/nginx:1
`);
    expect(out).toContain('\n  rewritten   no policy rewrites the image\n');
    expect(out).toContain(`
  original    docker.io/library/nginx:1
              not compared with the mirror (add --resolve)
`);
    const json = await runCommand(['explain', 'image', 'nginx:1', '-o', 'json', '-p', file]);
    expect((JSON.parse(json.out) as { readonly rewrites: readonly RewriteStep[] }).rewrites).toHaveLength(2);
    expect(rewriteText(undefined)).toBe('');
  });

  test('takes the namespace of the Pods', async () => {
    const { out } = await runCommand(['explain', 'image', 'nginx:1', '-p', file, '-n', 'other']);
    expect(out).toContain('no policy rewrites the image');
  });
});
