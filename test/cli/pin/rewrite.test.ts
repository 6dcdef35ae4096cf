/** `pin --rewrite`: names first, then digests; nothing else changes. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PinFlags } from '../../../src/cli/pin/flags.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import {
  type CommandResult,
  digestOf,
  fakeRegistry,
  type FakeRegistry,
  type LookupResult,
  NOT_FOUND,
  RATE_LIMITED,
  runPin,
} from '../../support/pin-registry.ts';

inOwnFolders('pin-rewrite');

const HUB = '{from: "docker.io/**", to: "mirror.example.com/hub/**"}';
const MIRROR = 'mirror.example.com/hub/library';
const OLD = `sha256:${'a'.repeat(64)}`;

function policy(spec: string, name = 'p'): string {
  return `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
}

function file(name: string, text: string): string {
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, text);
  return name;
}

function pod(...images: readonly string[]): string {
  const containers = images.map((image, index) => `  - name: c${index}\n    image: ${image}\n`).join('');
  return `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n${containers}`;
}

const pinnedTo = (image: string): string => `${image}@${digestOf(image)}`;

interface Rewritten extends CommandResult {
  /** By path, after the command. */
  readonly after: Readonly<Record<string, string>>;
  readonly lookups: readonly string[];
}

interface RunOptions extends Partial<PinFlags> {
  readonly spec?: string;
  readonly registry?: Readonly<Record<string, LookupResult>>;
}

async function rewrite(
  files: Readonly<Record<string, string>>,
  { spec = `{rewrite: [${HUB}]}`, registry: table = {}, ...flags }: RunOptions = {},
): Promise<Rewritten> {
  for (const [name, text] of Object.entries(files)) file(`in/${name}`, text);
  file('policy.yaml', policy(spec));
  const registry: FakeRegistry = fakeRegistry(table);
  const result = await runPin(['in'], { rewrite: true, policy: ['policy.yaml'], write: true, ...flags }, { registry });
  const after = Object.fromEntries(Object.keys(files).map((name) => [name, readFileSync(`in/${name}`, 'utf8')]));
  return { ...result, after, lookups: registry.lookups };
}

interface Row {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly options?: RunOptions;
}

/** Only names; `when: always` needs no registry. */
const NAMES: RunOptions = {
  offline: true,
  spec: '{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}]}',
};

