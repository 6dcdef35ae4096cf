/** `import-rewrites`: what other tools make of an image, by their tests and code, and what the converted policy makes of it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type CommandResult, runCommand } from '../../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-rewrites-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

async function convert(text: string, ...flags: readonly string[]): Promise<CommandResult & { readonly out: string }> {
  const file = path.join(folder, `${(count += 1)}.yaml`);
  writeFileSync(file, text);
  const { code, out, note } = await runCommand(['import-rewrites', file, ...flags]);
  return { code, out: out.replaceAll(file, 'in.yaml'), note: note.replaceAll(file, 'in.yaml') };
}

interface Explained {
  readonly rewrites: readonly { readonly to: string }[];
}

/** The name that the policies give the image, if the registries have it. */
async function nameBy(policies: string, image: string, namespace = 'default'): Promise<string> {
  const directory = path.join(folder, `p${(count += 1)}`);
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'p.yaml'), policies);
  const { out, note } = await runCommand(['explain', 'image', image, '-p', directory, '-n', namespace, '-o', 'json']);
  expect(note).toBe('');
  const explained = JSON.parse(out) as Explained;
  return explained.rewrites.at(-1)?.to ?? image;
}

const D = `sha256:${'a'.repeat(64)}`;
const ECR = '123456789.dkr.ecr.ap-southeast-2.amazonaws.com';
const SWAPPER = 'target: {type: aws, aws: {accountId: 123456789, region: ap-southeast-2}}\n';
const PREFIXED = 'target: {type: aws, aws: {accountId: 123456789, region: ap-southeast-2, prefix: /cache}}\n';
const GCP = 'target: {type: gcp, gcp: {location: us-central1, projectId: gcp-project-123, repositoryId: main}}\n';
const GAR = 'us-central1-docker.pkg.dev/gcp-project-123/main';

const HARBOR = `rules:
  - name: docker.io proxy cache except ubuntu
    matches: ['^docker.io']
    excludes: ['^docker.io/(library/)?ubuntu:.*$']
    replace: harbor.example.com/dockerhub-proxy
  - name: quay.io proxy cache
    matches: ['^quay.io']
    replace: harbor.example.com/quay-proxy
  - name: docker.io proxy cache but only ubuntu
    matches: ['^docker.io/(library/)?ubuntu']
    replace: harbor.example.com/ubuntu-proxy
`;
const SOMEHOST = `rules:\n  - {name: a, matches: ['^somehost:443/', '^localhost/'], replace: harbor.example.com/proxy-cache/}\n`;
const PART = `rules:\n  - {name: a, matches: ['^quay\\.io/acme'], replace: harbor.example.com/quay}\n`;

function kyverno(
  image: string,
  { annotations = '', list = 'containers', extra = '', operations = '', preconditions = '[]' } = {},
): string {
  return `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: replace-image-registry, annotations: {${annotations}}}
spec:
  rules:
    - name: replace
      match: {any: [{resources: {kinds: [Pod]${operations}}}]}
      preconditions: ${preconditions}
      mutate:
        foreach:
          - list: request.object.spec.${list}
${extra}            patchStrategicMerge:
              spec:
                containers:
                  - name: "{{ element.name }}"
                    image: "${image}"
`;
}

const call = (expression: string, to: string): string =>
  `{{ regex_replace_all('${expression}', '{{element.image}}', '${to}' )}}`;
const SAMPLE = kyverno(call('^(localhost/|(?:[a-z0-9]+\\\\\\\\.)+[a-z0-9]+/)?(.*)$', 'myregistry.corp.com/$2'));
const ANCHORED = kyverno(call('^docker\\\\.io/(.+)$', 'registry.example.com/hub/$1'));
const LITERAL = kyverno(
  `{{ regex_replace_all_literal('^registry\\\\.redhat\\\\.io/rhoai/', '{{element.image}}', 'quay.io/rhoai/' )}}`,
);
const REPLACED = kyverno(`{{ replace_all('{{element.image}}', 'gcr.io/acme', 'registry.example.com/acme') }}`);
const FROM_FACTS = kyverno('harbor.example.com/k8s/{{imageData.repository}}:{{imageData.identifier}}', {
  extra: `            context: [{name: imageData, imageRegistry: {reference: "{{ element.image }}"}}]
            preconditions: {any: [{key: "{{imageData.registry}}", operator: Equals, value: index.docker.io}]}
`,
});
const PARTS = 'images.containers.\\"{{element.name}}\\"';
const PREPENDED = kyverno(`registry.io/{{ ${PARTS}.path}}:{{${PARTS}.tag}}`);
const ALL = ['--registry', 'docker.io', '--registry', 'registry.corp.com', '--registry', 'localhost'];

