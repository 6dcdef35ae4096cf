import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WorkloadSummary } from '../../../src/admission/pod-summary.ts';
import { type CommandResult, runCommand } from '../../support/command.ts';

const FIXTURES = path.join(import.meta.dirname, '../../fixtures');
const PICTURES = path.join(FIXTURES, 'pictures');

const explain = (argv: readonly string[], stdin?: string): Promise<CommandResult> =>
  runCommand(['explain', 'pod', ...argv], stdin);

async function pictured(manifest: string, ...argv: readonly string[]): Promise<WorkloadSummary> {
  const { out, note } = await explain(['-', '-o', 'json', ...argv], manifest);
  expect(note).toBe('');
  return JSON.parse(out) as WorkloadSummary;
}

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('explain pod', () => {
  test.each(readdirSync(PICTURES).filter((file) => file.endsWith('.yaml')))('draws %s', async (file) => {
    const manifest = path.join(PICTURES, file);
    const expected = readFileSync(manifest.replace(/yaml$/, 'txt'), 'utf8');
    expect(await explain([manifest])).toEqual({ code: 0, out: expected, note: '' });
    expect(await explain(['-'], readFileSync(manifest, 'utf8'))).toEqual({ code: 0, out: expected, note: '' });
    expect(expected).not.toContain('hush');
    expect((await explain([manifest, '-o', 'json'])).out).not.toContain('hush');
  });

  test('says the same to programs, one object a line', async () => {
    const { out } = await explain([path.join(PICTURES, 'malformed-secret.yaml'), '-o', 'json']);
    expect(out.split('\n')).toHaveLength(2);
    expect(JSON.parse(out)).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'default',
      name: 'web',
      pods: [
        {
          pointer: '/spec',
          hostNetwork: false,
          ports: [],
          volumes: [],
          pullSecrets: {
            from: 'pod',
            serviceAccount: 'default',
            state: 'known',
            reason: null,
            secrets: [
              {
                name: 'broken',
                state: 'malformed',
                reason:
                  'key ".dockerconfigjson": entry "b.io": "auth" contains no ":"; it must be base64 of user:password',
              },
            ],
          },
          containers: [
            {
              name: 'web',
              pointer: '/spec/containers/0/image',
              image: 'nginx',
              runtimeRef: 'docker.io/library/nginx:latest',
              registry: 'docker.io',
              problem: null,
              kind: 'regular',
              start: 1,
              credentials: { state: 'refused', candidates: [] },
            },
          ],
        },
      ],
      otherImages: [],
    });
  });

  test('takes Secrets from other files, and a namespace for objects that name none', async () => {
    const pod = `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {imagePullSecrets: [{name: regcred}], containers: [{name: a, image: registry.example.com/a}]}}`;
    expect((await pictured(pod)).pods[0]?.containers[0]?.credentials.state).toBe('unknown');
    const { code, out } = await explain(['-', path.join(PICTURES, 'pod.yaml'), '-n', 'shop'], pod);
    expect(out).toContain('Pod shop/a  ');
    expect(out).toContain('a  registry.example.com/a:latest  regcred > registry.example.com (user ci), then regcred');
    expect(code).toBe(0);
  });

  test.each([
    [`nginx:1.27@${DIGEST}`, `nginx:1.27@${DIGEST}`],
    [`nginx@${DIGEST}`, `nginx@${DIGEST}`],
    ['nginx', 'docker.io/library/nginx:latest'],
    ['r.example.com/a:1', 'r.example.com/a:1'],
  ])('shows %s as %s', async (image, shown) => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a' },
      spec: { containers: [{ name: 'web', image }] },
    };
    const { out } = await runCommand(['explain', 'pod', '-'], JSON.stringify(pod));
    expect(out).toContain(`  web  ${shown}  `);
  });

  test('numbers init containers and sidecars as they are listed, and all regular containers alike behind them', async () => {
    const list = (...names: readonly string[]): string =>
      `[${names.map((name) => `{name: ${name}, image: nginx${name.startsWith('s') ? ', restartPolicy: Always' : ''}}`).join(', ')}]`;
    const pod = `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: ${list('r1', 'r2')}, initContainers: ${list('i1', 's1', 'i2')}}}`;
    const { pods } = await pictured(pod);
    expect(pods[0]?.containers.map(({ start, name }) => [start, name])).toEqual([
      [1, 'i1'],
      [2, 's1'],
      [3, 'i2'],
      [4, 'r1'],
      [4, 'r2'],
    ]);
  });

  test.each([
    ['no containers', 'containers: []', /└─ containers  none\n$/],
    [
      'a container without an image',
      'containers: [{name: a}]',
      /└─ start 1  a  \(no image\): it is empty; use a reference such as .+  not pulled\n$/,
    ],
  ])('shows %s', async (_what, spec, tree) => {
    const { code, out } = await explain(['-'], `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {${spec}}}`);
    expect(out).toMatch(tree);
    expect(code).toBe(0);
  });

  const BAD: readonly (readonly [what: string, manifest: string, note: string])[] = [
    ['YAML that is none', 'a: [\n', 'stdin:1:4: '],
    ['no object', 'a: 1\n', 'stdin:1:1: not a Kubernetes object: apiVersion and kind are missing\n'],
    [
      'a Pod of another shape',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: 7\n',
      'stdin:5:15: /spec/containers: expected a list, found a number\n',
    ],
    [
      'a volume without a text for a name',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {volumes: [{name: 7}]}\n',
      'stdin:4:25: /spec/volumes/0/name: expected a string, found a number\n',
    ],
    [
      'a Secret that kubectl cannot apply',
      'apiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockercfg\nmetadata: {name: a}\ndata: {.dockercfg: "?"}\n',
      'stdin:5:20: /data/.dockercfg: invalid base64; kubectl cannot apply it\n',
    ],
  ];

  test.each(BAD)('says of %s where it is, and exits with 2', async (_what, manifest, message) => {
    const { code, out, note } = await explain(['-'], manifest);
    expect(note).toContain(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('exits with 1 where there is no workload', async () => {
    expect(await explain(['-'], 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n')).toEqual({
      code: 1,
      out: '',
      note: 'no workload found in stdin\n',
    });
  });

  test('draws whatever our fixtures hold, each line with its branch', async () => {
    const { out } = await explain([path.join(FIXTURES, 'rules')]);
    const lines = out.split('\n').filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.filter((line) => !/^(\w+ \S|[│ ]*[├└]─ )/.test(line))).toEqual([]);
  });
});