const deployment = (image: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: web, image: ${image}}\n`;
const same = (name: string, before: string, after: string): Pick<Row, 'files' | 'after'> => {
  return { files: { [name]: before }, after: { [name]: after } };
};
const compose = (image: string, more = ''): string => `services:\n  web:\n    image: ${image}\n${more}`;
const M = 'mirror.example.com/hub';

const TEXTS: readonly Row[] = [
  { what: 'a plain scalar', ...same('a.yaml', pod('nginx:1.27'), pod(`${MIRROR}/nginx:1.27`)) },
  {
    what: 'quotes, comments, and a tag',
    ...same(
      'a.yaml',
      pod("'nginx' # the proxy", `"redis:7@${OLD}"   # {"$imagepolicy": "flux-system:web"}`, '!!str nginx'),
      pod(
        `'${MIRROR}/nginx' # the proxy`,
        `"${MIRROR}/redis:7@${OLD}"   # {"$imagepolicy": "flux-system:web"}`,
        `!!str ${MIRROR}/nginx`,
      ),
    ),
  },
  { what: 'a scalar with escapes', ...same('a.yaml', pod('"\\x6eginx:1.27"'), pod(`"${MIRROR}/nginx:1.27"`)) },
  {
    what: 'a block scalar',
    ...same('a.yaml', pod('>-\n      nginx:1.27'), pod(`>-\n      ${MIRROR}/nginx:1.27`)),
  },
  {
    what: 'CRLF',
    ...same('a.yaml', pod('nginx').replaceAll('\n', '\r\n'), pod(`${MIRROR}/nginx`).replaceAll('\n', '\r\n')),
  },
  {
    what: 'JSON',
    ...same(
      'a.json',
      '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image":"nginx"}]}}',
      `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image":"${MIRROR}/nginx"}]}}`,
    ),
  },
  {
    what: 'anchors and merge keys',
    ...same(
      'a.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - &c {name: a, image: &i nginx:1.27}\n  - {<<: *c, name: b}\n  - {name: c, image: *i}\n',
      `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - &c {name: a, image: &i ${MIRROR}/nginx:1.27}\n  - {<<: *c, name: b}\n  - {name: c, image: *i}\n`,
    ),
  },
  {
    what: 'a CronJob in a list',
    ...same(
      'a.yaml',
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: batch/v1\n  kind: CronJob\n  metadata: {name: j}\n  spec:\n    jobTemplate:\n      spec:\n        template:\n          spec:\n            initContainers: [{name: i, image: busybox}]\n            containers: [{name: j, image: docker.io/acme/job:1}]\n',
      `apiVersion: v1\nkind: List\nitems:\n- apiVersion: batch/v1\n  kind: CronJob\n  metadata: {name: j}\n  spec:\n    jobTemplate:\n      spec:\n        template:\n          spec:\n            initContainers: [{name: i, image: ${MIRROR}/busybox}]\n            containers: [{name: j, image: ${M}/acme/job:1}]\n`,
    ),
  },
  {
    what: 'several documents, of which one has none of the images',
    ...same(
      'a.yaml',
      `${pod('nginx')}---\n${pod('ghcr.io/a/b:1')}`,
      `${pod(`${MIRROR}/nginx`)}---\n${pod('ghcr.io/a/b:1')}`,
    ),
  },
  {
    what: 'a Compose file',
    ...same(
      'compose.yaml',
      compose(
        '"nginx:${TAG:-1.27}" # web',
        '  db:\n    image: ${DB:-redis:7}\n  own:\n    build: .\n    image: acme/own\n',
      ),
      compose(
        `"${MIRROR}/nginx:\${TAG:-1.27}" # web`,
        `  db:\n    image: \${DB:-${MIRROR}/redis:7}\n  own:\n    build: .\n    image: acme/own\n`,
      ),
    ),
  },
  {
    what: 'a build context and an inline Dockerfile in a Compose file',
    ...same(
      'compose.yaml',
      'services:\n  web:\n    build:\n      additional_contexts: ["base=docker-image://alpine:3"]\n      dockerfile_inline: |\n        FROM nginx:1\n        COPY --from=redis:7 /a /b\n',
      `services:\n  web:\n    build:\n      additional_contexts: ["base=docker-image://${MIRROR}/alpine:3"]\n      dockerfile_inline: |\n        FROM ${MIRROR}/nginx:1\n        COPY --from=${MIRROR}/redis:7 /a /b\n`,
    ),
  },
  {
    what: 'a Dockerfile',
    ...same(
      'Dockerfile',
      '# syntax=docker/dockerfile:1\nARG VERSION=22\nARG BASE=alpine:3\nFROM --platform=$BUILDPLATFORM node:${VERSION} AS build # no comment\nFROM "debian:12"\nFROM $BASE\nFROM scratch\nCOPY --from=build /a /b\nRUN --mount=type=bind,from=busybox:1,target=/m true\n',
      `# syntax=${M}/docker/dockerfile:1\nARG VERSION=22\nARG BASE=${MIRROR}/alpine:3\nFROM --platform=$BUILDPLATFORM ${MIRROR}/node:\${VERSION} AS build # no comment\nFROM "${MIRROR}/debian:12"\nFROM $BASE\nFROM scratch\nCOPY --from=build /a /b\nRUN --mount=type=bind,from=${MIRROR}/busybox:1,target=/m true\n`,
    ),
  },
  {
    what: 'an ARG with the name of two images',
    ...same(
      'Dockerfile',
      'ARG NAME=node\nFROM ${NAME}:22 AS a\nFROM ${NAME}:20\n',
      `ARG NAME=${MIRROR}/node\nFROM \${NAME}:22 AS a\nFROM \${NAME}:20\n`,
    ),
  },
  {
    what: 'Helm values',
    options: { ...NAMES, helmImage: ['/image', '/split', '/plain', '/sidecars/*/image'] },
    ...same(
      'values.yaml',
      'image:\n  repository: nginx # the proxy\n  tag: "1.27"\nsplit: {registry: "docker.io", repository: bitnami/redis, tag: 7, digest: ""}\nplain: acme/web:1\nsidecars:\n- image:\n    registry: ""\n    repository: "envoy"\n    tag: v1\n'.replace(
        'tag: 7',
        "tag: '7'",
      ),
      `image:\n  repository: ${MIRROR}/nginx # the proxy\n  tag: "1.27"\nsplit: {registry: "mirror.example.com", repository: hub/bitnami/redis, tag: '7', digest: ""}\nplain: ${M}/acme/web:1\nsidecars:\n- image:\n    registry: ""\n    repository: "${MIRROR}/envoy"\n    tag: v1\n`,
    ),
  },
];