interface Row {
  readonly config: string;
  readonly flags?: readonly string[];
  readonly image: string;
  readonly theirs: string;
  /** If it is another name. */
  readonly ours?: string;
  readonly why?: string;
}

const SWAPPER_ROWS: readonly Row[] = [
  { config: SWAPPER, image: 'nginx:latest', theirs: `${ECR}/docker.io/library/nginx:latest` },
  { config: SWAPPER, image: `k8s.gcr.io/a/b@${D}`, theirs: `${ECR}/k8s.gcr.io/a/b@${D}` },
  { config: SWAPPER, image: `${ECR}/docker.io/library/nginx:1`, theirs: `${ECR}/docker.io/library/nginx:1` },
  { config: SWAPPER, image: 'localhost/web:1', theirs: `${ECR}/localhost/web:1` },
  { config: GCP, image: 'nginx:latest', theirs: `${GAR}/docker.io/library/nginx:latest` },
  { config: GCP, image: `${GAR}/docker.io/library/nginx:1`, theirs: `${GAR}/docker.io/library/nginx:1` },
  {
    config: SWAPPER,
    image: 'nginx',
    theirs: `${ECR}/docker.io/library/nginx:latest`,
    ours: `${ECR}/docker.io/library/nginx`,
    why: 'the tag stays as written; it is the same image',
  },
  {
    config: SWAPPER,
    image: `nginx:1@${D}`,
    theirs: `${ECR}/docker.io/library/nginx@${D}`,
    ours: `${ECR}/docker.io/library/nginx:1@${D}`,
    why: 'the tag stays as written; the digest decides',
  },
  {
    config: SWAPPER,
    image: 'localhost:5000/web:1',
    theirs: '',
    ours: 'localhost:5000/web:1',
    why: 'a port cannot be a part of a path: theirs has no valid name to write',
  },
  {
    config: PREFIXED,
    image: `${ECR}/cache/docker.io/library/nginx:1`,
    theirs: `${ECR}/cache/${ECR}/cache/docker.io/library/nginx:1`,
    ours: `${ECR}/cache/docker.io/library/nginx:1`,
    why: 'theirs compares the registry with the registry and the prefix, so the name grows with each change',
  },
];

const HARBOR_ROWS: readonly Row[] = [
  ...[
    ['quay.io/bitnami/controller:latest', 'harbor.example.com/quay-proxy/bitnami/controller:latest'],
    ['docker.io/library/ubuntu:latest', 'harbor.example.com/ubuntu-proxy/library/ubuntu:latest'],
    ['docker.io/library/centos:latest', 'harbor.example.com/dockerhub-proxy/library/centos:latest'],
    ['centos:7', 'harbor.example.com/dockerhub-proxy/library/centos:7'],
    ['k8s.gcr.io/kubernetes', 'k8s.gcr.io/kubernetes'],
    [`busybox@${D}`, `harbor.example.com/dockerhub-proxy/library/busybox@${D}`],
    ['harbor.example.com/quay-proxy/a:1', 'harbor.example.com/quay-proxy/a:1'],
  ].map(([image = '', theirs = '']) => ({ config: HARBOR, image, theirs })),
  { config: SOMEHOST, image: 'somehost:443/a/busybox:1', theirs: 'harbor.example.com/proxy-cache/a/busybox:1' },
  { config: SOMEHOST, image: 'localhost/busybox:1', theirs: 'harbor.example.com/proxy-cache/busybox:1' },
  { config: PART, image: 'quay.io/acme/web:1', theirs: 'harbor.example.com/quay/acme/web:1' },
  { config: PART, image: 'quay.io/acme-corp/a/b:1', theirs: 'harbor.example.com/quay/acme-corp/a/b:1' },
  { config: PART, image: 'quay.io/other/web:1', theirs: 'quay.io/other/web:1' },
  {
    config: HARBOR,
    image: 'centos',
    theirs: 'harbor.example.com/dockerhub-proxy/library/centos:latest',
    ours: 'harbor.example.com/dockerhub-proxy/library/centos',
    why: 'the tag stays as written; it is the same image',
  },
  {
    config: HARBOR,
    image: 'docker.io.evil.example/a:1',
    theirs: 'harbor.example.com/dockerhub-proxy/a:1',
    ours: 'docker.io.evil.example/a:1',
    why: 'the expression has no end, so it matches other hosts that begin with docker.io',
  },
];

