/** `explain image --policy`: the names that policies give an image. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type RewriteStep, rewritesExplainer, rewriteText } from '../../../src/cli/explain/rewrites.ts';
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

describe('explain image --policy', () => {
  test.each(CASES)('shows $what', async ({ image, registry, steps }) => {
    const terminal = { out: () => undefined, note: () => undefined, isTerminal: false, colors: false };
    const explain = await rewritesExplainer(
      { policy: [file], namespace: 'shop' },
      { ...terminal, input: () => process.stdin },
    );
    const found = await explain(
      { ok: true, text: image },
      registry &&
        (({ text }) =>
          Promise.resolve(
            registry.includes(text)
              ? { state: 'yes', value: {} }
              : { state: 'no', failure: { cause: 'notFound', message: 'not there', remedy: undefined } },
          )),
    );
    expect(found?.map(stepText)).toEqual(steps);
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
    const json = await runCommand(['explain', 'image', 'nginx:1', '-o', 'json', '-p', file]);
    expect((JSON.parse(json.out) as { readonly rewrites: readonly RewriteStep[] }).rewrites).toHaveLength(2);
    expect(rewriteText(undefined)).toBe('');
  });

  test('takes the namespace of the Pods', async () => {
    const { out } = await runCommand(['explain', 'image', 'nginx:1', '-p', file, '-n', 'other']);
    expect(out).toContain('no policy rewrites the image');
  });
});
