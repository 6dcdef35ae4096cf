/** `check` never exits in silence when it has evaluated nothing, and names the objects that it does not evaluate. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';

const before = process.cwd();
const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-nothing-'));
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

const SPEC = 'spec: {containers: [{name: web, image: "nginx:1.27"}]}\n';
const POD = `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n${SPEC}`;
const object = (apiVersion: string, kind: string, rest = `spec: {template: {${SPEC.trim()}}}\n`): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: web}\n${rest}`;

interface Row {
  readonly what: string;
  readonly text: string;
  readonly notices: readonly string[];
  readonly evaluated?: number;
}

const none = (why: string): string => `no workload was evaluated: ${why}`;
const holds = (kind: string, at: string, entry: string, group = 'example.com'): string =>
  `${kind} default/web is not evaluated: kind "${kind}" in the API group "${group}" is unknown and contains ${at}; add ${entry} to "kinds" in the configuration file`;

const ROWS: readonly Row[] = [
  { what: 'a Pod', text: POD, notices: [], evaluated: 1 },
  {
    what: 'an empty pipe',
    text: '',
    notices: [none('stdin is empty; check whether the previous command in the pipe failed')],
  },
  {
    what: 'line breaks',
    text: '\n\n',
    notices: [none('stdin is empty; check whether the previous command in the pipe failed')],
  },
  {
    what: 'comments',
    text: '# a\n---\n# b\n',
    notices: [none('stdin is empty; check whether the previous command in the pipe failed')],
  },
  {
    what: 'an empty list',
    text: '{"apiVersion":"v1","kind":"List","items":[]}',
    notices: [none('stdin contains no Kubernetes object')],
  },
  {
    what: 'other kinds',
    text: [
      object('v1', 'ConfigMap', 'data: {image: "nginx:1"}\n'),
      object('v1', 'ConfigMap', ''),
      object('v1', 'Service', ''),
    ].join('---\n'),
    notices: [none('stdin contains only 2 ConfigMap and 1 Service')],
  },
  {
    what: 'a kustomization',
    text: object('kustomize.config.k8s.io/v1beta1', 'Kustomization', 'images: [{name: nginx, newTag: a}]\n'),
    notices: [none('stdin contains only kustomizations; run kubectl kustomize and check its output')],
  },
  {
    what: 'a Deployment of the core group',
    text: object('v1', 'Deployment'),
    notices: [
      'Deployment default/web is not evaluated: apiVersion "v1" has no kind "Deployment"; use apiVersion: apps/v1',
      none('stdin contains only 1 Deployment'),
    ],
  },
  {
    what: 'a Pod of the group apps',
    text: object('apps/v1', 'Pod', SPEC),
    notices: [
      'Pod default/web is not evaluated: apiVersion "apps/v1" has no kind "Pod"; use apiVersion: v1',
      none('stdin contains only 1 Pod'),
    ],
  },
  {
    what: 'a CronJob of a group that was misspelt',
    text: object('bacth/v1', 'CronJob'),
    notices: [
      'CronJob default/web is not evaluated: apiVersion "bacth/v1" has no kind "CronJob"; use apiVersion: batch/v1',
      none('stdin contains only 1 CronJob'),
    ],
  },
  {
    what: 'a Rollout of a group that was misspelt',
    text: object('argoproj.oi/v1alpha1', 'Rollout'),
    notices: [
      'Rollout default/web is not evaluated: apiVersion "argoproj.oi/v1alpha1" has no kind "Rollout"; use apiVersion: argoproj.io/…',
      none('stdin contains only 1 Rollout'),
    ],
  },
  {
    what: 'a kind in lower case',
    text: object('apps/v1', 'deployment'),
    notices: [
      'deployment default/web is not evaluated: unknown kind "deployment"; did you mean "Deployment"?',
      none('stdin contains only 1 deployment'),
    ],
  },
  {
    what: 'a kind in lower case of the core group, without anything in it',
    text: object('v1', 'cronjob', ''),
    notices: [
      'cronjob default/web is not evaluated: unknown kind "cronjob"; use kind: CronJob with apiVersion: batch/v1',
      none('stdin contains only 1 cronjob'),
    ],
  },
  {
    what: 'a kind in the plural',
    text: object('v1', 'Pods', ''),
    notices: [
      'Pods default/web is not evaluated: unknown kind "Pods"; did you mean "Pod"?',
      none('stdin contains only 1 Pods'),
    ],
  },
  {
    what: 'a ReplicaSet without a template in a group that is none',
    text: object('apps.k8s.io/v1', 'ReplicaSet', 'spec: {}\n'),
    notices: [
      'ReplicaSet default/web is not evaluated: apiVersion "apps.k8s.io/v1" has no kind "ReplicaSet"; use apiVersion: apps/v1',
      none('stdin contains only 1 ReplicaSet'),
    ],
  },
  {
    what: 'an apiVersion without its group',
    text: object('apps', 'StatefulSet'),
    notices: [
      'StatefulSet default/web is not evaluated: apiVersion "apps" has no kind "StatefulSet"; use apiVersion: apps/v1',
      none('stdin contains only 1 StatefulSet'),
    ],
  },
  {
    what: 'kinds of the core group that have the names of others',
    text: [object('v1', 'Service', ''), object('v1', 'Node', ''), object('policy/v1', 'PodDisruptionBudget', '')].join(
      '---\n',
    ),
    notices: [none('stdin contains only 1 Service, 1 Node, and 1 PodDisruptionBudget')],
  },
  {
    what: 'a kind with a letter too many, twice',
    text: `${object('batch/v1', 'Jobb')}---\n${object('batch/v1', 'Jobb')}`,
    notices: [
      '2 objects of kind "Jobb" are not evaluated: unknown kind "Jobb"; did you mean "Job"?',
      none('stdin contains only 2 Jobb'),
    ],
  },
  {
    what: 'an unknown kind with a pod template',
    text: `${object('example.com/v1', 'Widget')}---\n${POD}`,
    notices: [
      holds(
        'Widget',
        'containers at /spec/template/spec/containers',
        '{group: example.com, kind: Widget, podSpecs: [/spec/template/spec]}',
      ),
    ],
    evaluated: 1,
  },
  {
    what: 'containers in lists of an unknown kind',
    text: object('example.com/v1', 'Fleet', `spec: {groups: [{pod: {${SPEC.trim()}}}]}\n`),
    notices: [
      holds(
        'Fleet',
        'containers at /spec/groups/*/pod/spec/containers',
        '{group: example.com, kind: Fleet, podSpecs: [/spec/groups/*/pod/spec]}',
      ),
      none('stdin contains only 1 Fleet'),
    ],
  },
  {
    what: 'only init containers',
    text: object('example.com/v1', 'Init', 'spec: {initContainers: [{name: a}]}\n'),
    notices: [
      holds('Init', 'containers at /spec/initContainers', '{group: example.com, kind: Init, podSpecs: [/spec]}'),
      none('stdin contains only 1 Init'),
    ],
  },
  {
    what: 'an image of an unknown kind',
    text: object('example.com/v1', 'Db', 'spec: {sidecarImage: "quay.io/a/b:1"}\n'),
    notices: [
      holds('Db', 'an image at /spec/sidecarImage', '{group: example.com, kind: Db, images: [/spec/sidecarImage]}'),
      none('stdin contains only 1 Db'),
    ],
  },
  ...['imageName', 'dockerImageRef', 'imageReference', 'redis_image', 'proxyImageName'].map((key) => ({
    what: `an image of an unknown kind at ${key}`,
    text: object('example.com/v1', 'Db', `spec: {${key}: "quay.io/a/b:1"}\n`),
    notices: [
      holds('Db', `an image at /spec/${key}`, `{group: example.com, kind: Db, images: [/spec/${key}]}`),
      none('stdin contains only 1 Db'),
    ],
  })),
  {
    what: 'an image in parts beside each other',
    text: object('example.com/v1', 'Db', 'spec: {imageRepository: quay.io/a/b, imageTag: "1"}\n'),
    notices: [
      'Db default/web is not evaluated: kind "Db" in the API group "example.com" is unknown and contains an image at /spec/imageRepository',
      none('stdin contains only 1 Db'),
    ],
  },
  {
    what: 'what is about an image and names none',
    text: object(
      'example.com/v1',
      'Db',
      'spec: {imagePullPolicy: Always, imageUrl: "https://example.com/a.png", imageTag: a}\n',
    ),
    notices: [none('stdin contains only 1 Db')],
  },
  {
    what: 'an image in parts',
    text: object('example.com/v1', 'Db', 'spec: {image: {repository: nginx, tag: "1"}}\n'),
    notices: [
      'Db default/web is not evaluated: kind "Db" in the API group "example.com" is unknown and contains an image at /spec/image',
      none('stdin contains only 1 Db'),
    ],
  },
  {
    what: 'keys that are no pointer to write down',
    text: object('example.com/v1', 'Odd', `spec: {"a b~/\\u202e": {${SPEC.trim()}}}\n`),
    notices: [
      'Odd default/web is not evaluated: kind "Odd" in the API group "example.com" is unknown and contains containers at "/spec/a b~0~1\\u202e/spec/containers"; add it to "kinds" in the configuration file',
      none('stdin contains only 1 Odd'),
    ],
  },
  {
    what: 'what only speaks of images',
    text: [
      object('kyverno.io/v1', 'ClusterPolicy', 'spec: {rules: [{pattern: {spec: {containers: [{image: "*:*"}]}}}]}\n'),
      object('v1', 'Node', 'status: {images: [{names: ["nginx:1"]}], image: "nginx:1"}\n'),
    ].join('---\n'),
    notices: [none('stdin contains only 1 ClusterPolicy and 1 Node')],
  },
  {
    what: 'a repository whose tags are listed',
    text: object('image.toolkit.fluxcd.io/v1', 'ImageRepository', 'spec: {image: ghcr.io/a/b}\n'),
    notices: [none('stdin contains only 1 ImageRepository')],
  },
  ...['{image: "a/b:1"}', '{targets: [{containerImage: "a/b:1"}]}', '{containers: [{image: "a/b:1"}]}'].map(
    (status) => ({
      what: `a status that reports what ran: ${status}`,
      text: object('example.com/v1', 'Hook', `spec: {}\nstatus: ${status}\n`),
      notices: [none('stdin contains only 1 Hook')],
    }),
  ),
];