describe('--rewrite --offline, on the texts of files', () => {
  test.each(TEXTS)('$what', async ({ files, after, options = NAMES }) => {
    const result = await rewrite(files, options);
    expect(result.after).toEqual(after);
    expect(result.code).toBe(0);
    expect(result.lookups).toEqual([]);
    const again = await rewrite(after, options);
    expect(again.after).toEqual(after);
    expect(again.out).toBe('');
  });
});

interface Outcome {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly options?: RunOptions;
  /** The files that change. */
  readonly after?: Readonly<Record<string, string>>;
  readonly code?: number;
  /** Lines on stderr, without the summary. */
  readonly notes?: readonly string[];
  readonly lookups?: readonly string[];
}

/** A registry that lacks tags of the mirror, and the digests that Docker Hub has for them. */
function without(...names: readonly string[]): Readonly<Record<string, LookupResult>> {
  const digests = names.map((name) => {
    const [repository = '', tag = ''] = name.split(':');
    return `${repository}@${digestOf(`docker.io/${repository.slice(M.length + 1)}:${tag}`)}`;
  });
  return Object.fromEntries([...names, ...digests].map((name) => [name, NOT_FOUND]));
}
const policies = (entries: string, more = ''): string => `{${more}rewrite: [${entries}]}`;

