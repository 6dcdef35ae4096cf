/** `check` evaluates objects as they would run: after the changes of policies, as far as it knows them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { check, type CheckFlags } from '../../src/cli/check.ts';
import type { RegistryFact, RegistryImage } from '../../src/policy/registry-fact.ts';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';
import { commit, inNewRepository, pod, write } from '../support/since.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-as-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

const DIGEST = `sha256:${'1'.repeat(64)}`;
const MIRROR = 'mirror.example.com/hub/library/nginx:1.27';
const HUB = '{from: "docker.io/**", to: "mirror.example.com/hub/**"';
const ONLY_MIRROR = 'rules: [{rule: image-registry, parameters: {allow: ["mirror.example.com/**"]}}]';

function file(name: string, text: string): string {
  const target = path.join(folder, name);
  writeFileSync(target, text);
  return target;
}

function policy(spec: string, name = 'p'): string {
  return `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
}

const deployment = (image: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  template:\n    spec:\n      containers: [{name: web, image: "${image}"}]\n`;
const secret = `apiVersion: v1\nkind: Secret\nmetadata: {name: mirror-pull, namespace: shop}\ntype: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: '{"auths":{"mirror.example.com":{"username":"u","password":"p"}}}'}\n`;
const account = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: shop}\n';

interface Checked {
  readonly report: CheckReport;
  readonly lookups: readonly string[];
}

const yes: RegistryFact<RegistryImage> = {
  state: 'yes',
  value: {
    digest: DIGEST,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    credential: 'anonymous',
    mirror: undefined,
    provesPull: true,
    stale: undefined,
  },
};
const no: RegistryFact<never> = { state: 'no', failure: { cause: 'notFound', message: 'gone', remedy: undefined } };

async function checked(
  spec: string,
  object: string,
  { has = () => true, ...flags }: Partial<CheckFlags> & { readonly has?: (image: string) => boolean } = {},
): Promise<Checked> {
  let out = '';
  const lookups: string[] = [];
  const terminal = {
    out: (text: string): void => void (out += text),
    note: (): void => undefined,
    isTerminal: false,
    colors: false,
    input: () => process.stdin,
  };
  const lookUp = ({ reference }: { readonly reference: { readonly text: string } }): RegistryFact<RegistryImage> => {
    lookups.push(reference.text);
    return has(reference.text) ? yes : no;
  };
  const openRegistry: CheckFlags['openRegistry'] = () =>
    Promise.resolve({ sources: { images: { lookUp } }, tracer: undefined, close: () => Promise.resolve() });
  const given = {
    policy: [file('policy.yaml', policy(spec))],
    output: 'json',
    failOn: ['deny'],
    openRegistry,
  } as const;
  await check([file('object.yaml', object)], { ...given, ...flags }, terminal);
  return { report: JSON.parse(out) as CheckReport, lookups };
}

function changesIn({ changes = [] }: CheckReport): readonly string[] {
  return changes.map(({ line, container, from, to, pullSecrets, pullPolicy, policies }) =>
    [line, container, from, '->', to, pullSecrets.join(','), pullPolicy ?? '', policies.join(',')].join(' ').trimEnd(),
  );
}

function findingsIn({ findings }: CheckReport): readonly string[] {
  return findings.map(({ action, rule, image, message }) => `${action} ${rule} ${image}: ${message}`);
}

interface Case {
  readonly what: string;
  readonly spec: string;
  readonly object?: string;
  readonly flags?: Parameters<typeof checked>[2];
  readonly changes: readonly string[];
  readonly findings: readonly string[];
  readonly notices?: readonly string[];
  readonly lookups?: readonly string[];
}

const NOT_REWRITTEN =
  'cannot determine whether 1 image would get another name, because registries are not queried; objects are checked as written';

const CASES: readonly Case[] = [
  {
    what: 'a mirror that has the image',
    spec: `{rewrite: [${HUB}}], ${ONLY_MIRROR}}`,
    changes: [`7 web nginx:1.27 -> ${MIRROR}   p`],
    findings: [],
    lookups: [MIRROR],
  },
  {
    what: 'a mirror that does not have it',
    spec: `{rewrite: [${HUB}, onFailure: warn}], ${ONLY_MIRROR}}`,
    flags: { has: () => false },
    changes: [],
    findings: [
      `warn rewrite nginx:1.27: image "nginx:1.27" is not rewritten to "${MIRROR}": gone`,
      'deny image-registry nginx:1.27: image "nginx:1.27" is not from an allowed registry',
    ],
    lookups: [MIRROR],
  },
  {
    what: 'a mirror that is not queried',
    spec: `{rewrite: [${HUB}, onFailure: deny}], ${ONLY_MIRROR}}`,
    flags: { offline: true },
    changes: [],
    findings: ['deny image-registry nginx:1.27: image "nginx:1.27" is not from an allowed registry'],
    notices: [NOT_REWRITTEN],
    lookups: [],
  },
  {
    what: 'an image to pin, without a rule that needs a registry',
    spec: '{pin: {onFailure: deny}, rules: [{rule: image-digest}]}',
    changes: [],
    findings: ['deny image-digest nginx:1.27: image "nginx:1.27" has no digest, so its content can change'],
    lookups: [],
  },
  {
    what: 'an image to pin, with one',
    spec: '{pin: {}, rules: [{rule: image-digest}, {rule: image-exists}]}',
    changes: [`7 web nginx:1.27 -> nginx:1.27@${DIGEST}   p`],
    findings: [],
    lookups: ['nginx:1.27', `nginx:1.27@${DIGEST}`],
  },
  {
    what: 'an image to pin that another rule denies',
    spec: '{pin: {}, rules: [{rule: image-registry, parameters: {allow: ["a.io/**"]}}]}',
    changes: [],
    findings: ['deny image-registry nginx:1.27: image "nginx:1.27" is not from an allowed registry'],
  },
  {
    what: 'an image that is rewritten and pinned',
    spec: `{rewrite: [${HUB}}], pin: {}, rules: [{rule: image-digest}]}`,
    changes: [`7 web nginx:1.27 -> ${MIRROR}@${DIGEST}   p`],
    findings: [],
  },
  {
    what: 'a pull secret that the Pods of a template get',
    spec: `{rewrite: [${HUB}, when: always}], pullSecrets: [{images: ["mirror.example.com/**"], add: [mirror-pull]}]}`,
    object: `${deployment('nginx:1.27')}---\n${secret}---\n${account}`,
    changes: [`7 web nginx:1.27 -> ${MIRROR} mirror-pull  p`],
    findings: [],
  },
  {
    what: 'a pull secret that is not in the files',
    spec: `{rewrite: [${HUB}, when: always}], pullSecrets: [{images: ["**"], add: [mirror-pull], mode: workload}]}`,
    changes: [`7 web nginx:1.27 -> ${MIRROR}   p`],
    findings: [],
    notices: [
      'cannot determine 1 change of policies, because objects of the cluster are not known; objects are checked as written',
    ],
  },
  {
    what: 'a pull secret that the Pods of a template would get, and that is not in the files',
    spec: `{rewrite: [${HUB}, when: always}], pullSecrets: [{images: ["**"], add: [mirror-pull]}]}`,
    changes: [`7 web nginx:1.27 -> ${MIRROR}   p`],
    findings: [],
    notices: [
      'cannot determine 1 change of policies, because objects of the cluster are not known; objects are checked as written',
    ],
  },
  {
    what: 'a mirror that is not queried for a template, nor for its Pods',
    spec: `{rewrite: [${HUB}}], pullPolicy: [{set: Never, mode: pod}]}`,
    flags: { offline: true },
    changes: ['7 web nginx:1.27 -> nginx:1.27  Never p'],
    findings: [],
    notices: [NOT_REWRITTEN],
    lookups: [],
  },
  {
    what: 'a mirror that is not queried for the Pods of a template',
    spec: `{rewrite: [${HUB}, mode: pod}]}`,
    flags: { offline: true },
    changes: [],
    findings: [],
    notices: [NOT_REWRITTEN],
    lookups: [],
  },
  {
    what: 'a pull policy',
    spec: '{pullPolicy: [{set: Always}], rules: [{rule: image-pull-policy}]}',
    changes: ['7 web nginx:1.27 -> nginx:1.27  Always p'],
    findings: [],
  },
  {
    what: 'a template that stays, whose Pods change',
    spec: `{rewrite: [${HUB}, when: always, mode: pod}], ${ONLY_MIRROR}}`,
    changes: [`7 web nginx:1.27 -> ${MIRROR}   p`],
    findings: ['deny image-registry nginx:1.27: image "nginx:1.27" is not from an allowed registry'],
  },
  {
    what: 'a policy that only warns',
    spec: `{rewrite: [${HUB}, when: always, mode: warn}]}`,
    changes: [],
    findings: [`warn rewrite nginx:1.27: image "nginx:1.27" is not rewritten; use ${MIRROR}`],
  },
  {
    what: 'a namespace whose labels are not known',
    spec: `{match: {namespaceSelector: {matchLabels: {a: b}}}, rewrite: [${HUB}, when: always}]}`,
    changes: [],
    findings: [],
    notices: [
      'cannot determine 1 change of policies, because objects of the cluster are not known; objects are checked as written',
    ],
  },
];

describe('check', () => {
  test.each(CASES)('tells about $what', async ({ spec, object = deployment('nginx:1.27'), flags, ...expected }) => {
    const { report, lookups } = await checked(spec, object, flags);
    expect({ changes: changesIn(report), findings: findingsIn(report) }).toEqual({
      changes: expected.changes,
      findings: expected.findings,
    });
    expect(report.notices.map(({ message }) => message)).toEqual(expected.notices ?? []);
    expect(report.images.map(({ image }) => image)).toEqual(['nginx:1.27']);
    if (expected.lookups !== undefined) expect(lookups).toEqual(expected.lookups);
  });

  test('reports all problems of an object that a change denies', async () => {
    const spec = `{rewrite: [${HUB}, onFailure: deny}], ${ONLY_MIRROR}}`;
    const object = `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [{name: a, image: nginx}, {name: b, image: redis}]\n`;
    const { report } = await checked(spec, object, { has: (image) => image.includes('redis') });
    expect(report.changes).toEqual([]);
    expect(findingsIn(report).map((text) => text.split(':')[0])).toEqual([
      'deny rewrite nginx',
      'deny image-registry nginx',
    ]);
  });

  test('has no key for changes without a policy that changes objects', async () => {
    const { report } = await checked(`{${ONLY_MIRROR}}`, deployment('nginx:1.27'));
    expect(Object.keys(report)).not.toContain('changes');
  });

  test('gives a finding the same fingerprint when the digest that an image gets moves', async () => {
    const spec =
      '{pin: {}, rules: [{rule: image-exists}, {rule: image-registry, parameters: {allow: ["a.io/**"]}, action: warn}]}';
    const [pinned, written] = await Promise.all([
      checked(spec, deployment('nginx:1.27')),
      checked(spec, deployment('nginx:1.27'), { offline: true }),
    ]);
    const printOf = ({ report }: Checked): string | undefined =>
      report.findings.find(({ rule }) => rule === 'image-registry')?.fingerprint;
    expect(printOf(pinned)).toBe(printOf(written));
  });

  test('prints one line for the same change of several containers, and a bounded number of lines', async () => {
    const images = Array.from({ length: 25 }, (_, index) => `nginx:${index}`);
    const containers = ['nginx:0', ...images].map((image, index) => `{name: c${index}, image: "${image}"}`);
    const object = `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [${containers.join(', ')}]\n`;
    const args = [
      'check',
      file('object.yaml', object),
      '-p',
      file('policy.yaml', policy(`{rewrite: [${HUB}, when: always}]}`)),
    ];
    const { out } = await runCommand(args);
    const lines = out.split('\n').filter((line) => line.includes('would run'));
    expect(lines[0]).toMatch(
      /object\.yaml:5:\d+ {2}would run as mirror\.example\.com\/hub\/library\/nginx:0 {2}Pod default\/web > c0 and 1 other container$/,
    );
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('5 more containers would run with changes: see -o json');
  });

  test('selects findings about changes, and writes no exceptions for them', async () => {
    const args = [
      'check',
      file('object.yaml', deployment('nginx')),
      '-p',
      file('policy.yaml', policy(`{rewrite: [${HUB}, when: always, mode: warn}]}`)),
    ];
    const only = await runCommand([...args, '--only', 'rewrite']);
    expect(only.out).toContain('1 warned');
    expect(only.out).not.toContain('explain rule rewrite');
    const target = path.join(folder, 'exceptions.yaml');
    const { out } = await runCommand([
      ...args,
      '--write-exceptions',
      target,
      '--expires',
      '2099-01-01',
      '--owner',
      'me',
    ]);
    expect(out).toContain('no exceptions written; 1 finding cannot be excused');
  });
});

const ALWAYS = `rewrite: [${HUB}, when: always}]`;
const release = (values: string): string =>
  `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n  values: ${values}\n`;
const application = (helm: string): string =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web, namespace: shop}\nspec:\n  source:\n    helm: ${helm}\n`;
const REDIS = 'mirror.example.com/hub/library/redis:7';

interface ValueCase extends Case {
  readonly images?: readonly string[];
}

const VALUE_CASES: readonly ValueCase[] = [
  {
    what: 'a text in a HelmRelease',
    spec: `{${ALWAYS}, ${ONLY_MIRROR}}`,
    object: release('{web: {image: "nginx:1.27"}}'),
    changes: [`5  nginx:1.27 -> ${MIRROR}   p`],
    findings: [],
  },
  {
    what: 'a map in a HelmRelease',
    spec: `{${ALWAYS}, ${ONLY_MIRROR}}`,
    object: release('{image: {repository: nginx, tag: "1.27"}}'),
    changes: [`5  nginx:1.27 -> ${MIRROR}   p`],
    findings: [],
  },
  {
    what: 'the text of a HelmChart, with several images',
    spec: `{${ALWAYS}, ${ONLY_MIRROR}}`,
    object:
      'apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: web, namespace: shop}\nspec:\n  valuesContent: |\n    image: nginx:1.27\n    cache: {image: redis:7}\n    other: {image: "quay.io/a/b:1"}\n',
    images: ['nginx:1.27', 'redis:7', 'quay.io/a/b:1'],
    changes: [`6  nginx:1.27 -> ${MIRROR}   p`, `6  redis:7 -> ${REDIS}   p`],
    findings: ['deny image-registry quay.io/a/b:1: image "quay.io/a/b:1" is not from an allowed registry'],
  },
  {
    what: 'a map, a text, and parameters of an Application',
    spec: `{${ALWAYS}, ${ONLY_MIRROR}}`,
    object: application(
      '{valuesObject: {image: "nginx:1.27"}, values: "image: {repository: redis, tag: \'7\'}", parameters: [{name: db.image.repository, value: nginx}, {name: db.image.tag, value: "1.27"}]}',
    ),
    images: ['nginx:1.27', 'redis:7', 'nginx:1.27'],
    changes: [
      `6  nginx:1.27 -> ${MIRROR}   p`,
      `6  redis:7 -> ${REDIS}   p`,
      `6 db.image.tag nginx:1.27 -> ${MIRROR}   p`,
    ],
    findings: [],
  },
  {
    what: 'a mirror that has one of two images, whose facts are apart',
    spec: `{rewrite: [${HUB}}], pin: {}, rules: [{rule: image-exists}, {rule: image-registry, parameters: {allow: ["mirror.example.com/**"]}}]}`,
    object: application("{values: \"a: {image: 'nginx:1.27'}\\nb: {image: 'redis:7'}\\n\"}"),
    images: ['nginx:1.27', 'redis:7'],
    flags: { has: (image) => !image.includes('redis') },
    changes: [`6  nginx:1.27 -> ${MIRROR}@${DIGEST}   p`],
    findings: [
      `audit rewrite redis:7: image "redis:7" is not rewritten to "${REDIS}": gone`,
      'deny image-registry redis:7: image "redis:7" is not from an allowed registry',
    ],
  },
  {
    what: 'a mirror that is not queried',
    spec: `{rewrite: [${HUB}}], ${ONLY_MIRROR}}`,
    object: release('{image: "nginx:1.27"}'),
    flags: { offline: true },
    changes: [],
    findings: ['deny image-registry nginx:1.27: image "nginx:1.27" is not from an allowed registry'],
    notices: [NOT_REWRITTEN],
    lookups: [],
  },
  {
    what: 'Pods that change, and a template that stays',
    spec: `{rewrite: [${HUB}, when: always, mode: pod}], ${ONLY_MIRROR}}`,
    object: release('{image: "nginx:1.27"}'),
    changes: [`5  nginx:1.27 -> ${MIRROR}   p`],
    findings: ['deny image-registry nginx:1.27: image "nginx:1.27" is not from an allowed registry'],
  },
  {
    what: 'pull secrets and pull policies, which are those of a container',
    spec: `{rewrite: [${HUB}, when: always, mode: pod}], pullSecrets: [{images: ["**"], add: [mirror-pull]}], pullPolicy: [{set: Always}]}`,
    object: `${release('{image: "nginx:1.27"}')}---\n${secret}---\n${account}`,
    changes: [`5  nginx:1.27 -> ${MIRROR}   p`],
    findings: [],
  },
  {
    what: 'the original of an image',
    spec: `{${ALWAYS}, rules: [{rule: cel, parameters: {expression: 'original.registry == "quay.io"', message: bad}}]}`,
    object: release('{image: "nginx:1.27"}'),
    changes: [`5  nginx:1.27 -> ${MIRROR}   p`],
    findings: ['deny cel nginx:1.27: bad'],
  },
  {
    what: 'images of a kustomization, which its object keeps',
    spec: `{${ALWAYS}, ${ONLY_MIRROR}}`,
    object:
      'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n  postRenderers: [{kustomize: {images: [{name: a, newName: nginx, newTag: "1.27"}]}}]\n',
    changes: [],
    findings: ['deny image-registry nginx:1.27: image "nginx:1.27" is not from an allowed registry'],
  },
];

describe('images in Helm values', () => {
  test.each(VALUE_CASES)(
    'run as those of a chart: $what',
    async ({ spec, object = '', flags, images, ...expected }) => {
      const { report, lookups } = await checked(spec, object, flags);
      expect({ changes: changesIn(report), findings: findingsIn(report) }).toEqual({
        changes: expected.changes,
        findings: expected.findings,
      });
      expect(report.images.map(({ image }) => image)).toEqual(images ?? ['nginx:1.27']);
      expect(report.notices.map(({ message }) => message).filter((text) => !text.includes('not evaluated'))).toEqual(
        expected.notices ?? [],
      );
      if (expected.lookups !== undefined) expect(lookups).toEqual(expected.lookups);
    },
  );

  test.each([
    ['compose.yaml', 'services: {web: {image: "nginx:1.27"}}\n'],
    ['Dockerfile', 'FROM nginx:1.27\n'],
  ])('are not those of a %s, which no API server changes', async (name, text) => {
    const { out } = await runCommand([
      'check',
      file(name, text),
      '-p',
      file('policy.yaml', policy(`{${ALWAYS}, ${ONLY_MIRROR}}`)),
      '-o',
      'json',
    ]);
    const report = JSON.parse(out) as CheckReport;
    expect(report.changes).toEqual([]);
    expect(findingsIn(report)).toEqual([
      'deny image-registry nginx:1.27: image "nginx:1.27" is not from an allowed registry',
    ]);
  });
});

describe('check --since', () => {
  inNewRepository();

  test('compares Helm values as they run', async () => {
    write('p.yaml', policy(`{${ALWAYS}, ${ONLY_MIRROR}}`));
    write('a.yaml', release('{image: "nginx:1.27", other: {image: "quay.io/a/b:1"}}'));
    commit();
    write('a.yaml', release('{image: "nginx:1.27", other: {image: "quay.io/a/b:1"}, replicas: 2}'));
    const { out } = await runCommand(['check', 'a.yaml', '-p', 'p.yaml', '--since', 'HEAD', '-o', 'json']);
    const report = JSON.parse(out) as CheckReport;
    expect(report.findings.map(({ image, action, existing }) => ({ image, action, existing }))).toEqual([
      { image: 'quay.io/a/b:1', action: 'warn', existing: true },
    ]);
    expect(changesIn(report)).toEqual([`5  nginx:1.27 -> ${MIRROR}   p`]);
  });

  test('compares with the stored object as it runs', async () => {
    write('p.yaml', policy(`{rewrite: [${HUB}, when: always}], ${ONLY_MIRROR}}`));
    write('a.yaml', pod('a', 'nginx:1'));
    write('b.yaml', pod('b', 'evil.io/x:1'));
    commit();
    write('a.yaml', pod('a', 'nginx:1', 'name: a, labels: {a: b}'));
    write('b.yaml', pod('b', 'evil.io/x:1', 'name: b, labels: {a: b}'));
    const { out, code } = await runCommand([
      'check',
      'a.yaml',
      'b.yaml',
      '-p',
      'p.yaml',
      '--since',
      'HEAD',
      '-o',
      'json',
    ]);
    const report = JSON.parse(out) as CheckReport;
    expect(code).toBe(0);
    expect(report.findings.map(({ name, action, existing }) => ({ name, action, existing }))).toEqual([
      { name: 'b', action: 'warn', existing: true },
    ]);
    expect(report.changes?.map(({ name, to }) => `${name} ${to}`)).toEqual([
      'a mirror.example.com/hub/library/nginx:1',
    ]);
  });
});