describe('check', () => {
  test.each(ROWS)('$what', async ({ text, notices, evaluated = 0 }) => {
    const { code, out } = await runCommand(['check', '-', '-o', 'json'], text);
    const report = JSON.parse(out) as CheckReport;
    expect(report.notices.map(({ message }) => message)).toEqual(notices);
    expect({ code, evaluated: report.summary.evaluated }).toEqual({ code: 0, evaluated });
    expect((await runCommand(['check', '-', '--fail-on', 'nothing'], text)).code).toBe(evaluated === 0 ? 1 : 0);
    const shown = await runCommand(['check', '-'], text);
    for (const message of notices) expect(shown.out).toContain(message);
  });

  test.each(['sarif', 'junit', 'github'])('-o %s tells it on stderr', async (format) => {
    const { note } = await runCommand(['check', '-', '-o', format], '');
    expect(note).toBe(
      'notice  no workload was evaluated: stdin is empty; check whether the previous command in the pipe failed\n',
    );
  });

  test('a policy for other namespaces', async () => {
    writeFileSync(
      'policy.yaml',
      'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {match: {namespaces: [other]}, rules: [{rule: image-tag, parameters: {required: true}}]}\n',
    );
    const { code, out } = await runCommand(
      ['check', '-', '-p', 'policy.yaml', '--fail-on', 'nothing', '-o', 'json'],
      POD,
    );
    const { notices } = JSON.parse(out) as CheckReport;
    expect(code).toBe(1);
    expect(notices.map(({ message }) => message)).toEqual([
      'policy "p" matched 0 of 1 workload',
      none('no policy applies to the workload'),
    ]);
  });

  test.each([
    ['--fail-on', 'nothing', '--fail-on', 'warn'],
    ['--fail-on', 'nothing,warn'],
    ['--fail-on', 'unknown,nothing', '--fail-on', 'warn'],
  ])('levels add up: %s %s', async (...flags) => {
    expect((await runCommand(['check', '-', ...flags], '')).code).toBe(1);
    expect((await runCommand(['check', '-', ...flags], POD)).code).toBe(1);
    expect((await runCommand(['check', '-', ...flags.filter((flag) => flag !== 'nothing')], POD)).code).toBeGreaterThan(
      0,
    );
  });

  test('an error about the only Pod is enough', async () => {
    const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: nginx}\n';
    const { code, out } = await runCommand(['check', '-', '-o', 'json'], pod);
    const { errors, notices } = JSON.parse(out) as CheckReport;
    expect([code, errors.length, notices]).toEqual([2, 1, []]);
  });

  test('errors weigh more than nothing', async () => {
    const { code, out } = await runCommand(['check', '-', '--fail-on', 'nothing', '-o', 'json'], 'a: [\n');
    expect(code).toBe(2);
    expect((JSON.parse(out) as CheckReport).notices).toEqual([]);
  });
});