const KYVERNO_ROWS: readonly Row[] = [
  { config: SAMPLE, flags: ALL, image: 'busybox:1.35', theirs: 'myregistry.corp.com/busybox:1.35' },
  { config: SAMPLE, flags: ALL, image: 'docker.io/busybox:1.35', theirs: 'myregistry.corp.com/busybox:1.35' },
  { config: SAMPLE, flags: ALL, image: 'acme/web:1', theirs: 'myregistry.corp.com/acme/web:1' },
  { config: SAMPLE, flags: ALL, image: 'registry.corp.com/kyverno:1', theirs: 'myregistry.corp.com/kyverno:1' },
  { config: SAMPLE, flags: ALL, image: 'localhost/web:1', theirs: 'myregistry.corp.com/web:1' },
  { config: SAMPLE, flags: ALL, image: `busybox@${D}`, theirs: `myregistry.corp.com/busybox@${D}` },
  { config: SAMPLE, flags: ALL, image: 'myregistry.corp.com/a:1', theirs: 'myregistry.corp.com/a:1' },
  { config: ANCHORED, image: 'docker.io/acme/web:1', theirs: 'registry.example.com/hub/acme/web:1' },
  { config: LITERAL, image: 'registry.redhat.io/rhoai/a:1', theirs: 'quay.io/rhoai/a:1' },
  { config: LITERAL, image: 'registry.redhat.io/other/a:1', theirs: 'registry.redhat.io/other/a:1' },
  { config: REPLACED, image: 'gcr.io/acme/web:1', theirs: 'registry.example.com/acme/web:1' },
  { config: REPLACED, image: 'gcr.io/acme-b/web:1', theirs: 'registry.example.com/acme-b/web:1' },
  { config: PREPENDED, flags: ALL, image: 'nginx:1', theirs: 'registry.io/nginx:1' },
  { config: PREPENDED, flags: ALL, image: 'team/app:1', theirs: 'registry.io/team/app:1' },
  { config: PREPENDED, flags: ALL, image: 'registry.corp.com/kyverno:1', theirs: 'registry.io/kyverno:1' },
  {
    config: PREPENDED,
    flags: ALL,
    image: `nginx:1@${D}`,
    theirs: 'registry.io/nginx:1',
    ours: `registry.io/nginx:1@${D}`,
    why: 'theirs drops the digest',
  },
  { config: FROM_FACTS, image: 'nginx:1.27', theirs: 'harbor.example.com/k8s/library/nginx:1.27' },
  { config: FROM_FACTS, image: 'quay.io/a/b:1', theirs: 'quay.io/a/b:1' },
  {
    config: FROM_FACTS,
    image: `nginx@${D}`,
    theirs: `harbor.example.com/k8s/library/nginx:${D}`,
    ours: `harbor.example.com/k8s/library/nginx@${D}`,
    why: 'theirs puts the digest after a colon, which no runtime can pull',
  },
  {
    config: SAMPLE,
    flags: ALL,
    image: 'docker.io/library/busybox:1',
    theirs: 'myregistry.corp.com/library/busybox:1',
    ours: 'myregistry.corp.com/busybox:1',
    why: 'it is the image busybox:1, and gets the name of that',
  },
  {
    config: SAMPLE,
    flags: ALL,
    image: 'localhost:5000/web:1',
    theirs: 'myregistry.corp.com/localhost:5000/web:1',
    ours: 'localhost:5000/web:1',
    why: 'their expression knows no ports, and writes a name that no runtime can pull',
  },
  {
    config: SAMPLE,
    flags: ALL,
    image: 'my-registry.example.com/web:1',
    theirs: 'myregistry.corp.com/my-registry.example.com/web:1',
    ours: 'my-registry.example.com/web:1',
    why: 'their expression knows no hyphens in hosts; ours changes the registries that are named',
  },
  {
    config: ANCHORED,
    image: 'nginx:1',
    theirs: 'nginx:1',
    ours: 'registry.example.com/hub/library/nginx:1',
    why: 'it is the image docker.io/library/nginx:1, however it is written',
  },
  {
    config: REPLACED,
    image: 'mirror.example.com/gcr.io/acme/web:1',
    theirs: 'mirror.example.com/registry.example.com/acme/web:1',
    ours: 'mirror.example.com/gcr.io/acme/web:1',
    why: 'theirs replaces the text anywhere in the name',
  },
];