const OUTCOMES: readonly Outcome[] = [
  {
    what: 'available: the mirror has the tag',
    files: { 'a.yaml': pod('nginx:1.27') },
    after: { 'a.yaml': pod(pinnedTo(`${MIRROR}/nginx:1.27`)) },
    lookups: [`${MIRROR}/nginx:1.27`],
  },
  {
    what: 'available: the mirror lacks it, and the image is pinned as it is',
    files: { 'a.yaml': pod('nginx:1.27', 'redis:7') },
    options: { registry: without(`${MIRROR}/nginx:1.27`) },
    after: { 'a.yaml': pod(`nginx:1.27@${digestOf('docker.io/library/nginx:1.27')}`, pinnedTo(`${MIRROR}/redis:7`)) },
    notes: [
      `in/a.yaml:8:12  notice  image "nginx:1.27" is not rewritten to "${MIRROR}/nginx:1.27": registry.example.com has no such tag`,
    ],
  },
  {
    what: 'a mirror that lacks many images',
    files: { 'a.yaml': pod('nginx:1', 'nginx:1', 'redis:7') },
    options: { registry: without(`${MIRROR}/nginx:1`, `${MIRROR}/redis:7`) },
    after: {
      'a.yaml': pod(
        `nginx:1@${digestOf('docker.io/library/nginx:1')}`,
        `nginx:1@${digestOf('docker.io/library/nginx:1')}`,
        `redis:7@${digestOf('docker.io/library/redis:7')}`,
      ),
    },
    notes: [
      `in/a.yaml:8:12  notice  2 images keep their names, for example: image "nginx:1" is not rewritten to "${MIRROR}/nginx:1": registry.example.com has no such tag`,
    ],
  },
  {
    what: 'a mirror that does not tell, with what helps',
    files: { 'a.yaml': pod('nginx:1') },
    options: {
      registry: {
        [`${MIRROR}/nginx:1`]: RATE_LIMITED,
        [`${MIRROR}/nginx@${digestOf('docker.io/library/nginx:1')}`]: RATE_LIMITED,
      },
    },
    after: { 'a.yaml': pod(`nginx:1@${digestOf('docker.io/library/nginx:1')}`) },
    notes: [
      `in/a.yaml:8:12  notice  image "nginx:1" is not rewritten to "${MIRROR}/nginx:1": registry.example.com answered 429, retry in 30 s; log in`,
    ],
  },
  {
    what: 'onFailure by cause',
    files: { 'a.yaml': pod('nginx:1', 'redis:7') },
    options: {
      spec: policies(
        '{from: "docker.io/**", to: "mirror.example.com/hub/**", onFailure: {notFound: warn, other: deny}}',
      ),
      registry: { ...without(`${MIRROR}/nginx:1`), [`${MIRROR}/redis:7`]: RATE_LIMITED },
    },
    after: { 'a.yaml': pod(`nginx:1@${digestOf('docker.io/library/nginx:1')}`, 'redis:7') },
    code: 2,
    notes: [
      `in/a.yaml:10:12  error  image "redis:7" is not rewritten to "${MIRROR}/redis:7": registry.example.com answered 429, retry in 30 s; log in`,
      `in/a.yaml:8:12  notice  image "nginx:1" is not rewritten to "${MIRROR}/nginx:1": registry.example.com has no such tag`,
    ],
  },
  {
    what: 'an image with a digest that the mirror has, and one that it has not',
    files: { 'a.yaml': pod(`nginx:1@${OLD}`, `redis@${OLD}`) },
    options: { registry: { [`${MIRROR}/redis@${OLD}`]: NOT_FOUND } },
    after: { 'a.yaml': pod(`${MIRROR}/nginx:1@${OLD}`, `redis@${OLD}`) },
    notes: [
      `in/a.yaml:10:12  notice  image "redis@${OLD}" is not rewritten to "${MIRROR}/redis@${OLD}": registry.example.com has no such tag`,
    ],
    lookups: [`${MIRROR}/nginx@${OLD}`, `${MIRROR}/redis@${OLD}`],
  },
  {
    what: 'originUnavailable: only what its own registry does not return',
    files: { 'a.yaml': pod('nginx:1', 'redis:7') },
    options: {
      spec: policies('{from: "docker.io/**", to: "mirror.example.com/hub/**", when: originUnavailable}'),
      registry: { 'docker.io/library/redis:7': RATE_LIMITED },
    },
    after: { 'a.yaml': pod(`nginx:1@${digestOf('docker.io/library/nginx:1')}`, pinnedTo(`${MIRROR}/redis:7`)) },
  },
  {
    what: 'rewrites that follow each other, and an image that is there already',
    files: { 'a.yaml': pod('nginx:1', 'two.example.com/b/c:1') },
    options: {
      spec: policies(
        '{from: "docker.io/**", to: "one.example.com/**"}, {from: "one.example.com/**", to: "two.example.com/**", when: always}',
      ),
    },
    after: {
      'a.yaml': pod(pinnedTo('two.example.com/library/nginx:1'), pinnedTo('two.example.com/b/c:1')),
    },
  },
  {
    what: 'mode: warn and mode: pod, which are about the webhook',
    files: { 'a.yaml': deployment('nginx:1') },
    options: { spec: policies('{from: "docker.io/**", to: "mirror.example.com/hub/**", mode: warn}') },
    after: { 'a.yaml': deployment(pinnedTo(`${MIRROR}/nginx:1`)) },
  },
  {
    what: 'the tags that a pattern selects',
    files: { 'a.yaml': pod('nginx:1.27', 'nginx:2') },
    options: { ...NAMES, spec: policies('{from: "docker.io/**:1.*", to: "mirror.example.com/hub/**", when: always}') },
    after: { 'a.yaml': pod(`${MIRROR}/nginx:1.27`, 'nginx:2') },
    notes: [
      'in/a.yaml:8:12  skipped  image "nginx:1.27": no registry is queried with --offline',
      'in/a.yaml:10:12  skipped  image "nginx:2": no registry is queried with --offline',
    ],
  },
  {
    what: '--only, by the name as written',
    files: { 'a.yaml': pod('nginx:1', 'redis:7', `${MIRROR}/envoy:1`) },
    options: { only: ['docker.io/library/nginx'] },
    after: { 'a.yaml': pod(pinnedTo(`${MIRROR}/nginx:1`), 'redis:7', `${MIRROR}/envoy:1`) },
    notes: [
      'in/a.yaml:10:12  skipped  image "redis:7": no pattern of --only matches the image',
      `in/a.yaml:12:12  skipped  image "${MIRROR}/envoy:1": no pattern of --only matches the image`,
    ],
    lookups: [`${MIRROR}/nginx:1`],
  },
  {
    what: '--update: the mirror must have the digest; the tag of the mirror is the newer one',
    files: { 'a.yaml': pod(`nginx:1@${OLD}`) },
    options: { update: true },
    after: { 'a.yaml': pod(pinnedTo(`${MIRROR}/nginx:1`)) },
    notes: [`in/a.yaml:8:12  drifted  image "nginx:1@${OLD}": ${OLD} -> ${digestOf(`${MIRROR}/nginx:1`)}`],
  },
  {
    what: '--offline: what depends on a registry',
    files: { 'a.yaml': pod('nginx:1', 'nginx:1', 'redis:7') },
    options: { offline: true },
    notes: [
      'in/a.yaml:8:12  skipped  image "nginx:1": no registry is queried with --offline',
      'in/a.yaml:10:12  skipped  image "nginx:1": no registry is queried with --offline',
      'in/a.yaml:12:12  skipped  image "redis:7": no registry is queried with --offline',
      'in/a.yaml:8:12  notice  cannot determine whether 2 images would get another name, because registries are not queried (--offline)',
    ],
    lookups: [],
  },
];

