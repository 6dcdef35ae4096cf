/** The schemas that editors get: valid themselves, and of one mind with the loader. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { readPolicy } from '../../src/policy/document.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { schemaText, SCHEMA_NAMES } from '../../src/cli/schema.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

function schemaOf(name: string): object {
  return JSON.parse(schemaText(name) ?? 'null') as object;
}

/** As an editor would: the official meta-schema, and no keyword but those of the standard and the two that editors add. */
function validator(name: string): (value: unknown) => boolean {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
  ajv.addVocabulary(['enumDescriptions', 'patternErrorMessage']);
  const validate = ajv.compile(schemaOf(name));
  return (value) => validate(value);
}

function filesBelow(folder: string, named: RegExp): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => named.test(file))
    .map((file) => path.join(folder, file));
}

const POLICIES = [
  ...filesBelow('manifests/policies', /\.yaml$/).filter((file) => !file.endsWith('kustomization.yaml')),
  ...filesBelow('test/fixtures/rules', /policy\.yaml$/),
];

function documentsIn(file: string): readonly unknown[] {
  return parseDocuments(readFileSync(path.join(ROOT, file), 'utf8')).map((document) => {
    if (!document.ok) throw new Error(`${file}: ${document.problem}`);
    return document.value;
  });
}

function policy(...rules: readonly unknown[]): object {
  return { apiVersion: 'tidewaiter.dev/v1alpha1', kind: 'ImagePolicy', metadata: { name: 'x' }, spec: { rules } };
}

describe.each(SCHEMA_NAMES)('the schema %s', (name) => {
  test('is a valid JSON Schema, draft 2020-12, with an identity, a title and a description for every key', () => {
    expect(() => validator(name)).not.toThrow();
    expect(schemaOf(name)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `https://tidewaiter.dev/schemas/${name}.json`,
      title: expect.stringMatching(/./),
    });
    expect(undescribed(schemaOf(name))).toEqual([]);
  });
});

/** Pointers of properties without a description; those that only refine others need none. */
function undescribed(schema: unknown, at = ''): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, if: _condition, ...rest } = schema as { properties?: Record<string, object>; if?: unknown };
  const own = Object.entries(properties ?? {}).flatMap(([key, value]) => [
    ...('description' in value ? [] : [`${at}/${key}`]),
    ...undescribed(value, `${at}/${key}`),
  ]);
  return [...own, ...Object.entries(rest).flatMap(([key, value]) => undescribed(value, `${at}/${key}`))];
}

describe.each(['policy', 'all'])('the schema %s', (name) => {
  const accepts = validator(name);

  test.each(POLICIES)('accepts %s', (file) => {
    // The schema of one kind does not check other kinds in the same file.
    const ours = (kind: unknown): boolean => name === 'all' || kind === 'ImagePolicy';
    const documents = documentsIn(file).filter((document) => ours((document as { kind?: unknown }).kind));
    expect(documents.length).toBeGreaterThan(0);
    expect(documents.filter((document) => !accepts(document))).toEqual([]);
  });

  test.each(RULES.flatMap((rule) => (rule.docs === undefined ? [] : [[rule.name, rule.docs] as const])))(
    'accepts the example of %s',
    (rule, docs) => {
      expect(accepts(policy({ rule, parameters: docs.example.parameters }))).toBe(true);
    },
  );

  const REFUSED: readonly (readonly [what: string, document: object])[] = [
    ['a rule that does not exist', policy({ rule: 'image-registy', parameters: { allow: ['a'] } })],
    ['a parameter of another rule', policy({ rule: 'image-registry', parameters: { hostPort: false } })],
    ['a parameter where the rule has none', policy({ rule: 'image-digest', parameters: { allow: ['a'] } })],
    ['a parameter of the wrong type', policy({ rule: 'container-ports', parameters: { hostPort: 'no' } })],
    ['a value that is not among the choices', policy({ rule: 'image-pull-policy', parameters: { when: 'never' } })],
    ['no parameter where one must be given', policy({ rule: 'image-tag' })],
    ['an empty list', policy({ rule: 'image-registry', parameters: { allow: [] } })],
    ['a glob that is none', policy({ rule: 'image-tag', parameters: { deny: ['a b'] } })],
    ['a key that does not exist', policy({ rule: 'image-digest', acton: 'warn' })],
    ['an action that does not exist', policy({ rule: 'image-digest', action: 'refuse' })],
    ['no rules', policy()],
    ['a name that is none', { ...policy({ rule: 'image-digest' }), metadata: { name: 'No Name' } }],
    ['another version', { ...policy({ rule: 'image-digest' }), apiVersion: 'tidewaiter.dev/v9' }],
    ['another kind', { ...policy({ rule: 'image-digest' }), kind: 'ImagePolcy' }],
    ['no kind', { ...policy({ rule: 'image-digest' }), kind: undefined }],
    ['nothing at all', {}],
  ];

  test.each(REFUSED)('refuses %s, as the loader does', (_what, document) => {
    const value: unknown = JSON.parse(JSON.stringify(document));
    expect(accepts(value)).toBe(false);
    expect(readPolicy(value, { rules: RULES, kinds: kindTable() }).ok).toBe(false);
  });
});

describe.each(['test-suite', 'all'])('the schema %s', (name) => {
  const accepts = validator(name);
  const suite = (...cases: readonly unknown[]): object => ({
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicyTest',
    metadata: { name: 'x' },
    spec: { cases },
  });

  test.each(filesBelow('test/fixtures/rules', /suite\.yaml$/))('accepts %s', (file) => {
    const documents = documentsIn(file);
    expect(documents.length).toBeGreaterThan(0);
    expect(documents.filter((document) => !accepts(document))).toEqual([]);
  });

  test.each([
    [suite({ name: 'a', resources: ['a'], expect: 'pass' }), true],
    [suite({ name: 'a', resources: ['a'], expect: [] }), true],
    [suite({ name: 'a', resources: ['a'], expect: 'fail' }), false],
    [suite({ name: 'a', resources: ['a'], expect: [{}] }), false],
    [suite({ name: 'a', resources: [], expect: 'pass' }), false],
    [suite({ name: 'a', resources: ['a'] }), false],
    [suite(), false],
  ])('of %j says %j', (value, expected) => {
    expect(accepts(value)).toBe(expected);
  });
});

describe('the schema config', () => {
  const accepts = validator('config');

  test.each([
    [{}, true],
    [{ listen: ':8443', operationsPort: 0, policies: ['a'], logLevel: 'warn' }, true],
    [{ kinds: [{ group: 'example.com', kind: 'Job', podSpecs: ['/spec'] }] }, true],
    [{ lisen: ':8443' }, false],
    [{ logLevel: 'loud' }, false],
    [{ kinds: [{ kind: 'Job' }] }, false],
    [{ kinds: [{ group: '', kind: 'Job', podSpecs: ['spec'] }] }, false],
  ])('of %j says %j', (value, expected) => {
    expect(accepts(value)).toBe(expected);
  });
});
