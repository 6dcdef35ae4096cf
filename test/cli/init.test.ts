/** `tidewaiter init`: the policy denies nothing in the manifests that it comes from, whatever they contain, and its suite passes. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiError, type ClusterApi } from '../../src/cluster/api.ts';
import { liveWorkloads } from '../../src/cli/init/live-workloads.ts';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';

const before = process.cwd();
let root = '';
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-init-'));
  process.chdir(root);
});
afterEach(() => {
  process.chdir(before);
  rmSync(root, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, text);
}

function pod(images: readonly string[], more: object = {}): string {
  const containers = images.map((image, index) => ({ name: `c${index}`, image, ...more }));
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers } });
}

function parse(text: string): unknown {
  const [document] = parseDocuments(text);
  return document?.ok ? document.value : undefined;
}

interface Binding {
  readonly rule: string;
  readonly action?: string;
  readonly parameters?: object;
}

function rules(): readonly Binding[] {
  return (parse(readFileSync('policies/images.yaml', 'utf8')) as { readonly spec: { readonly rules: Binding[] } }).spec
    .rules;
}

/** What a user runs next. */
async function expectGreen(): Promise<void> {
  const { out, note } = await runCommand(['check', '-p', 'policies/', '-o', 'json']);
  const { summary, notices } = JSON.parse(out) as CheckReport;
  expect({ denied: summary.denied, note }).toEqual({ denied: 0, note: '' });
  expect(notices.filter(({ kind }) => kind !== null)).toEqual([]);
  const suites = await runCommand(['test', 'policy-tests/']);
  expect(suites, suites.out).toMatchObject({ code: 0 });
}

/** The steps of each rule, from strict to loose. The steps before the one in the policy must deny something. */
const STEPS: Readonly<Record<string, readonly (object | undefined)[]>> = {
  'image-reference': [undefined],
  'image-tag': [{ deny: ['latest'] }, { required: true }],
  'image-digest': [undefined],
  'image-pull-policy': [{ when: 'mutable' }, { when: 'latest' }],
  'image-qualified': [undefined],
  'image-consistency': [undefined],
  'container-name': [undefined],
  'container-ports': [{ hostPort: false, namesUnique: true }, { hostPort: false }, undefined],
};

/** The bindings that the policy could have, and does not, because they deny something. */
function stricter(chosen: readonly Binding[]): readonly Binding[] {
  const others = Object.entries(STEPS).flatMap(([rule, steps]) => {
    const own = chosen.find((binding) => binding.rule === rule && binding.action === undefined);
    const step = own === undefined ? steps.length : steps.findIndex((one) => isDeepStrictEqual(one, own.parameters));
    expect(step, rule).toBeGreaterThanOrEqual(0);
    return steps.slice(0, step).map((parameters): Binding => ({ rule, ...(parameters && { parameters }) }));
  });
  const registry = chosen.find(({ rule }) => rule === 'image-registry');
  if (registry === undefined) return others;
  const { allow } = registry.parameters as { readonly allow: readonly string[] };
  const shorter = allow.map((one) => allow.filter((other) => other !== one)).filter((list) => list.length > 0);
  const lists = registry.action === undefined ? shorter : [...shorter, allow];
  return [...others, ...lists.map((list) => ({ rule: 'image-registry', parameters: { allow: list } }))];
}

async function expectStrict(): Promise<void> {
  const policy = parse(readFileSync('policies/images.yaml', 'utf8')) as { readonly spec: object };
  const bindings = stricter(rules());
  const documents = bindings.map((binding, index) => ({
    ...policy,
    metadata: { name: `p${index}` },
    spec: { ...policy.spec, rules: [binding] },
  }));
  write('stricter/all.yaml', documents.map((document) => JSON.stringify(document)).join('\n---\n'));
  const { out } = await runCommand(['check', 'd', '-p', 'stricter/', '-o', 'json']);
  const { findings } = JSON.parse(out) as CheckReport;
  const denying = new Set(findings.filter(({ action }) => action === 'deny').map(({ policy: name }) => name));
  expect(bindings.filter((_binding, index) => !denying.has(`p${index}`))).toEqual([]);
}

const DIGEST = `@sha256:${'a'.repeat(64)}`;