test('policies are not read from hidden files, and these are named', async () => {
  const policy = (name: string): string =>
    `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\nspec: {rules: [{rule: image-digest}]}\n`;
  mkdirSync('policies/.old', { recursive: true });
  mkdirSync('policies/node_modules', { recursive: true });
  writeFileSync('policies/a.yaml', policy('a'));
  writeFileSync('policies/.b.yaml', policy('b'));
  writeFileSync('policies/.old/a.yaml', policy('a'));
  const { out } = await runCommand(['check', '-', '-p', 'policies', '-o', 'json'], POD);
  const { findings, notices } = JSON.parse(out) as CheckReport;
  expect(findings.map(({ policy: by }) => by)).toEqual(['a']);
  expect(notices.map(({ message }) => message)).toEqual([
    '"policies/node_modules" is not read: it contains dependencies',
    '2 files are not read because they are hidden: "policies/.b.yaml" and "policies/.old/a.yaml"',
  ]);
});

test('explain pod names what it does not show', async () => {
  const { note } = await runCommand(['explain', 'pod', '-'], `${POD}---\n${object('v1', 'Deployment')}`);
  expect(note).toBe(
    'stdin:7:7  notice  Deployment default/web is not evaluated: apiVersion "v1" has no kind "Deployment"; use apiVersion: apps/v1\n',
  );
});