describe.each([
  ['k8s-image-swapper', SWAPPER_ROWS],
  ['harbor-container-webhook', HARBOR_ROWS],
  ['Kyverno', KYVERNO_ROWS],
] as const)('the names of %s', (_, rows) => {
  test.each(rows)('$image -> $theirs, $why', async ({ config, flags = [], image, theirs, ours, why }) => {
    const { code, out, note } = await convert(config, ...flags);
    expect({ code, note }).toEqual({ code: 0, note: '' });
    expect(await nameBy(out, image)).toBe(ours ?? theirs);
    expect(ours === undefined || ours !== theirs).toBe(true);
    expect(why !== undefined).toBe(ours !== undefined);
  });
});

const filtered = (...filters: readonly string[]): string =>
  `${SWAPPER}source:\n  filters:\n${filters.map((filter) => `    - jmespath: "${filter}"\n`).join('')}`;
const ECR_FILTER = "contains(container.image, '.dkr.ecr.') && contains(container.image, '.amazonaws.com')";

describe('the scope', () => {
  test.each([
    [
      "obj.metadata.namespace == 'kube-system'",
      '  exclude:\n    namespaces: [kube-system]\n',
      { 'kube-system': 'nginx:1' },
    ],
    [
      "obj.metadata.namespace != 'playground'",
      '    namespaces: [playground]\n',
      { default: 'nginx:1', 'kube-system': 'nginx:1', 'a-dev': 'nginx:1' },
    ],
    ["ends_with(obj.metadata.namespace,'-dev')", "  exclude:\n    namespaces: ['*-dev']\n", { 'a-dev': 'nginx:1' }],
    [ECR_FILTER, "  exclude:\n    images: ['*.dkr.ecr.*.amazonaws.com/**']\n", {}],
  ])('of the filter %s', async (filter, expected, left) => {
    const { code, out } = await convert(filtered(filter));
    expect(code).toBe(0);
    expect(out).toContain(expected);
    const target = `${ECR}/docker.io/library/nginx:1`;
    const places = { default: target, playground: target, 'kube-system': target, 'a-dev': target, ...left };
    for (const [namespace, name] of Object.entries(places)) expect(await nameBy(out, 'nginx:1', namespace)).toBe(name);
  });

  test('of filters for a namespace and for images', async () => {
    const { code, out } = await convert(filtered("obj.metadata.namespace == 'kube-system'", ECR_FILTER));
    expect(code).toBe(0);
    expect(out).toContain('operator: NotIn');
    const other = '1.dkr.ecr.eu-west-1.amazonaws.com/a:1';
    expect(await nameBy(out, other)).toBe(other);
  });

  test('of a policy of Kyverno without controllers, and of one for a namespace', async () => {
    const none = "pod-policies.kyverno.io/autogen-controllers: 'none'";
    const image = "{{ replace_all(element.image, 'quay.io/', 'registry.example.com/quay/') }}";
    expect((await convert(kyverno(image, { annotations: none }))).out).toContain('mode: pod');
    const own = kyverno(image).replace(
      'kind: ClusterPolicy\nmetadata: {',
      'kind: Policy\nmetadata: {namespace: shop, ',
    );
    expect((await convert(own)).out).toContain('namespaces: [shop]');
  });
});

const harbor = (match: string): string => `rules:\n  - {name: a, matches: ['${match}'], replace: h.example.com/p}\n`;

