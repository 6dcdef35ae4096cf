/** What is wrong with an expression is said when the policy loads: where, and what would be accepted. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPolicies } from '../../../../src/files/policies.ts';
import { compileProgram, type Parameters } from '../../../../src/policy/rules/cel/program.ts';
import { RULES } from '../../../../src/policy/rules/index.ts';
import { kinds } from '../../fixtures.ts';

function faults(parameters: Parameters | string): readonly string[] {
  const program = compileProgram(typeof parameters === 'string' ? { expression: parameters } : parameters);
  return program.ok ? [] : program.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`);
}

const VARIABLES = '(variables: object, oldObject, request, namespaceObject, container, image, original)';

describe('names', () => {
  test.each([
    [
      'image.tog == "x"',
      'column 7: image has no field "tog"; did you mean "tag"? (fields: text, registry, repository, name, tag, digest)',
    ],
    [
      'request.object.x == 1',
      'column 9: request has no field "object" (fields: operation, kind, name, namespace, subResource, dryRun, userInfo)',
    ],
    ['has(request.userInfo.user)', 'column 22: request.userInfo has no field "user" (fields: username, groups)'],
    [
      'original.registri == "x"',
      'column 10: image has no field "registri"; did you mean "registry"? (fields: text, registry, repository, name, tag, digest)',
    ],
    ['orginal.tag == "x"', `column 1: unknown variable "orginal"; did you mean "original"? ${VARIABLES}`],
    ['objct.spec.x == 1', `column 1: unknown variable "objct"; did you mean "object"? ${VARIABLES}`],
    ['authorizer.path("/x") == 1', `column 1: unknown variable "authorizer" ${VARIABLES}`],
    ['variables.x == 1', 'column 1: unknown variable "variables" (the policy has no "variables")'],
    [
      'object.a.all(x, y)',
      'column 17: unknown variable "y" (variables: x, object, oldObject, request, namespaceObject, container, image, original)',
    ],
    ['object.a.map(x, x).size() == x', `column 30: unknown variable "x" ${VARIABLES}`],
    ['image.tag.startWith("x")', 'column 11: unknown function "startWith"; did you mean "startsWith"?'],
    ['startsWith(image.tag, "x")', 'column 1: startsWith() has another form: string.startsWith(string): bool'],
    ['__proto__ == 1', 'column 1: reserved identifier: __proto__'],
    ['constructor == 1', `column 1: unknown variable "constructor" ${VARIABLES}`],
    [
      'image.constructor == "x"',
      'column 7: image has no field "constructor" (fields: text, registry, repository, name, tag, digest)',
    ],
  ])('%s', (expression, problem) => {
    expect(faults(expression)).toEqual([`/expression: ${problem}`]);
  });
});

describe('types', () => {
  test.each([
    ['image.tag', 'the expression must have type bool, found type string'],
    ['image.tag + 1 == "x"', 'column 1: "+" does not take string and int'],
    ['!image.tag', 'column 1: "!" does not take string'],
    ['image.tag == 1', 'column 1: "==" cannot compare types string and int'],
    ['image.tag < 1', 'column 1: "<" cannot compare types string and int'],
    ['image.tag && true', 'column 1: each side of "&&" must have type bool, found type string'],
    ['true ? image.tag : 1', 'column 20: both sides of ":" must have the same type, found string and int'],
    ['image.tag ? true : false', 'column 1: the condition before "?" must have type bool, found type string'],
    ['1 in image.tag', 'column 1: "in" requires a list or a map on the right, found type string'],
    ['1 in request.userInfo.groups', 'column 1: "in" requires type string on the left, found type int'],
    ['image.tag.x == 1', 'column 11: type string has no fields'],
    ['image.tag[0] == "x"', 'column 1: type string has no index'],
    ['request.userInfo.groups["a"] == "x"', 'column 1: a list index must have type int, found type string'],
    ['image.tag.all(x, true)', 'column 1: all() requires a list or a map, but "image.tag" has type string'],
    ['request.userInfo.groups.all(x, x)', 'column 32: the condition must have type bool, found type string'],
    ['request.userInfo.groups.all(x, x, true)', 'column 32: the two variables must have different names'],
    [
      'request.userInfo.groups.sum() == 1',
      'column 25: .sum() does not take list<string>; its forms are list<int>.sum(): int; list<uint>.sum(): uint; list<double>.sum(): double; list<google.protobuf.Duration>.sum(): google.protobuf.Duration',
    ],
    [
      'image.tag.indexOf(1) > 0',
      'column 11: .indexOf() does not take string, int; its forms are list<A>.indexOf(A): int; string.indexOf(string): int; string.indexOf(string, int): int',
    ],
    [
      'size(1) == 1',
      'column 1: size() does not take int; its forms are size(string): int; size(bytes): int; size(list): int; size(map): int',
    ],
    [
      'image.tag.orValue("x") == "x"',
      'column 1: orValue() requires an optional value, but "image.tag" has type string',
    ],
    ['optional.of(1).orValue("x") == 1', 'column 24: expected type int, found type string'],
    ['has(object)', 'column 5: has() takes a field, for example has(object.spec.replicas)'],
    ['has(object["x"])', 'column 5: has() takes a field, for example has(object.spec.replicas)'],
    ['math.greatest("a") == 1', 'column 1: math.greatest takes numbers or a list of numbers, not string'],
    ['{1.5: 1}.size() == 1', 'column 2: maps cannot have keys of type double'],
    ['b"é" == b"x"', 'column 1: byte literals allow only ASCII characters and \\x escapes; for text, use bytes("…")'],
  ])('%s', (expression, problem) => {
    expect(faults(expression)).toEqual([`/expression: ${problem}`]);
  });
});

describe('constants', () => {
  test.each([
    ['quantity("10GB").isInteger()', 'column 1: the text is not a quantity like 1.5Gi'],
    ['object.x < duration("1d")', 'column 12: the text is not a duration like 1h30m'],
    ['1 / 0 == 1', 'column 1: division by zero'],
    ['9223372036854775808 == 1', 'column 1: the number does not fit into an int'],
    ['image.tag.matches("(a")', 'column 19: "(a" is not a valid RE2 regular expression: missing closing ): `(a`'],
    [
      'image.tag.matches("(?=a)")',
      'column 19: "(?=a)" is not a valid RE2 regular expression: invalid or unsupported Perl syntax: `(?=`',
    ],
    [
      'image.tag.matches("a{1000}{1000}")',
      'column 19: "a{1000}{1000}" is not a valid RE2 regular expression: too many repetitions',
    ],
  ])('%s', (expression, problem) => {
    expect(faults(expression)).toEqual([`/expression: ${problem}`]);
  });
});

describe('syntax', () => {
  test.each([
    ['image.tag = "x"', 'column 11: unexpected "="; use "==" to compare'],
    ['(image.tag == "x"', 'column 18: expected ")", found the end'],
    ['image.tag ==', 'column 13: expected a value, found the end'],
    ['image.tag == "x" "y"', 'column 18: unexpected "\\"y\\""'],
    ['image.tag == "x', 'column 14: unterminated string'],
    ['image.tag == "\\q"', 'column 15: invalid escape sequence: \\q'],
    ['a ? b', 'column 6: expected ":", found the end'],
    ['{?"a": 1}.a == 1', 'column 2: expected a value, found "?"'],
    ['image.tag # x', 'column 11: unexpected "#"'],
    ['true &&\n  foo.bar &&\n  true', `line 2, column 3: unknown variable "foo" ${VARIABLES}`],
    [`${'('.repeat(200)}true${')'.repeat(200)}`, 'column 101: the expression is nested more than 100 levels deep'],
    [`${'!'.repeat(5000)}true`, 'column 101: the expression is nested more than 100 levels deep'],
    [
      Array.from({ length: 200 }, () => '1').join(' + '),
      'column 401: the expression is nested more than 100 levels deep',
    ],
    ['x'.repeat(10_001), 'column 10001: expressions are limited to 10000 characters (found 10001)'],
  ])('%s', (expression, problem) => {
    expect(faults(expression)).toEqual([`/expression: ${problem}`]);
  });

  test('has no limit on conditions that stand side by side', () => {
    expect(faults(Array.from({ length: 400 }, (_, index) => `image.tag != "${index}"`).join(' && '))).toEqual([]);
  });
});

test('all parameters are read, and each fault has its place', () => {
  expect(
    faults({
      expression: 'variables.a',
      messageExpression: 'variables.a ? 1 : 2',
      variables: [
        { name: 'a', expression: 'variables.b' },
        { name: 'a', expression: 'true' },
        { name: 'b', expression: 'variables.c' },
      ],
    }),
  ).toEqual([
    '/variables/0/expression: column 1: unknown variable "variables" (the policy has no "variables")',
    '/variables/2/expression: column 11: "variables" has no "c" (so far: a)',
    '/messageExpression: the expression must have type string, found type int',
  ]);
});

test('a name of a variable is taken once', () => {
  const variables = [
    { name: 'a', expression: '1' },
    { name: 'a', expression: '2' },
  ];
  expect(faults({ expression: 'true', variables })).toEqual(['/variables/1/name: this name is already used']);
});

test('a file says its line and column, too', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-cel-'));
  const file = path.join(folder, 'policy.yaml');
  writeFileSync(
    file,
    `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: p}
spec:
  rules:
    - rule: cel
      parameters:
        expression: image.tog == 'x'
    - rule: cel
      parameters:
        expression: "true"
        variables: [{name: 1x, expression: "true"}]
    - rule: cel
      parameters: {expression: ""}
    - rule: cel
`,
  );
  try {
    await expect(loadPolicies([file], { rules: RULES, kinds })).rejects.toMatchObject({
      message: [
        `${file}:8:21: spec/rules/0/parameters/expression: column 7: image has no field "tog"; did you mean "tag"? (fields: text, registry, repository, name, tag, digest)`,
        `${file}:12:28: spec/rules/1/parameters/variables/0/name: invalid value "1x": expected letters, digits, and "_", with no digit at the start`,
        `${file}:14:32: spec/rules/2/parameters/expression: must not be empty`,
        `${file}:15:7: spec/rules/3/parameters: "expression" is required`,
      ].join('\n'),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
