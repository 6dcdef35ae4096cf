/** Custom kinds and custom rules in the output of `manifests`: which rules the webhooks have, and which files the ConfigMaps. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { API_RESOURCES } from '../../src/pod/api-resources.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { registeredObjects } from '../../src/cli/serve/registered-objects.ts';
import type { Manifest, WebhookRule } from '../manifests/documents.ts';
import { runCommand } from '../support/command.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tidewaiter-custom-kinds-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(dir, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const policy = (spec: string): string =>
  write('policy.yaml', `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: ${spec}\n`);

async function printed(...argv: readonly string[]): Promise<readonly Manifest[]> {
  const { code, out, note } = await runCommand(['manifests', ...argv]);
  expect({ code, note }).toEqual({ code: 0, note: '' });
  return loadAll(out) as readonly Manifest[];
}

/** `name of the webhook: group/resources scope` of each rule for a custom group. */
function customRules(objects: readonly Manifest[]): readonly string[] {
  const shown = ({ apiGroups, resources, scope }: WebhookRule): string =>
    `${apiGroups[0]}/${resources.join(',')} ${scope}`;
  return objects.flatMap(({ webhooks = [] }) =>
    webhooks.flatMap(({ name, rules }) =>
      rules
        .filter(({ apiGroups }) => !['', 'apps', 'batch'].includes(apiGroups[0] ?? ''))
        .map((rule) => `${name}: ${shown(rule)}`),
    ),
  );
}

interface Row {
  readonly name: string;
  readonly kinds?: string;
  readonly spec?: string;
  readonly flags?: readonly string[];
  readonly expected: readonly string[];
}

const ROWS: readonly Row[] = [
  { name: 'none', expected: [] },
  {
    name: 'a kind with its resource',
    kinds: '[{group: example.com, kind: Widget, resource: widgets, podSpecs: [/spec]}]',
    expected: [
      'validate.tidewaiter.dev: example.com/widgets Namespaced',
      'closed.validate.tidewaiter.dev: example.com/widgets Namespaced',
    ],
  },
  {
    name: 'a kind without its resource, next to one with it',
    kinds:
      '[{group: example.com, kind: Widget, resource: widgets, podSpecs: [/spec]}, {group: example.com, kind: Gadget, images: [/a]}]',
    expected: [
      'validate.tidewaiter.dev: example.com/* Namespaced',
      'closed.validate.tidewaiter.dev: example.com/* Namespaced',
    ],
  },
  {
    name: 'a kind without a namespace, which only the default webhook can review as its namespace chose',
    kinds: '[{group: example.com, kind: Fleet, resource: fleets, images: [/a], clusterScoped: true}]',
    expected: ['validate.tidewaiter.dev: example.com/fleets Cluster'],
  },
  {
    name: 'kinds with and without a namespace',
    kinds:
      '[{group: example.com, kind: Fleet, images: [/a], clusterScoped: true}, {group: example.com, kind: Widget, images: [/a]}]',
    expected: ['validate.tidewaiter.dev: example.com/* *', 'closed.validate.tidewaiter.dev: example.com/* Namespaced'],
  },
  {
    name: 'a known kind that the configuration names again',
    kinds: '[{group: argoproj.io, kind: Workflow, images: [/spec/mine]}]',
    expected: [
      'validate.tidewaiter.dev: argoproj.io/* Namespaced',
      'closed.validate.tidewaiter.dev: argoproj.io/* Namespaced',
    ],
  },
  {
    name: 'a known kind that a policy names, for both if it pins',
    spec: '{match: {kinds: [Workflow.argoproj.io, Pod]}, rules: [{rule: image-qualified}], pin: {}}',
    expected: ['validate', 'closed.validate', 'mutate', 'closed.mutate'].map(
      (name) => `${name}.tidewaiter.dev: argoproj.io/* Namespaced`,
    ),
  },
  {
    name: 'chosen groups, one of them with a kind without a namespace',
    flags: ['--webhook-kinds', 'kafka.strimzi.io', '--webhook-kinds', 'tekton.dev', '--fail', 'closed'],
    expected: [
      'open.validate.tidewaiter.dev: kafka.strimzi.io/* Namespaced',
      'open.validate.tidewaiter.dev: tekton.dev/* Namespaced',
      'validate.tidewaiter.dev: kafka.strimzi.io/* Namespaced',
      'validate.tidewaiter.dev: tekton.dev/* *',
    ],
  },
];

