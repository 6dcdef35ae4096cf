/** Files of plugins, as people write them: what loads, and what each mistake is told. */
import { UserError } from '../../src/error/user-error.ts';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { loadPlugins } from '../../src/plugin/load.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { findingsOf, pod, policyOf, read, requestFor, findingTexts } from '../policy/fixtures.ts';

const root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-plugins-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = root;
// A module is loaded once for each path.
beforeEach(() => {
  folder = mkdtempSync(path.join(root, 'case-'));
});

function file(name: string, text: string): string {
  const full = path.join(folder, name);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

const load = (...files: readonly string[]): ReturnType<typeof loadPlugins> =>
  loadPlugins(files, { builtIn: RULES, timeoutMs: 1000 });

function faultsOf(...files: readonly string[]): string {
  try {
    load(...files);
  } catch (error) {
    if (error instanceof UserError) return error.message.replaceAll(`${folder}/`, '');
    throw error;
  }
  return '';
}

/** A module that exports one rule, with this instead of what it has. */
const rule = (name: string, change = ''): string => `import { defineRule } from 'tidewaiter';
const parameters = { type: 'object', additionalProperties: false, properties: {} };
export default [
  defineRule({ name: '${name}', description: 'For tests', parameters, needs: [], check: () => [], ${change} }),
];
`;

const says = (name: string): string =>
  rule(name, `check: () => [{ state: 'violation', container: undefined, pointer: '/spec', message: '${name}' }]`);

const A_POD = requestFor(pod('{containers: [{name: a, image: a}]}'));

describe('a plugin', () => {
  test.each(['rules.ts', 'rules.mts', 'rules.js', 'rules.mjs'])('is a module: %s', (name) => {
    const rules = load(file(name, says('mine')));
    const policy = policyOf('{rules: [{rule: mine}]}', [...RULES, ...rules]);
    expect(findingTexts(findingsOf([policy], A_POD))).toEqual(['-: mine | -']);
  });

  test('is TypeScript, and imports tidewaiter and its own files, with nothing installed beside it', () => {
    file(
      'text/say.ts',
      'export interface Said { readonly text: string }\nexport const said: Said = { text: "hello" };\n',
    );
    const plugin = file(
      'rules.ts',
      `import { defineRule, type Problem, type Subject } from 'tidewaiter';
import { said, type Said } from './text/say.ts';
const problem = ({ text }: Said): Problem => ({ state: 'violation', container: undefined, pointer: '', message: text });
export default [
  defineRule({
    name: 'typed',
    description: 'For tests',
    parameters: { type: 'object', additionalProperties: false, properties: { most: { type: 'integer', default: 2 } } },
    needs: ['namespaceLabels'],
    check: (subject: Subject<'namespaceLabels'>, { most }) => [
      { ...problem(said), remedy: \`\${most} \${subject.facts.namespaceLabels.state}\` },
    ],
  }),
];
`,
    );
    const policy = policyOf('{rules: [{rule: typed}]}', load(plugin));
    expect(findingTexts(findingsOf([policy], A_POD))).toEqual(['-: hello | 2 unknown']);
  });

  test('may be a link, as the kubelet mounts a ConfigMap', () => {
    file(
      '..2026/rules.ts',
      "import { name } from './name.ts';\nexport * from './rule.ts';\nexport { default } from './rule.ts';\nexport { name };\n",
    );
    file('..2026/name.ts', "export const name: string = 'x';\n");
    file('..2026/rule.ts', says('linked'));
    symlinkSync('..2026', path.join(folder, '..data'));
    symlinkSync('..data/rules.ts', path.join(folder, 'rules.ts'));
    expect(load(path.join(folder, 'rules.ts')).map(({ name }) => name)).toEqual(['linked']);
  });

  test('may be several files', () => {
    expect(load(file('a.ts', rule('one')), file('b.ts', rule('two'))).map(({ name }) => name)).toEqual(['one', 'two']);
  });
});

describe('a plugin that cannot be loaded is told', () => {
  test.each<[string, string, string]>([
    ['a syntax error of JavaScript', 'const a = 1;\nconst b = ;\nexport default [];\n', ":2:11: Unexpected token ';'"],
    [
      'an export that tidewaiter has not',
      "import { definerule } from 'tidewaiter';\nexport default [definerule({})];\n",
      ": The requested module 'tidewaiter' does not provide an export named 'definerule'",
    ],
    ...(
      [
        ['judgeAnswers', 'checkRegistryFacts'],
        ['judgeImages', 'checkImages'],
        ['untold', 'unknownProblem'],
      ] as const
    ).map(([former, current]): [string, string, string] => [
      `the former export ${former}`,
      `import { defineRule, ${former} as old } from 'tidewaiter';\nexport default [defineRule(old)];\n`,
      `: The requested module 'tidewaiter' does not provide an export named '${former}'; it was renamed to '${current}'`,
    ]),
    [
      'an export of that name that another module lacks',
      "import { untold } from 'node:path';\nexport default [untold];\n",
      ": The requested module 'node:path' does not provide an export named 'untold'",
    ],
    ['a package that is not there', "import 'nowhere';\nexport default [];\n", ": Cannot find package 'nowhere'"],
    [
      'an error while it is loaded',
      'export const a = 1;\n\n  throw new RangeError("boom");\n',
      ':3:9: the module threw "RangeError: boom" while loading',
    ],
    [
      'something else that is thrown',
      'throw Object.create(null);\n',
      ': the module threw a value that cannot be printed while loading',
    ],
    [
      'an await at the top',
      'export const a = await Promise.resolve(1);\n',
      ': top-level await is not supported; plugins load synchronously',
    ],
    ['no default export', 'export const rules = [];\n', ': no default export; add export default [defineRule({…})]'],
    [
      'a default export that is not a list',
      'export default {};\n',
      ': default: expected a list of rules, found an object',
    ],
    ['an empty list', 'export default [];\n', ': default: the list of rules is empty'],
    [
      'a rule without defineRule',
      "export default [{ name: 'mine', check: () => [] }];\n",
      ': default/0: expected what defineRule({…}) returns, found an object',
    ],
    [
      'nothing in the list',
      'export default [null];\n',
      ': default/0: expected what defineRule({…}) returns, found null',
    ],
  ])('%s', (_what, text, expected) => {
    expect(faultsOf(file('rules.js', text))).toBe(`rules.js${expected}`);
  });

  test.each<[string, string, string]>([
    ['a syntax error of TypeScript', 'const a: number = 1;\nconst b: = 2;\n', ':2:10: Unexpected token `=`'],
    [
      'TypeScript that is more than types',
      'enum Level { low }\nexport default [Level.low];\n',
      ':1:1: only erasable TypeScript syntax is supported; enum, namespace, and parameter properties are not',
    ],
  ])('%s', (_what, text, expected) => {
    expect(faultsOf(file('rules.ts', text))).toContain(`rules.ts${expected}`);
  });

  test('an error in a file that it imports, at its place there', () => {
    file('other.ts', 'export const a: number = ;\n');
    const plugin = file('rules.ts', "import { a } from './other.ts';\nexport default [a];\n");
    expect(faultsOf(plugin)).toBe('rules.ts: other.ts:1:26: Expression expected');
  });

  test('paths that are not plugin files', () => {
    file('rules/x.ts', '');
    expect(faultsOf(path.join(folder, 'nowhere.ts'), path.join(folder, 'rules'), file('rules.yaml', 'a: 1\n'))).toBe(
      `nowhere.ts: no such file or directory
rules: a plugin must be a file, not a directory
rules.yaml: a plugin must be a TypeScript or JavaScript module (.ts, .mts, .js, .mjs)`,
    );
  });
});

describe('a rule of a plugin that is not well-formed is told', () => {
  test.each<[string, string, string]>([
    [
      'a name',
      "name: 'Mine_1'",
      '/name: invalid value "Mine_1": expected lowercase words joined by hyphens, at most 63 characters',
    ],
    ['no description', "description: ''", '/description: must not be empty'],
    [
      'a misspelt key',
      'need: []',
      '/need: unknown key "need"; did you mean "needs"? (expected name, description, docs, parameters, needs, prepare, or check)',
    ],
    [
      'an unknown fact',
      "needs: ['registryImage']",
      '/needs/0: invalid value "registryImage"; did you mean "registryImages"? (expected "namespaceLabels", "pullSecrets", "registryImages", "registryTags", "registryDetails", "registryOriginals", "registryOriginalTags", "registryCopies", "originalImages", or "now")',
    ],
    ['a check that is none', "check: 'x'", '/check: expected a function, found a string'],
    ['no check', 'check: undefined', ': "check" is required'],
    [
      'an async check',
      'check: async () => []',
      '/check: rules run synchronously; the function must not be async or a generator',
    ],
    [
      'a generator',
      'check: function* () {}',
      '/check: rules run synchronously; the function must not be async or a generator',
    ],
    [
      'an async prepare',
      'async prepare() {}',
      '/prepare: rules run synchronously; the function must not be async or a generator',
    ],
    ['docs', "docs: { why: 'x' }", '/docs: "remedy" is required'],
    [
      'parameters of another type',
      "parameters: { type: 'array' }",
      '/parameters/type: expected "object", found "array"',
    ],
    [
      'a schema that lets misspelt parameters pass',
      "parameters: { type: 'object', additionalProperties: true, properties: {} }",
      '/parameters/additionalProperties: expected false, found a boolean',
    ],
  ])('%s', (_what, change, expected) => {
    expect(faultsOf(file('rules.js', rule('mine', change))).split('\n')).toContain(`rules.js: default/0${expected}`);
  });

  test.each<[string, string]>([
    [
      "a: { type: 'strng' }",
      '/properties/a/type: invalid value "strng"; did you mean "string"? (expected "array", "boolean", "integer", "null", "number", "object", or "string")',
    ],
    ["a: { type: 'string', patern: 'x' }", ': unknown keyword: "patern"'],
    ["a: 'string'", '/properties/a: expected an object or true or false, found a string'],
    ["a: { $ref: '#/$defs/a' }", ": can't resolve reference #/$defs/a from id #"],
    ["a: { type: 'string', pattern: '(' }", ': Invalid regular expression: /(/u: Unterminated group'],
    ["a: { format: 'date' }", ': unknown format "date" ignored in schema at path "#/properties/a"'],
    ["a: { type: 'integer', default: 'x' }", '/a: invalid default: expected a whole number, found a string'],
    ["a: { enum: ['x', 'y'], default: 'z' }", '/a: invalid default: invalid value "z" (expected "x" or "y")'],
  ])('parameters {%s}', (properties, expected) => {
    const change = `parameters: { type: 'object', additionalProperties: false, properties: { ${properties} } }`;
    expect(faultsOf(file('rules.js', rule('mine', change)))).toBe(`rules.js: default/0/parameters${expected}`);
  });

  test('all of them at once, from every file', () => {
    const one = file('one.js', rule('Mine', "description: ''"));
    const two = file('two.js', 'export default 1;\n');
    expect(faultsOf(one, two).split('\n')).toHaveLength(3);
  });
});

describe('a name that is taken', () => {
  test('is told with both places', () => {
    const [one, two, three] = [
      file('one.ts', rule('mine')),
      file('two.ts', rule('mine')),
      file('three.ts', rule('image-tag')),
    ];
    expect(faultsOf(one, two, three)).toBe(
      `two.ts: duplicate rule "mine"; first defined in one.ts
three.ts: duplicate rule "image-tag"; first defined as a built-in rule`,
    );
  });
});

describe('prepare', () => {
  const problemOf = (prepare: string): string => {
    const result = read('{rules: [{rule: mine}]}', load(file('rules.js', rule('mine', prepare))));
    return result.ok ? '' : result.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`).join('\n');
  };
  const shape = "the rule's prepare must return {ok: true, value} or {ok: false, faults: [{pointer, problem}]}";

  test.each<[string, string]>([
    ['prepare() { throw new RangeError("no"); }', `the rule's prepare threw "RangeError: no"`],
    ['prepare() { for (;;); }', "the rule's prepare did not return within 1000 ms"],
    ['prepare: () => ({ ok: false, faults: [] })', shape],
    ['prepare: () => ({ ok: false })', shape],
    ['prepare: () => Promise.resolve({ ok: true })', shape],
    ['prepare: () => ({})', shape],
    ["prepare: () => ({ ok: false, faults: [{ pointer: '', problem: 'not that' }] })", 'not that'],
    ['prepare: () => ({ ok: true, value: 1 })', ''],
  ])('%s is a fault of the policy: %s', (prepare, problem) => {
    expect(problemOf(prepare)).toBe(problem === '' ? '' : `/spec/rules/0/parameters: ${problem}`);
  });
});