describe('--rewrite', () => {
  test.each(OUTCOMES)('$what', async ({ files, options, after = {}, code = 0, notes = [], lookups }) => {
    const result = await rewrite(files, options);
    expect(result.after).toEqual({ ...files, ...after });
    expect(result.note.split('\n').slice(0, -2)).toEqual(notes);
    expect(result.code).toBe(code);
    if (lookups !== undefined) expect(result.lookups).toEqual(lookups);
    const again = await rewrite(result.after, options);
    expect(again.after).toEqual(result.after);
  });

  const ONLY = (match: string): RunOptions => ({
    ...NAMES,
    spec: policies('{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}', `match: {${match}}, `),
  });
  const all = {
    'pod.yaml': pod('nginx').replace('name: p', 'name: p\n  namespace: shop'),
    'deployment.yaml': deployment('nginx'),
    'compose.yaml': compose('nginx'),
    Dockerfile: 'FROM nginx\n',
    'values.yaml': 'image: nginx\n',
    'init.yaml': pod('ghcr.io/a/b').replace(
      '  containers:',
      '  initContainers: [{name: i, image: nginx}]\n  containers:',
    ),
    'namespaces.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n',
  };

  test.each<{
    readonly match: string;
    readonly flags?: RunOptions;
    readonly changed: readonly string[];
    readonly notes?: number;
  }>([
    { match: '', changed: ['Dockerfile', 'compose.yaml', 'deployment.yaml', 'init.yaml', 'pod.yaml', 'values.yaml'] },
    { match: 'namespaces: [shop]', changed: ['pod.yaml'] },
    { match: 'namespaces: [default]', changed: ['deployment.yaml', 'init.yaml'] },
    { match: 'namespaces: [apps]', flags: { namespace: 'apps' }, changed: ['deployment.yaml', 'init.yaml'] },
    { match: 'kinds: [Deployment]', changed: ['deployment.yaml'] },
    { match: 'kinds: [Compose, Dockerfile]', changed: ['Dockerfile', 'compose.yaml'] },
    { match: 'containers: [init]', changed: ['init.yaml'] },
    {
      match: 'images: ["nginx"]',
      changed: ['Dockerfile', 'compose.yaml', 'deployment.yaml', 'init.yaml', 'pod.yaml', 'values.yaml'],
    },
    // The labels of namespace default are not in the files.
    { match: 'namespaceSelector: {matchLabels: {team: a}}', changed: ['pod.yaml'], notes: 1 },
    { match: 'users: ["*"]', changed: [], notes: 1 },
  ])('a policy with match: {$match}', async ({ match, flags = {}, changed, notes = 0 }) => {
    const result = await rewrite(all, { ...ONLY(match), helmImage: ['/image'], ...flags });
    const names = Object.keys(all).filter((name) => result.after[name] !== all[name as keyof typeof all]);
    expect(names.toSorted()).toEqual(changed);
    expect(
      result.note.split('\n').filter((line) => line.includes('cannot determine whether the policy applies')),
    ).toHaveLength(notes);
  });

  const CANNOT: readonly {
    readonly what: string;
    readonly name: string;
    readonly text: string;
    readonly why: string;
  }[] = [
    {
      what: 'a text that several images share, in scopes of different policies',
      name: 'a.yaml',
      text: `${pod('nginx').replace('name: p', 'name: p\n  namespace: left').replace('image: nginx', 'image: &i nginx')}  initContainers: [{name: i, image: *i}]\n`,
      why: 'image "nginx" cannot be rewritten to "mirror.example.com/hub/library/nginx": its name is also that of "nginx", which keeps its name; write both images out',
    },
    {
      what: 'a name in two lines',
      name: 'Dockerfile',
      text: 'FROM ngi\\\nnx:1\n',
      why: 'image "nginx:1" cannot be rewritten to "mirror.example.com/hub/library/nginx:1": it spans two lines; write it on one line',
    },
    {
      what: 'a name that is built from variables',
      name: 'compose.yaml',
      text: compose('${REGISTRY:-docker.io}/acme/web:1'),
      why: 'image "docker.io/acme/web:1" cannot be rewritten to "mirror.example.com/hub/acme/web:1": its name is built from variables; write the name without variables',
    },
    {
      what: 'a variable in front of the name',
      name: 'compose.yaml',
      text: compose('${PREFIX:-}acme/web:1'),
      why: 'image "acme/web:1" cannot be rewritten to "mirror.example.com/hub/acme/web:1": its name is built from variables; write the name without variables',
    },
    {
      what: 'an ARG with the registry of two images',
      name: 'Dockerfile',
      text: 'ARG REGISTRY=docker.io\nFROM $REGISTRY/library/nginx:1\nFROM $REGISTRY/library/redis:7\n',
      why: 'image "docker.io/library/nginx:1" cannot be rewritten to "mirror.example.com/hub/library/nginx:1": its name is built from ARG REGISTRY; write the name in the FROM line, or use one ARG for the whole name',
    },
    {
      what: 'an ARG that a stage uses',
      name: 'Dockerfile',
      text: 'ARG NAME=nginx\nFROM $NAME:1\nARG NAME\nRUN echo $NAME\n',
      why: 'image "nginx:1" cannot be rewritten to "mirror.example.com/hub/library/nginx:1": ARG NAME is also used inside a stage (line 3); write the name in the FROM line',
    },
    {
      what: 'an ARG that is part of another image',
      name: 'Dockerfile',
      text: 'ARG NAME=nginx\nFROM $NAME:1\nFROM ghcr.io/a/$NAME:1\n',
      why: 'image "nginx:1" cannot be rewritten to "mirror.example.com/hub/library/nginx:1": ARG NAME is also part of "ghcr.io/a/nginx:1" (line 3); give each image its own ARG',
    },
    {
      what: 'a pattern over the name',
      name: 'Dockerfile',
      text: '# syntax=ghcr.io/a/b\nARG NAME=nginx-x\nFROM ${NAME%-x}:1\n',
      why: 'image "nginx:1" cannot be rewritten to "mirror.example.com/hub/library/nginx:1": its name is changed by a pattern; write the name in the FROM line',
    },
    {
      what: 'Helm values in an anchor that another value shares',
      name: 'values.yaml',
      text: 'image: {repository: &r nginx, tag: "1"}\nother: *r\n',
      why: 'image "nginx:1" cannot be rewritten to "mirror.example.com/hub/library/nginx:1": /other (line 2) shares its text through an anchor; write both values out',
    },
  ];

  test.each(CANNOT)('cannot rewrite $what', async ({ name, text, why }) => {
    const result = await rewrite({ [name]: text }, { ...ONLY('containers: [regular]'), helmImage: ['/image'] });
    expect(result.note).toContain(`  error  ${why}\n`);
    expect(result.code).toBe(2);
    expect(result.after).toEqual({ [name]: text });
  });
});