const OPTIONS = { namespace: 'tidewaiter', fail: 'open', webhookKinds: [] } as const;

describe('the rules for custom kinds', () => {
  test.each(ROWS)('$name', async ({ kinds = '[]', spec, flags = [], expected }) => {
    const config = write('tidewaiter.yaml', `kinds: ${kinds}\n`);
    const policies = spec === undefined ? [] : ['-p', policy(spec)];
    const argv = ['-c', config, ...policies, ...flags];
    expect(customRules(await printed(...argv, '--registration', 'external'))).toEqual(expected);
    expect(customRules(await printed('webhooks', ...argv))).toEqual(expected);
  });

  test('with --webhook-kinds all: every custom group that the engine knows, and no group of Kubernetes', async () => {
    const rules = customRules(await printed('webhooks', '--webhook-kinds', 'all'));
    const groups = new Set(kindTable().all.map(({ group }) => group));
    const found = new Set(
      rules.filter((rule) => rule.startsWith('validate.')).map((rule) => / (.*)\/\* /.exec(rule)?.[1]),
    );
    expect(found).toEqual(
      new Set([...groups].filter((group) => !['', 'apps', 'batch', 'extensions', 'files'].includes(group))),
    );
    expect(rules.join('\n')).toContain('validate.tidewaiter.dev: pkg.crossplane.io/* Cluster');
  });

  test('a server that registers itself has the same ones', async () => {
    const kinds = kindTable([{ group: 'example.com', kind: 'Widget', resource: 'widgets', podSpecs: ['/spec'] }]);
    const objects = registeredObjects({ policies: [], kinds }, OPTIONS) as unknown as readonly Manifest[];
    expect(customRules(objects)).toEqual([
      'validate.tidewaiter.dev: example.com/widgets Namespaced',
      'closed.validate.tidewaiter.dev: example.com/widgets Namespaced',
    ]);
  });

  test('a kind in a group of Kubernetes needs its resource', async () => {
    const kind = 'group: apps, kind: Widget, images: [/a]';
    const without = await runCommand(['manifests', 'webhooks', '-c', write('tidewaiter.yaml', `kinds: [{${kind}}]\n`)]);
    expect(without.note).toMatch(/^note: the webhook rules do not include Widget\.apps, because .*; set "resource"/);
    expect(customRules(loadAll(without.out) as readonly Manifest[])).toEqual([]);
    const [, , , extra] = (
      await printed('webhooks', '-c', write('tidewaiter.yaml', `kinds: [{${kind}, resource: widgets}]\n`))
    ).flatMap(({ webhooks = [] }) => webhooks[0]?.rules ?? []);
    expect(extra).toMatchObject({ apiGroups: ['apps'], resources: ['widgets'] });
  });

  test('every kind of Kubernetes itself that the engine knows has a rule', () => {
    const table = kindTable();
    const known = table.names.flatMap((kind) =>
      ['', 'apps', 'batch'].filter((group) => table.find(group, kind) !== undefined).map((group) => `${group}/${kind}`),
    );
    const listed = API_RESOURCES.map(({ group, kind }) => `${group}/${kind}`);
    // The list at its root is what pods/ephemeralcontainers of Kubernetes 1.16 to 1.21 has.
    expect(known.filter((kind) => kind !== '/EphemeralContainers').sort()).toEqual(listed.sort());
  });
});

describe('webhooks for a server by URL', () => {
  test('have the URL instead of the Service', async () => {
    const objects = await printed('webhooks', '--url', 'https://192.168.1.10:8443/', '-p', policy('{pin: {}}'));
    const urls = objects.flatMap(({ webhooks = [] }) => webhooks.map(({ clientConfig }) => clientConfig));
    expect(urls).toEqual(
      ['validate', 'validate', 'mutate', 'mutate'].map((verb) => ({ url: `https://192.168.1.10:8443/${verb}` })),
    );
  });

  test.each(['http://a', 'https://user@a', 'https://a?x', 'https://a#x', 'rubbish'])('rejects %s', async (url) => {
    const { code, note } = await runCommand(['manifests', 'webhooks', '--url', url]);
    expect(code).toBe(2);
    expect(note).toContain('(expected an https URL without a user, a query, and a fragment)');
  });
});

const rules = (imports = ''): string => `${imports}import { defineRule } from 'tidewaiter';
export default [
  defineRule({
    name: 'nothing',
    description: 'Finds nothing',
    parameters: { type: 'object', additionalProperties: false, properties: {} },
    needs: [],
    check: () => [],
  }),
];
`;

