/** `explain pod --policy`: workloads as they would run, by the same code as `check`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { WorkloadSummary } from '../../../src/admission/pod-summary.ts';
import { explainPod, type PodFlags } from '../../../src/cli/explain/pod.ts';
import type { RegistryFact, RegistryImage } from '../../../src/policy/registry-fact.ts';
import type { CheckReport } from '../../../src/report/check.ts';
import { paint } from '../../../src/report/paint.ts';
import { formatWorkload } from '../../../src/report/pod-tree.ts';
import { digestOf, no, yes } from '../../admission/pinning.ts';
import { runCommand } from '../../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-pod-changes-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const target = path.join(folder, name);
  writeFileSync(target, text);
  return target;
}

const policy = (spec: string): string =>
  file(
    'policy.yaml',
    `{apiVersion: tidewaiter.dev/v1alpha1, kind: ImagePolicy, metadata: {name: mirror}, spec: ${spec}}`,
  );

const HUB = '{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}';
const QUAY = '{from: "quay.io/**", to: "mirror.example.com/quay/**"}';
const SECRETS = 'pullSecrets: [{images: ["mirror.example.com/**"], add: [mirror-pull, other-pull]}]';
const ALL = `{rewrite: [${HUB}, ${QUAY}], ${SECRETS}, pullPolicy: [{images: ["**:1.27"], set: Never}]}`;

const secret = (name: string, registry: string): string =>
  `{apiVersion: v1, kind: Secret, metadata: {name: ${name}, namespace: shop}, type: kubernetes.io/dockerconfigjson,
    stringData: {.dockerconfigjson: '{"auths": {"${registry}": {"username": "ci", "password": "hush"}}}'}}`;
const account =
  '{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}, imagePullSecrets: [{name: sa-pull}]}';
const POD_SPEC = `{
  initContainers: [{name: migrate, image: "quay.io/acme/migrate:3"}],
  containers: [{name: web, image: "nginx:1.27"}, {name: log, image: "mirror.example.com/hub/fluent/bit:3"},
    {name: own, image: "ghcr.io/acme/own:1@${digestOf('a')}"}]}`;
const DEPLOYMENT = [
  secret('mirror-pull', 'mirror.example.com'),
  secret('sa-pull', 'ghcr.io'),
  account,
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: {spec: ${POD_SPEC}}}}`,
].join('\n---\n');

interface Explained {
  readonly code: number;
  readonly out: string;
  readonly lookups: readonly string[];
}

async function explained(
  manifest: string,
  spec: string,
  { has = () => true, ...flags }: Partial<PodFlags> & { readonly has?: (image: string) => boolean } = {},
): Promise<Explained> {
  let out = '';
  const lookups: string[] = [];
  const terminal = {
    out: (text: string): void => void (out += text),
    note: (text: string): never => expect.unreachable(text),
    isTerminal: false,
    colors: false,
    input: () => process.stdin,
  };
  const lookUp = ({ reference }: { readonly reference: { readonly text: string } }): RegistryFact<RegistryImage> => {
    lookups.push(reference.text);
    return has(reference.text) ? yes(digestOf('1')) : no('notFound', 'it is gone');
  };
  const openRegistry: PodFlags['openRegistry'] = () =>
    Promise.resolve({ sources: { images: { lookUp } }, tracer: undefined, close: () => Promise.resolve() });
  const given = { policy: [policy(spec)], output: 'text', openRegistry } as const;
  const code = await explainPod([file('object.yaml', manifest)], { ...given, ...flags }, terminal);
  return { code, out, lookups };
}

describe('explain pod --policy', () => {
  test('draws what would run, and what is not changed', async () => {
    const { code, out, lookups } = await explained(DEPLOYMENT, ALL, { has: () => false });
    expect(code).toBe(0);
    expect(out.replaceAll(/(?<=\S) +(?=\S)/g, ' ')).toBe(`Deployment shop/web
└─ Pod one IP address for all containers
   ├─ secrets sa-pull, mirror-pull (added)
   │ pull secret "other-pull" is not added: Secret "shop/other-pull" is not in the input files
   ├─ start 1 init migrate quay.io/acme/migrate:3 anonymous
   │ image "quay.io/acme/migrate:3" is not rewritten to "mirror.example.com/quay/acme/migrate:3": it is gone
   ├─ start 2 web mirror.example.com/hub/library/nginx:1.27 mirror-pull > mirror.example.com (user ci)
   │ instead of nginx:1.27, with pull secret mirror-pull and pull policy Never (by mirror)
   ├─ start 2 log mirror.example.com/hub/fluent/bit:3 mirror-pull > mirror.example.com (user ci)
   │ original docker.io/fluent/bit:3, with pull secret mirror-pull (by mirror)
   └─ start 2 own ghcr.io/acme/own:1@${digestOf('a')} sa-pull > ghcr.io (user ci)
`);
    expect(lookups).toEqual(['mirror.example.com/quay/acme/migrate:3', 'mirror.example.com/quay/acme/migrate:3']);
  });

  test('draws the image in the mirror, with its digest', async () => {
    const { out } = await explained(DEPLOYMENT, `{rewrite: [${QUAY}], pin: {}}`);
    expect(out).toContain(`mirror.example.com/quay/acme/migrate:3@${digestOf('1')}`);
    expect(out).toContain('instead of quay.io/acme/migrate:3 (by mirror)');
  });

  test('tells once that a mirror does not have an image, also if the template is pinned', async () => {
    const has = (image: string): boolean => !image.startsWith('mirror.example.com/');
    const { out } = await explained(
      DEPLOYMENT,
      `{rewrite: [${QUAY}], pin: {}, pullPolicy: [{set: Always, mode: pod}]}`,
      {
        has,
      },
    );
    expect(out.match(/is not rewritten to/g)).toHaveLength(1);
    expect(out).toContain(`quay.io/acme/migrate:3@${digestOf('1')}`);
  });

  test('fits into narrow terminals', async () => {
    const { out } = await explained(DEPLOYMENT, ALL, { output: 'json' });
    const summary = JSON.parse(out) as WorkloadSummary;
    for (const columns of [80, 100, 120]) {
      const lines = formatWorkload(summary, paint(false), columns).split('\n');
      expect(lines.filter(({ length }) => length > columns)).toEqual([]);
      expect(lines.join('').replaceAll(/[\s│]+/g, '')).toContain('insteadofnginx:1.27,withpullsecretmirror-pull');
    }
  });

  test('tells the same as check', async () => {
    for (const spec of [
      ALL,
      `{rewrite: [${QUAY}], pin: {mode: pod}}`,
      '{pullPolicy: [{set: Always, mode: pod}]}',
      '{pin: {}}',
    ]) {
      const { out } = await explained(DEPLOYMENT, spec, { output: 'json', offline: true });
      const { pods } = JSON.parse(out) as WorkloadSummary;
      const drawn = (pods[0]?.containers ?? []).flatMap(({ pointer, image, policies = [], ...change }) =>
        policies.length === 0
          ? []
          : [
              {
                pointer,
                from: change.written ?? image,
                to: image,
                pullSecrets: change.addedPullSecrets,
                pullPolicy: change.setPullPolicy,
                policies,
              },
            ],
      );
      const checked = await runCommand([
        'check',
        path.join(folder, 'object.yaml'),
        '-p',
        policy(spec),
        '-o',
        'json',
        '--offline',
      ]);
      const { changes = [] } = JSON.parse(checked.out) as CheckReport;
      const byPointer = (one: { readonly pointer: string }, other: typeof one): number =>
        one.pointer.localeCompare(other.pointer);
      expect(drawn.toSorted(byPointer)).toEqual(
        changes
          .map(({ pointer, from, to, pullSecrets, pullPolicy, policies }) => ({
            pointer,
            from,
            to,
            pullSecrets,
            pullPolicy,
            policies,
          }))
          .toSorted(byPointer),
      );
    }
  });

  test('draws an object as written if a policy denies its change', async () => {
    const denying = `{rewrite: [${HUB}, {from: "quay.io/**", to: "mirror.example.com/quay/**", onFailure: deny}]}`;
    const { out } = await explained(DEPLOYMENT, denying, { has: () => false });
    expect(out).toContain('docker.io/library/nginx:1.27');
    expect(out).toContain(
      'image "quay.io/acme/migrate:3" is not rewritten to "mirror.example.com/quay/acme/migrate:3": it is gone',
    );
  });

  test('draws images outside of Pods', async () => {
    const manifest =
      '{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: p, namespace: shop}, spec: {image: "nginx:1"}}';
    expect((await explained(manifest, ALL)).out).toBe(`Prometheus shop/p
└─ image  (no name)  mirror.example.com/hub/library/nginx:1
                     instead of nginx:1 (by mirror)
`);
  });

  test('shows no changes without --policy', async () => {
    const { out } = await runCommand(['explain', 'pod', file('object.yaml', DEPLOYMENT), '-o', 'json']);
    for (const key of ['written', 'original', 'notes', 'addedPullSecrets']) expect(out).not.toContain(`"${key}"`);
  });

  test('queries no registry if no name depends on one', async () => {
    const openRegistry = (): never => expect.unreachable('opened');
    const { out } = await explained(DEPLOYMENT, `{rewrite: [${HUB}]}`, { openRegistry });
    expect(out).toContain('mirror.example.com/hub/library/nginx:1.27');
  });

  test('reports a policy that cannot be read', async () => {
    const { code, note } = await runCommand([
      'explain',
      'pod',
      file('object.yaml', DEPLOYMENT),
      '-p',
      policy('{pin: 1}'),
    ]);
    expect(code).toBe(2);
    expect(note).toContain('spec/pin');
  });
});