describe('pin --check', () => {
  const rows: Readonly<
    Record<string, readonly [files: Readonly<Record<string, string>>, code: number, notice: string]>
  > = {
    'reads hidden manifests': [{ 'p/.a.yaml': POD }, 1, 'p/.a.yaml:4:40  unpinned'],
    'reads hidden folders': [{ 'p/.x/a.yaml': POD }, 1, 'p/.x/a.yaml:4:40  unpinned'],
    'reads hidden Dockerfiles': [
      { 'p/.devcontainer/Dockerfile': 'FROM nginx:1\n' },
      1,
      'p/.devcontainer/Dockerfile:1:6  unpinned',
    ],
    'names hidden files without images': [
      { 'p/.ci.yml': 'a: 1\n', 'p/.bad.yaml': 'a: [\n' },
      0,
      '2 hidden files contain no image that could be pinned',
    ],
    'names dependencies': [
      { 'p/node_modules/a.yaml': POD, 'p/b.yaml': 'a: 1\n' },
      0,
      '"p/node_modules" is not read: it contains dependencies',
    ],
    'leaves version control alone': [{ 'p/.git/a.yaml': POD, 'p/b.yaml': 'a: 1\n' }, 0, 'p  notice  no images found'],
  };
  test.each(Object.entries(rows))('%s', async (_what, [planted, code, notice]) => {
    rmSync('p', { recursive: true, force: true });
    for (const [name, text] of Object.entries(planted)) {
      mkdirSync(path.dirname(name), { recursive: true });
      writeFileSync(name, text);
    }
    const result = await runCommand(['pin', 'p', '--check']);
    expect({ code: result.code, text: `${result.out}${result.note}` }).toEqual({
      code,
      text: expect.stringContaining(notice),
    });
  });
});