describe('not converted', () => {
  test.each([
    ['no anchor', harbor('docker.io'), 'in.yaml:2: not converted: rule "a", matches "docker.io": it is not anchored'],
    ['any registry', harbor('.*'), 'it matches several registries and drops their names'],
    ['any host', harbor('^[^/]+/library/'), 'it matches several registries'],
    ['a class', harbor('^quay.io/[a-z]+/'), 'it has "[a-z]+/"'],
    ['nested repetitions', harbor('^((a+)+)+$'), 'it repeats a part with "+"'],
    ['an exponential number of ways', harbor(`^quay.io/${'(a|b)'.repeat(40)}`), 'in more than 32 ways'],
    ['deep groups', harbor(`^${'('.repeat(200)}a${')'.repeat(200)}`), 'nested too deep'],
    ['a long expression', harbor(`^${'a'.repeat(600)}`), 'longer than 500 characters'],
    ['a middle', harbor('^quay.io/.*/web'), 'in the middle'],
    ['a digest', harbor('^quay.io/a@sha256'), 'it selects by digest'],
    ['an end without a tag', harbor('^quay.io/a$'), 'it ends before the tag'],
    ['a path as host', harbor('^acme/web'), '"acme" is not a registry'],
    ['no match', 'rules: [{name: a, replace: h.example.com/p}]', 'it matches no image'],
    [
      'an exclude',
      harbor('^quay.io').replace('replace', "excludes: ['dev'], replace"),
      'the rule would change more images',
    ],
    ['a filter', filtered("obj.metadata.labels.a == 'b'"), 'in.yaml:4: not converted: filter'],
    ['values that are objects', 'target: {type: {toString: 1}}', 'unknown type ""'],
    ['a type', 'target: {type: quay, quay: {}}', 'unknown type "quay"'],
    ['no region', 'target: {type: aws, aws: {accountId: 1}}', 'aws.region is required'],
    ['all registries', SAMPLE, 'name the registries with --registry'],
    ['a literal with another middle', kyverno(call('rhoai/', 'quay.io/')), 'it is not anchored'],
    ['the first part', kyverno(call('^[^/]+', 'r.example.com')), 'it matches several registries'],
    [
      'another list',
      kyverno(call('^quay.io/', 'r.example.com/'), { list: 'ephemeralContainers' }),
      'it lists ephemeral',
    ],
    ['a lost group', kyverno(call('^quay.io/(.*)$', 'r.example.com/$2')), 'and then the last group'],
    ['another text', kyverno("{{ replace_all(element.name, 'a', 'b') }}"), 'is not a known form'],
    ['slashes', kyverno(call('^quay.io/', 'r.example.com')), 'do not both end with "/"'],
  ])('%s', async (_, config, expected) => {
    const { code, note } = await convert(config);
    expect(code).toBe(1);
    expect(note).toContain(expected);
  });

  test('rules that would follow each other without end', async () => {
    const rule = (from: string, to: string): string => `  - {matches: ['^${from}/'], replace: ${to}}\n`;
    const { code, note } = await convert(`rules:\n${rule('a.example', 'b.example')}${rule('b.example', 'a.example')}`);
    expect(code).toBe(1);
    expect(note).toContain('would never end');
  });

  const first = '{name: z, matches: ["^docker.io/library/"], replace: h.example.com/library, checkUpstream: true}';
  const second = '{name: a, matches: ["^docker.io/"], replace: h.example.com/hub}';

  test('the next rule for an image that a registry lacks', async () => {
    const { code, out, note } = await convert(`rules:\n  - ${first}\n  - ${second}\n`);
    expect(code).toBe(1);
    expect(note).toContain('in.yaml:3: not converted: rule "a": it does not get images that docker.io/library/**');
    expect(await nameBy(out, 'nginx:1')).toBe('h.example.com/library/library/nginx:1');
    expect(await nameBy(out, 'acme/web:1')).toBe('h.example.com/hub/acme/web:1');
  });

  test('a rule whose names another one would change again', async () => {
    const again = '{name: b, matches: ["^h.example.com/hub/"], replace: g.example.com}';
    const { code, out, note } = await convert(`rules:\n  - ${second}\n  - ${again}\n`);
    expect(code).toBe(1);
    expect(note).toContain('in.yaml:2: not converted: rule "a": its new names would match h.example.com/hub/**');
    expect(out).not.toContain('docker.io');
  });

  const conditions = (list: string): string => `{all: [${list}]}`;
  const operation = (operator: string, value: string, key = 'request.operation'): string =>
    conditions(`{key: "{{ ${key} }}", operator: ${operator}, value: ${value}}`);
  const length = (list: string, empty = '`[]`'): string =>
    conditions(
      `{key: "{{ request.object.spec.${list}[] || ${empty} | length(@) }}", operator: GreaterThanOrEquals, value: 1}`,
    );
  const TO = "{{ replace_all(element.image, 'quay.io/', 'registry.example.com/quay/') }}";

  test.each([
    ['of creations and updates', operation('AnyIn', '[CREATE, UPDATE]', "request.operation || 'BACKGROUND'"), 0],
    ['of creations', operation('Equals', 'CREATE'), 0],
    ['of all but deletions', operation('NotEquals', 'DELETE'), 0],
    ['of updates', operation('In', '[UPDATE]'), 1],
    ['of all but creations', operation('AnyNotIn', '[CREATE]'), 1],
    ['of another key', operation('In', '[CREATE]', 'request.namespace'), 1],
    ['of Pods with the containers that it changes', length('containers', "''"), 0],
    ['of Pods with other containers than those that it changes', length('initContainers'), 1],
  ])('a rule of Kyverno with the precondition %s', async (_, preconditions, expected) => {
    const { code, out, note } = await convert(kyverno(TO, { preconditions }));
    expect({ code, isWritten: out !== '' }).toEqual({ code: expected, isWritten: expected === 0 });
    expect(note.includes('its preconditions are not converted')).toBe(expected === 1);
  });

  test.each([
    ['[CREATE, UPDATE]', 0],
    ['[CREATE]', 0],
    ['[UPDATE]', 1],
    ['[DELETE]', 1],
  ])('a rule of Kyverno for the operations %s', async (operations, expected) => {
    expect((await convert(kyverno(TO, { operations: `, operations: ${operations}` }))).code).toBe(expected);
  });

  test('a name from the images of another list', async () => {
    const other = PREPENDED.replaceAll('images.containers', 'images.initContainers');
    expect((await convert(other, ...ALL)).note).toContain('it does not read the image of the container');
  });

  test('a narrower rule of Kyverno', async () => {
    const { code, out, note } = await convert(LITERAL.replace('{kinds: [Pod]}', '{kinds: [Pod], namespaces: [a]}'));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(note).toContain('its match selects by more than the kind Pod');
  });
});

