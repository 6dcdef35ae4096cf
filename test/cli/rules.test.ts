import { describe, expect, test } from 'vitest';
import { parameterRows } from '../../src/policy/parameter-rows.ts';
import type { ValueSchema } from '../../src/policy/parameters.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { yamlText } from '../../src/report/yaml-text.ts';
import { readDocuments } from '../../src/files/yaml/yaml.ts';
import { runCommand } from '../support/command.ts';

interface Row {
  readonly name: string;
  readonly description: string;
  readonly needs: readonly string[];
  readonly why: string | null;
  readonly example: { readonly pass: string } | null;
}

describe('rules', () => {
  test('lists every rule with what it asks, and says where there is more', async () => {
    const { code, out, note } = await runCommand(['rules']);
    expect({ code, note }).toEqual({ code: 0, note: '' });
    const names = out.split('\n').flatMap((line) => /^([a-z-]+) {2}/.exec(line)?.[1] ?? []);
    expect(names).toEqual(RULES.map(({ name }) => name));
    expect(out).toMatch(/^image-digest +Images are pinned by digest$/m);
    expect(out.endsWith('\nMore on one of them: npx tidewaiter explain rule NAME\n')).toBe(true);
    expect(out.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });

  test('lists the same as JSON, complete', async () => {
    const { code, out } = await runCommand(['rules', '-o', 'json']);
    const { version, rules } = JSON.parse(out) as { version: number; rules: readonly Row[] };
    expect({ code, version }).toEqual({ code: 0, version: 1 });
    expect(rules.map(({ name, description }) => ({ name, description }))).toEqual(
      RULES.map(({ name, description }) => ({ name, description })),
    );
    for (const row of rules) {
      expect(Object.keys(row)).toEqual(['name', 'description', 'needs', 'parameters', 'why', 'remedy', 'example']);
      expect(row.why).toMatch(/\.$/);
    }
  });
});

describe('explain rule', () => {
  test('says why, what it needs, its parameters, what to do, and shows what passes and fails', async () => {
    const { code, out } = await runCommand(['explain', 'rule', 'container-ports']);
    expect(code).toBe(0);
    expect(out).toBe(`container-ports
The containers of a Pod do not claim the same port or name twice; host ports and names as asked for

Why
  The containers of a Pod share one IP and therefore one port space: the second container that binds
  a port fails when it starts, long after the API server said yes. One container that lists a port
  twice works, so that is a warning at most. A port name that is none, or twice in a container, it
  refuses itself.

Needs
  nothing but the object

Parameters
  hostPort: true or false, default true
      false forbids ports on the node, as far as containers list them: with hostNetwork, they can
      listen on any
  namesRequired: true or false, default false
      true wants a name for every port
  namesUnique: true or false, default false
      true wants each name once for a protocol in the whole Pod: a Service finds only the first

What to do about a finding
  Give each container its own port, and reach a Pod through a Service instead of a port of the node.

In a policy
  - rule: container-ports
    parameters:
      hostPort: false

This passes
  apiVersion: v1
  kind: Pod
  metadata: {name: web}
  spec:
    containers:
      - name: web
        image: nginx:1.27
        ports: [{name: http, containerPort: 8080}]

This fails
  apiVersion: v1
  kind: Pod
  metadata: {name: web}
  spec:
    containers:
      - name: web
        image: nginx:1.27
        ports: [{name: http, containerPort: 8080, hostPort: 80}]
`);
  });

  test.each(RULES.map(({ name }) => name))('knows %s, for people and for programs', async (name) => {
    expect(await runCommand(['explain', 'rule', name])).toMatchObject({ code: 0, note: '' });
    const { code, out } = await runCommand(['explain', 'rule', name, '-o', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ version: 1, name, example: { pass: expect.stringContaining('kind:') } });
  });

  test.each([
    ['image-tagg', 'unknown rule "image-tagg"; did you mean "image-tag"? (all rules: npx tidewaiter rules)\n'],
    ['constructor', 'unknown rule "constructor" (all rules: npx tidewaiter rules)\n'],
    ['a\u001B[31m\nb', 'unknown rule "a\\u001b[31m\\u000ab" (all rules: npx tidewaiter rules)\n'],
  ])('of %j says what there is instead, exit 2', async (name, note) => {
    expect(await runCommand(['explain', 'rule', name])).toEqual({ code: 2, out: '', note });
  });
});

describe('rules of a plugin', () => {
  const PLUGIN = ['--plugin', 'manifests/examples/plugin/rules.ts'];

  test('are listed, explained, and completed by the schema', async () => {
    const listed = await runCommand(['rules', '-o', 'json', ...PLUGIN]);
    const names = (JSON.parse(listed.out) as { rules: readonly { name: string }[] }).rules.map(({ name }) => name);
    const own = names.filter((name) => !RULES.some((rule) => rule.name === name));
    expect(own).not.toEqual([]);
    for (const name of own) {
      expect(await runCommand(['explain', 'rule', name, ...PLUGIN])).toMatchObject({ code: 0, note: '' });
      expect((await runCommand(['schema', 'policy', ...PLUGIN])).out).toContain(`"const": "${name}"`);
    }
  });
});

describe('schema', () => {
  test('writes the schema that is named, or the one for all documents', async () => {
    const ids = await Promise.all(
      [[], ['policy'], ['exception'], ['list'], ['config']].map(async (names) => {
        const { code, out } = await runCommand(['schema', ...names]);
        return [code, (JSON.parse(out) as { $id: string }).$id];
      }),
    );
    expect(ids).toEqual([
      [0, 'https://tidewaiter.dev/schemas/all.json'],
      [0, 'https://tidewaiter.dev/schemas/policy.json'],
      [0, 'https://tidewaiter.dev/schemas/exception.json'],
      [0, 'https://tidewaiter.dev/schemas/list.json'],
      [0, 'https://tidewaiter.dev/schemas/config.json'],
    ]);
  });

  test('of a name that is none says which there are, exit 2', async () => {
    const { code, out, note } = await runCommand(['schema', 'polcy']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(note).toMatch(/^unknown schema "polcy"; did you mean "policy"\? \(all schemas: all, policy, .*config\)\n$/);
  });
});

describe('the parameters of a rule in words', () => {
  test.each<[ValueSchema, string]>([
    [{ type: 'string' }, 'string'],
    [{ type: 'integer', minimum: 0, maximum: 365 }, 'whole number from 0 to 365'],
    [{ type: 'integer', minimum: 1 }, 'whole number, at least 1'],
    [{ type: 'number', maximum: 1 }, 'number, at most 1'],
    [{ enum: ['a', 'b'] }, 'one of a, b'],
    [{ type: 'array', items: { enum: ['a', 'b'] } }, 'list of a, b'],
    [{ type: 'array', items: { type: 'object' } }, 'list of objects'],
    [{ oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] }, 'string or list of strings'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, 'map of strings'],
    [{}, 'value'],
  ])('%j is a %s', (schema, expected) => {
    const [row] = parameterRows({ type: 'object', additionalProperties: false, properties: { p: schema } });
    expect(row?.type).toBe(expected);
  });

  test('go down into objects and lists of objects', () => {
    const key: ValueSchema = {
      type: 'object',
      required: ['pem'],
      properties: { pem: { type: 'string', description: 'The key' } },
    };
    const rows = parameterRows({
      type: 'object',
      additionalProperties: false,
      required: ['keys'],
      properties: { keys: { type: 'array', items: key, description: 'Keys' }, one: { ...key, default: {} } },
    });
    expect(rows).toEqual([
      { name: 'keys', type: 'list of objects', required: true, default: undefined, description: 'Keys' },
      { name: 'keys[].pem', type: 'string', required: true, default: undefined, description: 'The key' },
      { name: 'one', type: 'object', required: false, default: '{}', description: '' },
      { name: 'one.pem', type: 'string', required: true, default: undefined, description: 'The key' },
    ]);
  });
});

describe('parameters as YAML', () => {
  test.each([
    [{ rule: 'a', parameters: { deny: ['latest', '*-dev', 'on', 'null', '1.0', 'a: b', '# c', ''] } }],
    [[{ a: [], b: {}, c: null, d: [[1, [2, { e: [true] }]], { f: 'line\nbreak' }] }]],
    [{ 'a b': { y: { 'x"': -1.5 } } }],
    ['plain'],
  ])('%j is read back as it was', (value) => {
    const [document] = readDocuments(yamlText(value));
    expect(document).toMatchObject({ ok: true, value });
  });
});