describe('the policy', () => {
  test.each<readonly [what: string, images: readonly string[], expected: readonly Binding[]]>([
    [
      'pinned images of a private registry',
      [`registry.example.com/a/b:1${DIGEST}`, `registry.example.com/c:2${DIGEST}`],
      [
        { rule: 'image-registry', parameters: { allow: ['registry.example.com/**'] } },
        { rule: 'image-tag', parameters: { deny: ['latest'] } },
        { rule: 'image-digest' },
        { rule: 'image-pull-policy', parameters: { when: 'mutable' } },
        { rule: 'image-qualified' },
      ],
    ],
    [
      'tags on public registries: the namespace belongs to the pattern',
      ['nginx:1', 'nginx:2', 'bitnami/redis:1', 'ghcr.io/acme/x/y:1', 'ghcr.io/single:1', 'registry.k8s.io/pause:3'],
      [
        {
          rule: 'image-registry',
          parameters: {
            allow: [
              'docker.io/library/*',
              'docker.io/bitnami/**',
              'ghcr.io/acme/**',
              'ghcr.io/single',
              'registry.k8s.io/**',
            ],
          },
        },
        { rule: 'image-tag', parameters: { deny: ['latest'] } },
        { rule: 'image-digest', action: 'warn' },
      ],
    ],
    [
      'registries of clouds and mirrors, where the namespace is a project',
      [
        'europe-docker.pkg.dev/acme/web/api:1',
        'mirror.gcr.io/library/redis:8',
        'mirror.gcr.io/acme/x:1',
        'acme.azurecr.io/x:1',
      ],
      [
        {
          rule: 'image-registry',
          parameters: {
            allow: [
              'acme.azurecr.io/**',
              'europe-docker.pkg.dev/acme/**',
              'mirror.gcr.io/acme/**',
              'mirror.gcr.io/library/*',
            ],
          },
        },
      ],
    ],
    [
      'an explicit latest',
      ['registry.example.com/b:latest'],
      [
        { rule: 'image-tag', parameters: { required: true } },
        { rule: 'image-digest', action: 'warn' },
      ],
    ],
    ['no tag', ['registry.example.com/b'], [{ rule: 'image-tag', action: 'warn', parameters: { required: true } }]],
    [
      'a host that only looks like Docker Hub',
      ['Docker.io/library/nginx:1', 'nginx:1'],
      [{ rule: 'image-tag', parameters: { deny: ['latest'] } }],
    ],
    [
      'an invalid image',
      ['registry.example.com/b:1', 'registry.example.com/UPPER:1'],
      [{ rule: 'image-reference', action: 'warn' }],
    ],
  ])('%s', async (_what, images, expected) => {
    write('d/a.yaml', pod(images));
    const { code, note } = await runCommand(['init', 'd']);
    expect({ code, note }).toEqual({ code: 0, note: '' });
    for (const binding of expected) expect(rules()).toContainEqual(binding);
    await expectGreen();
  });

  test('says for each rule which count justifies it', async () => {
    write('d/a.yaml', pod(['nginx:1', 'nginx:2', 'ghcr.io/a/b:3']));
    await runCommand(['init', 'd']);
    const text = readFileSync('policies/images.yaml', 'utf8');
    expect(text).toContain("          # 2 images\n          - 'docker.io/library/*'\n          # 1 image\n");
    expect(text).toContain('# Images are pinned by digest: 3 violations in 3 images, so it only warns\n');
    expect(text).toMatch(/# Images have an allowed tag.*: no violation in 3 images\n/);
    const lines = text.split('\n');
    for (const [index, line] of lines.entries())
      if (line.includes('- rule:')) expect(lines[index - 1]?.trimStart(), line).toMatch(/^#/);
  });

  test('allows ports as loosely as needed', async () => {
    write('d/a.yaml', pod(['nginx:1'], { ports: [{ containerPort: 80, hostPort: 80 }] }));
    await runCommand(['init', 'd']);
    expect(rules()).toContainEqual({ rule: 'container-ports' });
    await expectGreen();
    await expectStrict();
  });
});

/** A small generator with a fixed seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PARTS = {
  host: [
    '',
    'ghcr.io/',
    'docker.io/',
    'Docker.io/',
    'registry.example.com/',
    'localhost:5000/',
    '[::1]:5000/',
    'a_b.c/',
    'us-docker.pkg.dev/',
    'mirror.gcr.io/',
  ],
  name: [
    'nginx',
    'library/nginx',
    'team/web',
    'team/deep/web',
    'UPPER',
    '$(IMAGE)',
    '{{ image }}',
    '',
    'no',
    '0x1f',
    '- a',
    'a: b',
    'a # b',
    'a\nb: c',
    '\u001b[31mred',
    '\u2028x',
    '&a',
    '*a',
    "it's",
  ],
  tag: ['', ':latest', ':1.27', ':v1', ':-bad'],
  digest: ['', '', DIGEST, '@sha256:short'],
  policy: [undefined, 'Always', 'Never', 'Sometimes'],
  port: [80, 80, 8080, 0, 'x', undefined],
} as const;

test.each(Array.from({ length: 24 }, (_none, seed) => seed))('tree %i', async (seed) => {
  const next = random(seed + 1);
  const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;
  write('d/good.yaml', pod(['nginx:1']));
  for (let file = 0; file < 1 + next(4); file += 1) {
    const containers = Array.from({ length: 1 + next(3) }, () => ({
      name: pick(['web', 'web', 'db', 'Bad_Name', undefined]),
      image: pick(PARTS.host) + pick(PARTS.name) + pick(PARTS.tag) + pick(PARTS.digest),
      imagePullPolicy: pick(PARTS.policy),
      ports: [{ containerPort: pick(PARTS.port), hostPort: pick([undefined, 80]), name: pick([undefined, 'http']) }],
    }));
    const metadata = { name: `p${file}`, namespace: pick([undefined, 'kube-system', 'shop']) };
    write(`d/${file}.json`, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } }));
  }
  expect((await runCommand(['init', 'd'])).code).toBe(0);
  await expectGreen();
  await expectStrict();
});

test('standard input is enough', async () => {
  expect((await runCommand(['init', '-'], pod(['ghcr.io/acme/web:1']))).code).toBe(0);
  expect(rules()).toContainEqual({ rule: 'image-registry', parameters: { allow: ['ghcr.io/acme/**'] } });
});

test('a chart is named, because it is not rendered', async () => {
  write('d/a.yaml', pod(['ghcr.io/acme/web:1']));
  write('c/Chart.yaml', 'apiVersion: v2\nname: c\nversion: 1.0.0\n');
  write('c/templates/a.yaml', '{{ if true }}\n{{ end }}\n');
  const { code, note } = await runCommand(['init', 'c', 'd']);
  expect({ code, note }).toEqual({
    code: 0,
    note: '1 Helm chart is not rendered, so the policy does not know its images; to include them, run tidewaiter init c d --helm\n',
  });
  const rendered = await runCommand(['init', 'c', 'd', '-', '--force'], pod(['quay.io/acme/db:1']));
  expect(rendered.code).toBe(0);
  expect(rules()).toContainEqual({
    rule: 'image-registry',
    parameters: { allow: ['ghcr.io/acme/**', 'quay.io/acme/**'] },
  });
});

test('images in namespaces that the policy excludes allow no registry', async () => {
  const system = pod(['docker.io/other/dns:1']).replace('"name":"web"', '"name":"dns","namespace":"kube-system"');
  write('d/a.yaml', `${pod(['ghcr.io/acme/web:1'])}\n---\n${system}`);
  expect((await runCommand(['init', 'd'])).code).toBe(0);
  expect(rules()).toContainEqual({ rule: 'image-registry', parameters: { allow: ['ghcr.io/acme/**'] } });
});

test('the suite has the image with the fewest findings as an example', async () => {
  write('d/a.yaml', pod(['nginx', 'nginx:1.27', `nginx:1.27${DIGEST}`]));
  expect((await runCommand(['init', 'd'])).code).toBe(0);
  expect(readFileSync('policy-tests/pass.yaml', 'utf8')).toContain(`image: nginx:1.27${DIGEST}\n`);
  await expectGreen();
});

test('images of Compose files, Dockerfiles, and Helm values count', async () => {
  write('pod.yaml', pod(['docker.io/library/nginx:1.27']));
  write('compose.yaml', 'services: {web: {image: "redis:latest"}}\n');
  write('Dockerfile', 'FROM quay.io/acme/base\n');
  write(
    'release.yaml',
    'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec: {values: {image: {repository: ghcr.io/acme/web, tag: dev}}}\n',
  );
  expect((await runCommand(['init'])).code).toBe(0);
  await expectGreen();
});

describe('the files', () => {
  beforeEach(() => write('d/a.yaml', pod(['nginx:1'])));

  test.each([
    { paths: [], command: 'tidewaiter check . -p policies/' },
    { paths: ['d'], command: 'tidewaiter check d -p policies/' },
    { paths: ['d/a.yaml', './d'], command: 'tidewaiter check d/a.yaml ./d -p policies/' },
    { paths: ['it is'], command: "tidewaiter check 'it is' -p policies/" },
  ])('of $paths are followed by the command that checks the same', async ({ paths, command }) => {
    write('it is/a.yaml', pod(['nginx:1']));
    expect((await runCommand(['init', ...paths])).out).toContain(`next: ${command} && tidewaiter test policy-tests/\n`);
  });

  test('are all valid YAML', async () => {
    const { code, out } = await runCommand(['init', '--pre-commit', '--ci', 'github']);
    expect(code).toBe(0);
    const files = [...out.matchAll(/^wrote (.*)$/gm)].map(([, file = '']) => file);
    expect(files).toEqual([
      'policies/images.yaml',
      'policy-tests/suite.yaml',
      'policy-tests/pass.yaml',
      'policy-tests/fail.yaml',
      'policy-tests/.tidewaiterignore',
      '.pre-commit-config.yaml',
      '.github/workflows/tidewaiter.yml',
    ]);
    for (const file of files) if (/ya?ml$/.test(file)) expect(parse(readFileSync(file, 'utf8'))).toBeTypeOf('object');
    await expectGreen();
  });

  test('are only printed with --dry-run', async () => {
    const { code, out } = await runCommand(['init', '--dry-run', '--ci', 'gitlab']);
    expect(code).toBe(0);
    expect(out).toContain('# .gitlab-ci.yml\ntidewaiter:\n');
    expect(existsSync('policies')).toBe(false);
  });

  test('are never replaced without --force', async () => {
    write('policy-tests/pass.yaml', 'mine');
    const refused = await runCommand(['init']);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.note).toContain('policy-tests/pass.yaml: already there, and nothing was written');
    expect(existsSync('policies')).toBe(false);
    expect(readFileSync('policy-tests/pass.yaml', 'utf8')).toBe('mine');
    expect((await runCommand(['init', '--force'])).code).toBe(0);
    await expectGreen();
  });

  test.each<readonly [what: string, argv: readonly string[], message: RegExp]>([
    ['standard input', ['-'], /no image found in standard input/],
    ['a directory without images', ['empty'], /^no image found in empty/],
    ['a path that does not exist', ['nowhere'], /^nowhere: no such file or directory\nno image found in nowhere/],
    [
      'images that the policy would not cover',
      ['system.yaml'],
      /^all images in system.yaml are in namespaces that the policy would leave out \(kube-system, /,
    ],
    [
      'paths and a cluster',
      ['empty', '--context', 'a'],
      /^with a cluster, init reads no files; remove empty, or --cluster/,
    ],
    ['a file that cannot be parsed', ['empty', 'bad.yaml'], /^bad.yaml:2:7: .*\nno image found in empty, bad.yaml/],
  ])('need images: %s', async (_what, argv, message) => {
    write('empty/a.yaml', 'a: 1\n');
    write('bad.yaml', 'apiVersion: v1\nkind: [\n');
    write(
      'system.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: kube-system}\nspec: {containers: [{name: a, image: nginx}]}\n',
    );
    const { code, note } = await runCommand(['init', ...argv]);
    expect(code).toBe(2);
    expect(note).toMatch(message);
  });
});

describe('a cluster', () => {
  const object = (name: string, images: readonly string[], owner?: object): object => ({
    metadata: { name, namespace: 'shop', ownerReferences: owner === undefined ? [] : [{ name: 'owner', ...owner }] },
    spec: { containers: images.map((image, index) => ({ name: `c${index}`, image })) },
    status: { secret: true },
  });

  /** Responds with an empty list where there is no page. */
  function apiWith(pages: Readonly<Record<string, object>>): ClusterApi & { readonly requested: readonly string[] } {
    const requested: string[] = [];
    return {
      requested,
      server: 'https://127.0.0.1',
      namespace: 'default',
      async request({ path: at, query }) {
        const position = query?.['continue'];
        const key = position === undefined ? at : `${at} ${position}`;
        requested.push(key);
        const page = pages[key];
        if (page instanceof Error) throw page;
        return { metadata: {}, ...page };
      },
      async *watch() {},
      async close() {},
    };
  }

  const namesIn = (text: string): readonly string[] =>
    text
      .split('\n---\n')
      .map((one) => (JSON.parse(one) as { readonly metadata: { readonly name: string } }).metadata.name);

  test('is read in pages, without statuses', async () => {
    const api = apiWith({
      '/api/v1/pods': { metadata: { continue: 'more' }, items: [object('a', ['a:1'])] },
      '/api/v1/pods more': { metadata: {}, items: [object('b', ['b:1'])] },
    });
    const text = await liveWorkloads(api);
    expect(namesIn(text)).toEqual(['a', 'b']);
    expect(text).not.toContain('secret');
    expect(api.requested).toContain('/apis/apps/v1/deployments');
    expect(api.requested).toContain('/apis/batch/v1/cronjobs');
  });

  const replicaSet = { apiVersion: 'apps/v1', kind: 'ReplicaSet', controller: true };
  test.each<readonly [what: string, owner: object | undefined, images: readonly string[], names: readonly string[]]>([
    ['a Pod of nobody', undefined, ['web:1'], ['pod', 'web']],
    ['a Pod of a workload', replicaSet, ['web:1'], ['web']],
    ['a Pod to which a webhook added a container', replicaSet, ['web:1', 'proxy:1'], ['web', 'owner']],
    [
      'a Pod with another owner that is not its controller',
      { ...replicaSet, controller: false },
      ['web:1'],
      ['pod', 'web'],
    ],
    ['a Pod of a custom resource', { ...replicaSet, apiVersion: 'example.com/v1' }, ['web:1'], ['pod', 'web']],
  ])('has %s', async (_what, owner, images, names) => {
    const api = apiWith({
      '/api/v1/pods': { items: [object('pod', images, owner)] },
      '/apis/apps/v1/statefulsets': {
        items: [
          { ...object('web', []), spec: { template: { spec: { containers: [{ name: 'a', image: 'web:1' }] } } } },
        ],
      },
    });
    expect(namesIn(await liveWorkloads(api))).toEqual(names);
  });

  test('counts equal replicas once', async () => {
    const pods = ['a', 'b', 'c'].map((name) => object(name, ['proxy:1'], replicaSet));
    expect(namesIn(await liveWorkloads(apiWith({ '/api/v1/pods': { items: pods } })))).toEqual(['owner']);
  });

  test('is not read in part: too many objects are an error', async () => {
    const page = { metadata: { continue: 'more' }, items: Array.from({ length: 500 }, () => object('a', ['a:1'])) };
    await expect(liveWorkloads(apiWith({ '/api/v1/pods': page, '/api/v1/pods more': page }))).rejects.toThrow(
      'the cluster has too many pods; run tidewaiter init on manifests instead',
    );
  });

  test('is read again if the API server has forgotten the beginning of a list', async () => {
    const listed = (name: string): object => ({ metadata: { name, uid: name }, spec: { containers: [] } });
    const pages = {
      '/api/v1/pods': { metadata: { continue: 'more' }, items: [listed('a')] },
      '/api/v1/pods more': new ApiError(410, 'Expired', 'the continue token is too old'),
    };
    const api = apiWith(pages);
    const later = { ...pages, '/api/v1/pods more': { items: [listed('b')] } };
    const again: ClusterApi = {
      ...api,
      request: async (asked, signal) =>
        (api.requested.includes('/api/v1/pods more') ? apiWith(later) : api).request(asked, signal),
    };
    expect(namesIn(await liveWorkloads(again))).toEqual(['a', 'b']);
  });

  test('is not read in part: all missing permissions are named', async () => {
    const forbidden = new ApiError(403, 'Forbidden', 'pods is forbidden');
    const api = apiWith({
      '/api/v1/pods': { items: [object('a', ['a:1'])] },
      '/apis/apps/v1/deployments': forbidden,
      '/api/v1/podtemplates': forbidden,
    });
    await expect(liveWorkloads(api)).rejects.toThrow(
      'you cannot list podtemplates, deployments.apps (HTTP 403): grant list on podtemplates, deployments.apps with a ClusterRole',
    );
  });
});