describe('the results of --rewrite', () => {
  const FILES = { 'a.yaml': pod('nginx:1.27', `redis:7@${OLD}`, 'ghcr.io/a/b:1') };
  const NGINX = digestOf(`${MIRROR}/nginx:1.27`);

  test('a diff for git, with both changes', async () => {
    const { code, out, note, after } = await rewrite(FILES, { write: false });
    expect({ code, after }).toEqual({ code: 0, after: FILES });
    expect(out).toBe(`--- a/in/a.yaml
+++ b/in/a.yaml
@@ -5,8 +5,8 @@
 spec:
   containers:
   - name: c0
-    image: nginx:1.27
+    image: ${MIRROR}/nginx:1.27@${NGINX}
   - name: c1
-    image: redis:7@${OLD}
+    image: ${MIRROR}/redis:7@${OLD}
   - name: c2
-    image: ghcr.io/a/b:1
+    image: ${pinnedTo('ghcr.io/a/b:1')}
`);
    expect(note).toBe('1 file, 3 images: 1 already pinned, 2 to rewrite, 2 to pin; use --write to update the files\n');
  });

  test('the lines of --write', async () => {
    const { out, note } = await rewrite(FILES);
    expect(out).toBe(
      `in/a.yaml:8:12  rewritten  nginx:1.27 -> ${MIRROR}/nginx:1.27@${NGINX}
in/a.yaml:10:12  rewritten  redis:7@${OLD} -> ${MIRROR}/redis:7@${OLD}
in/a.yaml:12:12  pinned  ${pinnedTo('ghcr.io/a/b:1')}
`,
    );
    expect(note).toBe('1 file, 3 images: 1 already pinned, 2 rewritten now, 2 pinned now\n');
  });

  test('--check exits with 1 and lists both, and with 0 for the written files', async () => {
    const { code, out, note, after, lookups } = await rewrite(FILES, { write: false, check: true });
    expect({ code, after }).toEqual({ code: 1, after: FILES });
    expect(out).toBe(
      `in/a.yaml:8:12  not rewritten  image "nginx:1.27" would become "${MIRROR}/nginx:1.27"
in/a.yaml:8:12  unpinned  image "nginx:1.27" has no digest
in/a.yaml:10:12  not rewritten  image "redis:7@${OLD}" would become "${MIRROR}/redis:7@${OLD}"
in/a.yaml:12:12  unpinned  image "ghcr.io/a/b:1" has no digest
`,
    );
    expect(note).toBe(
      '1 file, 3 images: 1 already pinned, 2 not rewritten, 2 unpinned; use --write to update the files\n',
    );
    expect(lookups).toEqual([`${MIRROR}/nginx:1.27`, `${MIRROR}/redis@${OLD}`]);
    const written = await rewrite(FILES);
    const again = await rewrite(written.after, { write: false, check: true });
    expect(again).toMatchObject({ code: 0, out: '', lookups: [] });
  });

  test('-o json has both names and the policy', async () => {
    const { out } = await rewrite({ 'a.yaml': pod('nginx:1.27', 'ghcr.io/a/b:1') }, { write: false, output: 'json' });
    const { images, changes } = JSON.parse(out) as { images: readonly object[]; changes: readonly object[] };
    expect(images).toMatchObject([
      {
        image: 'nginx:1.27',
        state: 'resolved',
        rewritten: `${MIRROR}/nginx:1.27`,
        rewrittenBy: 'p',
        pinned: `${MIRROR}/nginx:1.27@${NGINX}`,
      },
      { image: 'ghcr.io/a/b:1', rewritten: null, rewrittenBy: null, pinned: pinnedTo('ghcr.io/a/b:1') },
    ]);
    expect(changes).toMatchObject([
      { image: 'nginx:1.27', rewritten: `${MIRROR}/nginx:1.27`, from: null, to: { digest: NGINX } },
      { image: 'ghcr.io/a/b:1', rewritten: null },
    ]);
  });

  test('-o markdown has both names, also of an image without a digest', async () => {
    const options = { write: false, output: 'markdown' } as const;
    const { out } = await rewrite({ 'a.yaml': pod('nginx:1.27', `redis:7@${OLD}`) }, options);
    expect(out).toBe(`### tidewaiter: 2 images to change

| Image | From | To | Size | Source | Files |
|---|---|---|---|---|---|
| nginx:1.27 → ${MIRROR}/nginx:1.27 | no digest | ${NGINX.slice(0, 19)} | 0.0 MiB | not stated | in/a.yaml |
| redis:7 → ${MIRROR}/redis:7 | ${OLD.slice(0, 19)} | ${OLD.slice(0, 19)} | 0.0 MiB (+0.0) | not stated | in/a.yaml |
`);
    const names = await rewrite({ 'a.yaml': pod('nginx:1.27') }, { ...NAMES, ...options });
    expect(names.out).toContain(
      `| nginx:1.27 → ${MIRROR}/nginx:1.27 | no digest | no digest | unknown | unknown | in/a.yaml |`,
    );
  });

  test('the lock file has the digests of the new names, and makes the mirror available without a registry', async () => {
    const files = { 'a.yaml': pod('nginx:1.27') };
    const first = await rewrite(files, { lock: 'lock.yaml' });
    expect(readFileSync('lock.yaml', 'utf8')).toContain(`  ${MIRROR}/nginx:1.27:\n    digest: ${NGINX}\n`);
    const offline = await rewrite(files, { lock: 'lock.yaml', offline: true });
    expect(offline.after).toEqual(first.after);
    expect(offline).toMatchObject({ code: 0, lookups: [] });
  });

  test('standard input, as a diff', async () => {
    file('policy.yaml', policy(NAMES.spec ?? ''));
    const flags = { rewrite: true, policy: ['policy.yaml'], offline: true };
    const { code, out } = await runPin(['-'], flags, { stdin: compose('nginx') });
    expect(code).toBe(0);
    expect(out).toContain(`-    image: nginx\n+    image: ${MIRROR}/nginx\n`);
  });

  test('the name of an entry in a kustomization runs nothing in a terminal or a pipeline', async () => {
    const files = {
      'kustomization.yaml': 'resources: [a.yaml]\nimages:\n- name: "nginx|\\n##vso[x]|\\e"\n',
      'a.yaml': pod('nginx'),
    };
    const { code, out, after } = await rewrite(files, NAMES);
    expect(code).toBe(0);
    expect(out).toBe(`in/kustomization.yaml:3:3  rewritten  nginx| #\\u0023vso[x]|\\u001b -> ${MIRROR}/nginx\n`);
    expect(after['kustomization.yaml']).toBe(`${files['kustomization.yaml']}  newName: ${MIRROR}/nginx\n`);
  });

  test('an entry in a kustomization whose name has a tag', async () => {
    const files = {
      'kustomization.yaml': 'resources: [a.yaml]\nimages: [{name: "nginx:1", newTag: "2"}]\n',
      'a.yaml': pod('nginx:1'),
    };
    const { code, note, after } = await rewrite(files, NAMES);
    expect(note.split('\n').find((line) => line.includes('  error  '))).toBe(
      `in/kustomization.yaml:2:10  error  image "nginx:2" cannot be rewritten to "${MIRROR}/nginx:2": its "name" contains a colon, as before a tag; write "newName" by hand`,
    );
    expect({ code, after }).toEqual({ code: 2, after: files });
  });

  test('files that .tidewaiterignore excludes stay', async () => {
    file('in/.tidewaiterignore', 'vendor/\n');
    const files = { 'a.yaml': pod('nginx:1.27'), 'vendor/b.yaml': pod('nginx:1.27') };
    const { after } = await rewrite(files);
    expect(after['vendor/b.yaml']).toBe(files['vendor/b.yaml']);
    expect(after['a.yaml']).not.toBe(files['a.yaml']);
  });

  test.each<{ readonly flags: RunOptions; readonly error: string }>([
    {
      flags: { spec: '{rules: [{rule: image-digest}]}' },
      error:
        '--rewrite: no policy in policy.yaml has "rewrite" entries; expected a policy with spec.rewrite, for example [{from: "docker.io/**", to: "registry.example.com/hub/**"}], from --policy or "policies" in the configuration',
    },
    { flags: { rewrite: false }, error: '--policy requires --rewrite; digests do not depend on policies' },
    {
      flags: { rewrite: false, policy: undefined, namespace: 'a' },
      error: '--namespace requires --rewrite; digests do not depend on policies',
    },
    {
      flags: { rewrite: false, policy: undefined, offline: true },
      error: '--offline requires --rewrite or --lock; other digests are only in registries',
    },
  ])('an error: $error', async ({ flags, error }) => {
    await expect(rewrite({ 'a.yaml': pod('nginx') }, flags)).rejects.toThrow(error);
  });

  test('the policies of the configuration', async () => {
    file('tidewaiter.yaml', 'policies: [policy.yaml]\n');
    const { after } = await rewrite({ 'a.yaml': pod('nginx:1.27') }, { policy: undefined });
    expect(after['a.yaml']).toBe(pod(`${MIRROR}/nginx:1.27@${NGINX}`));
  });
});