describe('the ConfigMap of plugins', () => {
  test('has the plugins and the modules that they import, and the configuration loads the plugins', async () => {
    const plugin = write('rules.ts', rules("import { A } from './a.ts';\nvoid A;\n"));
    write('a.ts', "export { B as A } from './b.ts';\n");
    write('b.ts', 'export const B = 1;\n');
    write('unused.ts', 'export const C = 1;\n');
    const objects = await printed('--plugin', plugin);
    const maps = objects.filter(({ kind }) => kind === 'ConfigMap');
    expect(maps.map(({ metadata, data = {} }) => [metadata.name, Object.keys(data)])).toEqual([
      ['tidewaiter-config', ['tidewaiter.yaml']],
      ['tidewaiter-policies', ['baseline.yaml']],
      ['tidewaiter-plugins', ['a.ts', 'b.ts', 'rules.ts']],
    ]);
    expect(loadAll(maps[0]?.data?.['tidewaiter.yaml'] ?? '')).toMatchObject([
      { plugins: ['/etc/tidewaiter-plugins/rules.ts'] },
    ]);
  });

  const REJECTED: readonly {
    readonly name: string;
    readonly files: Readonly<Record<string, string>>;
    readonly note: RegExp;
  }[] = [
    {
      name: 'a module in another directory',
      files: { 'rules.ts': rules("import './lib/a.ts';\n"), 'lib/a.ts': 'export const A = 1;\n' },
      note: /rules\.ts: imports .*\/lib\/a\.ts from another directory, which a ConfigMap cannot contain; bundle the plugin into one file/,
    },
    {
      name: 'a package',
      files: {
        'rules.ts': rules("import { a } from 'left';\nvoid a;\n"),
        'node_modules/left/package.json':
          '{"name": "left", "version": "1.0.0", "type": "module", "exports": "./index.js"}',
        'node_modules/left/index.js': 'export const a = 1;\n',
      },
      note: /rules\.ts: imports left from node_modules, which a ConfigMap cannot contain/,
    },
    {
      name: 'more than a ConfigMap can contain',
      files: { 'rules.ts': rules(`/* ${'a'.repeat(1024 * 1024)} */\n`) },
      note: /^the plugins have 10\d{5} bytes; a ConfigMap can contain 1048576$/m,
    },
  ];

  test.each(REJECTED)('is rejected with $name', async ({ files, note: expected }) => {
    for (const [name, text] of Object.entries(files)) write(name, text);
    const { code, note } = await runCommand(['manifests', '--plugin', path.join(dir, 'rules.ts')]);
    expect(code).toBe(2);
    expect(note).toMatch(expected);
  });
});

describe('the configuration', () => {
  test('keeps what applies in a cluster, and leaves out what applies to this machine', async () => {
    const config = write(
      'tidewaiter.yaml',
      'listen: 127.0.0.1:9443\ncertsDir: certs\nlogLevel: warn\nregistryAccess: listed\nregistries: [{host: r.example, allowPrivate: true}]\n',
    );
    const [map] = (await printed('-c', config)).filter(({ kind }) => kind === 'ConfigMap');
    expect(loadAll(map?.data?.['tidewaiter.yaml'] ?? '')).toEqual([
      {
        listen: '0.0.0.0:8443',
        operationsPort: 8080,
        policies: ['/etc/tidewaiter-policies'],
        tlsMode: 'self',
        registration: 'self',
        fail: 'open',
        registries: [{ host: 'r.example', allowPrivate: true }],
        logLevel: 'warn',
        registryAccess: 'listed',
      },
    ]);
  });

  test.each<readonly [line: string, note: RegExp]>([
    [
      'nodeCredentials: {dockerConfig: /tmp/config.json}',
      /:1: the manifests cannot contain the file in dockerConfig; leave the key out/,
    ],
    ['registryCache: {shared: {urlFile: url, keyFile: key}}', /:1: the manifests cannot contain the file in urlFile/],
    [
      'registries: [{host: a.example, proxy: "http://u:secret@p.example"}]',
      /:1: the manifests cannot contain the password in proxy/,
    ],
  ])('with %s is rejected', async (line, expected) => {
    const { code, note } = await runCommand(['manifests', '-c', write('tidewaiter.yaml', `${line}\n`)]);
    expect(code).toBe(2);
    expect(note).toMatch(expected);
    expect(note).not.toContain('secret@');
  });
});