describe('files that a kustomization names', () => {
  const kustomization = [
    'resources: [base.yaml]',
    'patches: [{path: strategic.yaml}, {path: json6902.yaml}, {path: inner/image.yaml}, {patch: "a: 1"}]',
    'patchesStrategicMerge: [old.yaml, "a: 1"]',
    'patchesJson6902: [{path: json6902.json}]',
    'configMapGenerator: [{name: a, files: [app.yaml, key=broken.yaml]}]',
    'configurations: [names.yaml]',
    'replacements: [{path: replace.yaml}]',
  ].join('\n');
  const deployment = (container: string): string =>
    object('apps/v1', 'Deployment', `spec: {template: {spec: {containers: [{name: web, ${container}}]}}}\n`);
  const files: Readonly<Record<string, string>> = {
    'kustomization.yaml': kustomization,
    'base.yaml': deployment('image: "nginx:1.27"'),
    'strategic.yaml': deployment('resources: {}'),
    'old.yaml': object('v1', 'Pod', 'spec: {containers: [{name: web, $patch: delete}]}\n'),
    'json6902.yaml': '- {op: replace, path: /spec/replicas, value: 2}\n',
    'json6902.json': '[{"op":"remove","path":"/spec/replicas"}]',
    'inner/image.yaml': deployment('image: nginx'),
    'app.yaml': 'debug: true\n',
    'broken.yaml': 'a: [\n',
    'names.yaml': 'nameReference: []\n',
    'replace.yaml': 'source: {kind: Pod}\n',
  };

  test('are no errors; what sets an image is evaluated, and the rest is named', async () => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(`k/${name}`), { recursive: true });
      writeFileSync(`k/${name}`, text);
    }
    const { code, out } = await runCommand(['check', 'k', '-o', 'json']);
    const { errors, findings, images, notices } = JSON.parse(out) as CheckReport;
    expect(errors).toEqual([]);
    expect(images.map(({ file }) => file)).toEqual(['k/base.yaml', 'k/inner/image.yaml']);
    expect({ code, denied: findings.filter(({ action }) => action === 'deny').map(({ file }) => file) }).toEqual({
      code: 1,
      denied: ['k/inner/image.yaml'],
    });
    expect(notices.map(({ message }) => message)).toEqual([
      '4 files are data for kustomizations and contain no Kubernetes object: "k/app.yaml", "k/broken.yaml", and 2 more',
      '4 files are not evaluated because they are patches without an image: "k/json6902.json", "k/json6902.yaml", and 2 more',
    ]);
  });

  test('are errors with --strict when no kustomization names them, and objects when one has them as resources', async () => {
    writeFileSync('k/kustomization.yaml', 'resources: [strategic.yaml]\npatches: [{path: strategic.yaml}]\n');
    const { code, out } = await runCommand(['check', 'k', '-o', 'json', '--strict']);
    const { errors, images } = JSON.parse(out) as CheckReport;
    expect(code).toBe(2);
    expect(errors.map(({ file }) => file)).toEqual(
      ['app', 'broken', 'json6902', 'json6902', 'names', 'replace'].map(
        (name, index) => `k/${name}.${index === 2 ? 'json' : 'yaml'}`,
      ),
    );
    expect(images.map(({ file }) => file)).toContain('k/strategic.yaml');
  });
});