describe('charts and kustomizations', () => {
  /** Prints the values file that it gets, as Helm prints a chart. */
  const HELM = `#!/bin/sh
for one; do case "$one" in --values=*) values="\${one#--values=}";; esac; done
printf -- '---\\n# Source: c/templates/pod.yaml\\napiVersion: v1\\nkind: Pod\\nmetadata: {name: a}\\nspec: {containers: [{name: a, image: '
if [ -n "$values" ]; then cat "$values"; else printf 'quay.io/acme/web:1'; fi
printf '}]}\\n'
`;
  const KUBECTL = `#!/bin/sh
printf 'apiVersion: v1\\nkind: Pod\\nmetadata: {name: b}\\nspec: {containers: [{name: a, image: registry.k8s.io/built:1}]}\\n'
`;
  const { PATH = '' } = process.env;
  beforeEach(() => {
    write('bin/helm', HELM);
    write('bin/kubectl', KUBECTL);
    for (const name of ['helm', 'kubectl']) chmodSync(`bin/${name}`, 0o755);
    process.env['PATH'] = `${path.resolve('bin')}:${PATH}`;
    write('d/c/Chart.yaml', 'apiVersion: v2\nname: c\nversion: 1.0.0\n');
    write('d/c/templates/pod.yaml', '{{ if true }}\n{{ end }}\n');
    write('d/k/kustomization.yaml', 'resources: [a.yaml]\nimages: [{name: web, newName: registry.k8s.io/built}]\n');
    write('d/k/a.yaml', pod(['docker.io/acme/web:1']));
    write('values.yaml', '"ghcr.io/acme/web:1"');
  });
  afterEach(() => {
    process.env['PATH'] = PATH;
  });

  test.each([
    [
      ['--helm', '--kustomize'],
      ['quay.io/acme/**', 'registry.k8s.io/**'],
    ],
    [
      ['--helm-values', 'values.yaml'],
      ['docker.io/acme/**', 'ghcr.io/acme/**'],
    ],
    [['--kustomize'], ['registry.k8s.io/**']],
  ])('are rendered as by check with %j', async (flags, allow) => {
    const { code, out } = await runCommand(['init', 'd', ...flags, '--ci', 'github']);
    expect(code).toBe(0);
    expect(rules()).toContainEqual({ rule: 'image-registry', parameters: { allow } });
    const command = `check d ${flags.join(' ')} -p policies/`;
    expect(out).toContain(`next: tidewaiter ${command}`);
    const { denied, errors } = (
      JSON.parse((await runCommand([...command.split(' '), '-o', 'json'])).out) as CheckReport
    ).summary;
    expect({ denied, errors }).toEqual({ denied: 0, errors: 0 });
    expect(readFileSync('.github/workflows/tidewaiter.yml', 'utf8')).toContain(`check ${flags.join(' ')} -p policies/`);
  });

  test('are not read with a cluster', async () => {
    expect(await runCommand(['init', '--cluster', '--helm'])).toMatchObject({
      code: 2,
      note: expect.stringContaining(
        '--helm renders files, and with a cluster, init reads none; remove --helm',
      ) as string,
    });
  });

  test('a value that YAML would read differently is quoted in the pipeline', async () => {
    await runCommand(['init', 'd', '--helm-set', 'a=b: c #d', '--ci', 'gitlab']);
    const pipeline = parse(readFileSync('.gitlab-ci.yml', 'utf8')) as {
      readonly tidewaiter: { readonly script: string[] };
    };
    expect(pipeline.tidewaiter.script[0]).toContain("check --helm-set 'a=b: c #d' -p policies/");
  });
});