describe('input that cannot be read', () => {
  test.each([
    ['wrong YAML', 'a: [', 'in.yaml:1:'],
    ['another file', 'apiVersion: v1\nkind: Pod\n', 'not a configuration of'],
    ['nothing', '', 'not a configuration of'],
    ['a list', '[1]', 'not a configuration of'],
    ['a cycle', 'rules: &a [*a]\n', 'in.yaml:'],
    ['aliases', `a: &a [x]\n${'b'.repeat(3)}: [*c]\n`, 'in.yaml:2:'],
    ['a large file', `target: ${' '.repeat(4 * 1024 * 1024)}`, 'larger than 4 MiB'],
  ])('%s', async (_, config, expected) => {
    const { code, out, note } = await convert(config);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(note).toContain(expected);
  });

  test('a file that is not there', async () => {
    expect(await runCommand(['import-rewrites', path.join(folder, 'none.yaml')])).toMatchObject({ code: 2, out: '' });
  });

  const many = (length: number, text: string): string => `[${Array.from({ length }, () => text).join(', ')}]`;

  test.each([
    ['rules', `rules: ${many(400, `{replace: h.example.com, matches: ['^quay.io/']}`)}`, 'more than 300 rules'],
    ['expressions', `rules: [{replace: h.example.com, matches: ${many(60, "'^quay.io/'")}}]`, 'more than 50'],
    [
      'filters',
      `${SWAPPER}source: {filters: ${many(60, `{jmespath: "obj.metadata.namespace == 'a'"}`)}}`,
      'more than 50',
    ],
  ])('too many %s', async (_, config, expected) => {
    const { code, note } = await convert(config);
    expect(code).toBe(1);
    expect(note).toContain(expected);
  });

  test('a list that aliases multiply', async () => {
    const levels = Array.from({ length: 9 }, (_, at) => `x${at + 1}: &x${at + 1} ${many(9, `*x${at}`)}`);
    const rules = 'rules: [{replace: h.example.com, matches: *x9}]';
    const { code, note } = await convert(`x0: &x0 [a]\n${levels.join('\n')}\n${rules}\n`);
    expect(code).toBe(2);
    expect(note).toContain('which kubectl rejects');
  });
});

describe('the file', () => {
  test('has a comment with the source of each entry, and is not replaced without --force', async () => {
    const out = path.join(folder, 'out');
    const { code, note } = await convert(HARBOR, '--out', out);
    expect(code).toBe(0);
    const file = path.join(out, 'rewrites.yaml');
    expect(note).toBe(`wrote ${file}\n`);
    expect(existsSync(file)).toBe(true);
    expect(readFileSync(file, 'utf8')).toMatch(/# .*\.yaml:2: rule "docker.io proxy cache except ubuntu"\n/);
    expect(await convert(HARBOR, '--out', out)).toMatchObject({ code: 2 });
    expect(await convert(HARBOR, '--out', out, '--force')).toMatchObject({ code: 0 });
  });
});
