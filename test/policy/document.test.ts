/** What is wrong with a policy document: every fault with its place and its whole sentence. */
import { describe, expect, test } from 'vitest';
import { readPolicy } from '../../src/policy/document.ts';
import type { ParameterSchema } from '../../src/policy/rule.ts';
import { defineRule } from '../../src/policy/rule.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { schemaCheck } from '../../src/policy/schema-faults.ts';
import { objectsIn } from '../pod/fixtures.ts';
import { kinds, policyOf, read } from './fixtures.ts';

const CONFIGURED = '(add custom kinds under "kinds" in the configuration)';

function faultsOf(value: unknown): readonly string[] {
  const result = readPolicy(value, { rules: RULES, kinds });
  return result.ok ? [] : result.faults.map(({ pointer, problem, at }) => `${at} ${pointer || '/'}: ${problem}`);
}

const inSpec = (spec: string): readonly string[] => {
  const result = read(spec);
  return result.ok ? [] : result.faults.map(({ pointer, problem, at }) => `${at} ${pointer}: ${problem}`);
};

const RULE = 'rules: [{rule: image-digest}]';

describe('a document as a whole', () => {
  test.each<[unknown, readonly string[]]>([
    ['text', ['value /: expected an object, found a string']],
    [null, ['value /: expected an object, found null']],
    [[], ['value /: expected an object, found a list']],
    [
      {},
      [
        'value /: "apiVersion" is required',
        'value /: "kind" is required',
        'value /: "metadata" is required',
        'value /: "spec" is required',
      ],
    ],
  ])('%j', (value, faults) => {
    expect(faultsOf(value)).toEqual(faults);
  });

  test.each<[string, readonly string[]]>([
    [
      '{apiVersion: tidewaiter.dev/v1}',
      ['value /apiVersion: expected "tidewaiter.dev/v1alpha1", found "tidewaiter.dev/v1"'],
    ],
    ['{apiVersion: 1}', ['value /apiVersion: expected "tidewaiter.dev/v1alpha1", found 1']],
    ['{kind: ImagePolicies}', ['value /kind: expected "ImagePolicy", found "ImagePolicies"']],
    [
      '{Kind: ImagePolicy}',
      ['key /Kind: unknown key "Kind"; did you mean "kind"? (expected apiVersion, kind, metadata, or spec)'],
    ],
    ['{metadata: {}}', ['value /metadata: "name" is required']],
    [
      '{metadata: {name: 1}}',
      [
        'value /metadata/name: expected lowercase letters, digits, and inner hyphens, at most 63 characters, found a number',
      ],
    ],
    [
      '{metadata: {name: Web_1}}',
      [
        'value /metadata/name: invalid value "Web_1": expected lowercase letters, digits, and inner hyphens, at most 63 characters',
      ],
    ],
    [
      '{metadata: {name: ""}}',
      [
        'value /metadata/name: invalid value "": expected lowercase letters, digits, and inner hyphens, at most 63 characters',
      ],
    ],
    [
      '{metadata: {name: a-}}',
      [
        'value /metadata/name: invalid value "a-": expected lowercase letters, digits, and inner hyphens, at most 63 characters',
      ],
    ],
    [
      `{metadata: {name: ${'a'.repeat(64)}}}`,
      [
        `value /metadata/name: invalid value "${'a'.repeat(64)}": expected lowercase letters, digits, and inner hyphens, at most 63 characters`,
      ],
    ],
    ['{metadata: {name: test, labels: {a: b}, annotations: {c: d}}}', []],
    ['{spec: []}', ['value /spec: expected an object, found a list']],
    ['{status: {}}', ['key /status: unknown key "status" (expected apiVersion, kind, metadata, or spec)']],
    ['{a/b~c: 1}', ['key /a~1b~0c: unknown key "a/b~c" (expected apiVersion, kind, metadata, or spec)']],
    ['{"x\\ny": 1}', ['key /x\ny: unknown key "x\\u000ay" (expected apiVersion, kind, metadata, or spec)']],
  ])('with %s', (change, faults) => {
    const [changed] = objectsIn(change);
    const [good] = objectsIn(
      `{apiVersion: tidewaiter.dev/v1alpha1, kind: ImagePolicy, metadata: {name: test}, spec: {${RULE}}}`,
    );
    expect(faultsOf({ ...good, ...changed })).toEqual(faults);
  });
});

describe('spec', () => {
  test.each<[string, readonly string[]]>([
    ['{}', ['value /spec: set "rules", "rewrite", "pin", "pullSecrets", or "pullPolicy"']],
    ['{rules: []}', ['value /spec/rules: must not be empty']],
    ['{rules: {}}', ['value /spec/rules: expected a list, found an object']],
    ['{rules: [image-digest]}', ['value /spec/rules/0: expected an object, found a string']],
    ['{rules: [{}]}', ['value /spec/rules/0: "rule" is required']],
    [`{${RULE}, description: 1}`, ['value /spec/description: expected a string, found a number']],
    [`{${RULE}, mach: {}}`, ['key /spec/mach: unknown key "mach"; did you mean "match"?']],
    [
      `{${RULE}, onUpdate: change}`,
      ['value /spec/onUpdate: invalid value "change"; did you mean "changed"? (expected "changed" or "all")'],
    ],
    [`{${RULE}, onUpdate: never}`, ['value /spec/onUpdate: invalid value "never" (expected "changed" or "all")']],
    [`{${RULE}, match: []}`, ['value /spec/match: expected an object, found a list']],
    [
      `{${RULE}, match: {namespace: [a]}}`,
      [
        'key /spec/match/namespace: unknown key "namespace"; did you mean "namespaces"? (expected namespaces, namespaceSelector, kinds, operations, users, groups, containers, or images)',
      ],
    ],
    [`{${RULE}, match: {namespaces: team-a}}`, ['value /spec/match/namespaces: expected a list, found a string']],
    [
      `{${RULE}, match: {namespaces: [1, ""]}}`,
      [
        'value /spec/match/namespaces/0: expected a string, found a number',
        'value /spec/match/namespaces/1: must not be empty',
      ],
    ],
    [`{${RULE}, match: {users: [true]}}`, ['value /spec/match/users/0: expected a string, found a boolean']],
    [`{${RULE}, match: {groups: [[]]}}`, ['value /spec/match/groups/0: expected a string, found a list']],
    [
      `{${RULE}, exclude: {operations: [create]}}`,
      [
        'value /spec/exclude/operations/0: invalid value "create"; did you mean "CREATE"? (expected "CREATE" or "UPDATE")',
      ],
    ],
    [
      `{${RULE}, match: {operations: [DELETE]}}`,
      ['value /spec/match/operations/0: invalid value "DELETE" (expected "CREATE" or "UPDATE")'],
    ],
    [
      `{${RULE}, match: {containers: [inti, all]}}`,
      [
        'value /spec/match/containers/0: invalid value "inti"; did you mean "init"? (expected "regular", "init", "sidecar", "ephemeral", or "volume")',
        'value /spec/match/containers/1: invalid value "all" (expected "regular", "init", "sidecar", "ephemeral", or "volume")',
      ],
    ],
    [
      `{${RULE}, match: {namespaceSelector: {labels: {}}}}`,
      ['key /spec/match/namespaceSelector/labels: unknown key "labels" (expected matchLabels or matchExpressions)'],
    ],
    [
      `{${RULE}, match: {namespaceSelector: {matchLabels: {a: 1}}}}`,
      ['value /spec/match/namespaceSelector/matchLabels/a: expected a string, found a number'],
    ],
    [
      `{${RULE}, exclude: {namespaceSelector: {matchExpressions: [{key: "", operator: in, values: [1]}, {}]}}}`,
      [
        'value /spec/exclude/namespaceSelector/matchExpressions/0/key: must not be empty',
        'value /spec/exclude/namespaceSelector/matchExpressions/0/operator: invalid value "in"; did you mean "In"? (expected "In", "NotIn", "Exists", or "DoesNotExist")',
        'value /spec/exclude/namespaceSelector/matchExpressions/0/values/0: expected a string, found a number',
        'value /spec/exclude/namespaceSelector/matchExpressions/1: "key" is required',
        'value /spec/exclude/namespaceSelector/matchExpressions/1: "operator" is required',
      ],
    ],
    [
      `{${RULE}, match: {namespaceSelector: {matchExpressions: [{key: a, operator: In}, {key: a, operator: NotIn, values: []}, {key: a, operator: Exists, values: [b]}, {key: a, operator: DoesNotExist, values: [b]}]}}}`,
      [
        'value /spec/match/namespaceSelector/matchExpressions/0/values: In requires at least one value',
        'value /spec/match/namespaceSelector/matchExpressions/1/values: NotIn requires at least one value',
        'value /spec/match/namespaceSelector/matchExpressions/2/values: Exists takes no values',
        'value /spec/match/namespaceSelector/matchExpressions/3/values: DoesNotExist takes no values',
      ],
    ],
    [
      `{${RULE}, match: {namespaceSelector: {matchExpressions: [{key: a, operator: In, values: [b]}, {key: a, operator: Exists}, {key: a, operator: DoesNotExist, values: []}]}}}`,
      [],
    ],
  ])('%s', (spec, faults) => {
    expect(inSpec(spec)).toEqual(faults);
  });
});

describe('kinds of match and exclude', () => {
  test.each<[string, string | undefined]>([
    ['Deployment', undefined],
    ['Deployment.apps', undefined],
    ['Deployment.extensions', undefined],
    ['Job.batch.volcano.sh', undefined],
    ['Pod', undefined],
    ['*', undefined],
    ['*Job', undefined],
    ['*.kruise.io', undefined],
    ['Job.*', undefined],
    ['Deploymet', `kind "Deploymet" is unknown or has no images; did you mean "Deployment"? ${CONFIGURED}`],
    ['deployment', `kind "deployment" is unknown or has no images; did you mean "Deployment"? ${CONFIGURED}`],
    ['ConfigMap', `kind "ConfigMap" is unknown or has no images ${CONFIGURED}`],
    ['Deploymet.*', `kind "Deploymet.*" is unknown or has no images; did you mean "Deployment"? ${CONFIGURED}`],
    [
      'Deployment.app',
      `kind "Deployment.app" is unknown or has no images; did you mean "Deployment.apps"? ${CONFIGURED}`,
    ],
    [
      'Job.batch.volcan.sh',
      `kind "Job.batch.volcan.sh" is unknown or has no images; did you mean "Job.batch.volcano.sh"? ${CONFIGURED}`,
    ],
    ['Pod.v1', `kind "Pod.v1" is unknown or has no images ${CONFIGURED}`],
  ])('%j: %s', (kind, problem) => {
    for (const clause of ['match', 'exclude']) {
      expect(inSpec(`{${RULE}, ${clause}: {kinds: [Pod, "${kind}"]}}`)).toEqual(
        problem === undefined ? [] : [`value /spec/${clause}/kinds/1: ${problem}`],
      );
    }
  });
});

describe('rules', () => {
  const rule = (binding: string): readonly string[] => inSpec(`{rules: [{rule: image-digest}, ${binding}]}`);

  test.each<[string, string]>([
    [
      '{rule: image-registy}',
      `value /spec/rules/1/rule: unknown rule "image-registy"; did you mean "image-registry"? (all rules: tidewaiter rules)`,
    ],
    ['{rule: x}', `value /spec/rules/1/rule: unknown rule "x" (all rules: tidewaiter rules)`],
    ['{rule: __proto__}', `value /spec/rules/1/rule: unknown rule "__proto__" (all rules: tidewaiter rules)`],
    ['{rule: 1}', 'value /spec/rules/1/rule: expected a string, found a number'],
    // Only what the entry contains is reported.
    [
      '{rule: image-tag, action: block}',
      'value /spec/rules/1/action: invalid value "block" (expected "deny", "warn", or "audit")',
    ],
    // The misspelled key is required.
    [
      '{rule: cel, parameters: {expresion: "true"}}',
      'key /spec/rules/1/parameters/expresion: unknown key "expresion"; did you mean "expression"? (expected expression, message, messageExpression, or variables)',
    ],
    [
      '{rule: image-digest, action: refuse}',
      'value /spec/rules/1/action: invalid value "refuse" (expected "deny", "warn", or "audit")',
    ],
    [
      '{rule: image-digest, action: Deny}',
      'value /spec/rules/1/action: invalid value "Deny"; did you mean "deny"? (expected "deny", "warn", or "audit")',
    ],
    [
      '{rule: image-digest, onUnknown: allow}',
      'value /spec/rules/1/onUnknown: invalid value "allow" (expected "deny", "warn", or "audit")',
    ],
    [
      '{rule: image-digest, mode: deny}',
      'key /spec/rules/1/mode: unknown key "mode" (expected rule, action, onUnknown, parameters, or message)',
    ],
    ['{rule: image-digest, message: ""}', 'value /spec/rules/1/message: must not be empty'],
    ['{rule: image-digest, parameters: []}', 'value /spec/rules/1/parameters: expected an object, found a list'],
    [
      '{rule: image-digest, parameters: {when: all}}',
      'key /spec/rules/1/parameters/when: unknown key "when" (expected drift)',
    ],
    [
      '{rule: image-reference, parameters: {x: 1}}',
      'key /spec/rules/1/parameters/x: unknown key "x" (no keys are allowed here)',
    ],
    [
      '{rule: image-tag}',
      'value /spec/rules/1/parameters: set at least one of required, allow, deny, or besideDigest, for example {deny: [latest]}; for details, run tidewaiter explain rule image-tag',
    ],
    [
      '{rule: image-tag, parameters: {}}',
      'value /spec/rules/1/parameters: set at least one of required, allow, deny, or besideDigest, for example {deny: [latest]}; for details, run tidewaiter explain rule image-tag',
    ],
    [
      '{rule: image-tag, parameters: {besideDigest: ignore}}',
      'value /spec/rules/1/parameters: nothing to check; set required: true, or add "allow" or "deny"',
    ],
    [
      '{rule: image-tag, parameters: {required: "yes"}}',
      'value /spec/rules/1/parameters/required: expected true or false, found a string',
    ],
    [
      '{rule: image-tag, parameters: {deny: latest}}',
      'value /spec/rules/1/parameters/deny: expected a list, found a string',
    ],
    ['{rule: image-tag, parameters: {allow: []}}', 'value /spec/rules/1/parameters/allow: must not be empty'],
    [
      '{rule: image-tag, parameters: {alow: [a]}}',
      'key /spec/rules/1/parameters/alow: unknown key "alow"; did you mean "allow"? (expected required, allow, deny, or besideDigest)',
    ],
    [
      '{rule: image-registry}',
      'value /spec/rules/1/parameters: set at least one of allow or deny, for example {allow: [registry.example.com/**]}; for details, run tidewaiter explain rule image-registry',
    ],
    ['{rule: image-registry, parameters: {allow: [""]}}', 'value /spec/rules/1/parameters/allow/0: must not be empty'],
    [
      '{rule: image-pull-policy, parameters: {when: mutabel}}',
      'value /spec/rules/1/parameters/when: invalid value "mutabel"; did you mean "mutable"? (expected "latest", "mutable", or "all")',
    ],
    [
      '{rule: container-ports, parameters: {hostPort: never}}',
      'value /spec/rules/1/parameters/hostPort: expected true or false, found a string',
    ],
    [
      '{rule: container-ports, parameters: {hostport: false}}',
      'key /spec/rules/1/parameters/hostport: unknown key "hostport"; did you mean "hostPort"? (expected hostPort, namesRequired, or namesUnique)',
    ],
  ])('%s', (binding, fault) => {
    expect(rule(binding)).toEqual([fault]);
  });

  test('a message of more than 500 characters is refused', () => {
    expect(rule(`{rule: image-digest, message: ${'m'.repeat(501)}}`)).toEqual([
      `value /spec/rules/1/message: invalid value "${'m'.repeat(200)}…": must have at most 500 characters`,
    ]);
  });

  test('a tag that no tag can be says what one has', () => {
    const [fault, ...others] = rule('{rule: image-tag, parameters: {deny: [latest, "a b"]}}');
    expect(fault).toMatch(
      /^value \/spec\/rules\/1\/parameters\/deny\/1: "a b" cannot match any tag: tags have letters/,
    );
    expect(others).toEqual([]);
  });
});

describe('image patterns', () => {
  test.each([
    ['match: {images: ["https://registry.example.com"]}', '/spec/match/images/0'],
    ['exclude: {images: [nginx, "a b"]}', '/spec/exclude/images/1'],
  ])('in %s are refused at their place', (clause, pointer) => {
    expect(inSpec(`{${RULE}, ${clause}}`)).toEqual([
      expect.stringMatching(new RegExp(`^value ${pointer}: "[^"]+" is not a pattern: .+`)),
    ]);
  });

  test('as parameters are refused together, each at its place', () => {
    const faults = inSpec(
      '{rules: [{rule: image-registry, parameters: {allow: ["https://a.io", "b.io/**"], deny: ["b/UPPER", ":"]}}]}',
    );
    expect(faults.map((fault) => fault.split(': ', 1)[0])).toEqual([
      'value /spec/rules/0/parameters/allow/0',
      'value /spec/rules/0/parameters/deny/0',
      'value /spec/rules/0/parameters/deny/1',
    ]);
  });
});

test('all faults of a document are told at once', () => {
  expect(
    inSpec(
      '{match: {kinds: [Podd], images: ["a b"]}, rules: [{rule: nope}, {rule: image-tag}, {rule: image-registry, parameters: {allow: ["c d"]}}]}',
    ).map((fault) => fault.split(': ', 1)[0]),
  ).toEqual([
    'value /spec/match/kinds/0',
    'value /spec/match/images/0',
    'value /spec/rules/0/rule',
    'value /spec/rules/1/parameters',
    'value /spec/rules/2/parameters/allow/0',
  ]);
});

for (const { ready } of RULES) await ready?.();

describe('all faults at once', () => {
  const places = (spec: string): readonly string[] => inSpec(spec).map((fault) => fault.split(': ', 1)[0] ?? '');

  test.each<[string, string, readonly string[]]>([
    [
      'an unknown key, a rule that does not exist and a parameter',
      '{mach: {}, rules: [{rule: nope}, {rule: image-tag, parameters: {alow: [a], deny: ["!latest"]}}]}',
      [
        'key /spec/mach',
        'value /spec/rules/0/rule',
        'key /spec/rules/1/parameters/alow',
        'value /spec/rules/1/parameters/deny/0',
      ],
    ],
    [
      'an action, a name and a glob behind an element that is none',
      '{match: {namespaces: [1, Shop, ok, "sho?"]}, rules: [{rule: image-digest, action: refuse, parameters: {x: 1}}, 7, {rule: nope}]}',
      [
        'value /spec/match/namespaces/0',
        'value /spec/rules/0/action',
        'value /spec/rules/1',
        'value /spec/match/namespaces/1',
        'value /spec/match/namespaces/3',
        'key /spec/rules/0/parameters/x',
        'value /spec/rules/2/rule',
      ],
    ],
    [
      'a selector, a kind, CEL and a pattern beside a bad message',
      '{match: {kinds: [Podd], namespaceSelector: {matchExpressions: [{key: "a b", operator: in}, {key: a, operator: In}]}}, rules: [{rule: cel, message: 1, parameters: {expression: "1 +"}}, {rule: image-registry, parameters: {allow: [7, "c d"]}}]}',
      [
        'value /spec/match/namespaceSelector/matchExpressions/0/operator',
        'value /spec/rules/0/message',
        'value /spec/match/kinds/0',
        'value /spec/match/namespaceSelector/matchExpressions/1/values',
        'value /spec/rules/0/parameters/expression',
        'value /spec/rules/1/parameters/allow/0',
        'value /spec/rules/1/parameters/allow/1',
      ],
    ],
    [
      'CEL and a variable beside a message that is none',
      '{rules: [{rule: cel, parameters: {variables: [{name: a, expression: "1 +"}], expression: "variables.a ==", message: 5}}]}',
      [
        'value /spec/rules/0/parameters/message',
        'value /spec/rules/0/parameters/variables/0/expression',
        'value /spec/rules/0/parameters/expression',
      ],
    ],
    [
      'a rule without a name, and the next one',
      '{rules: [{parameters: {}}, {rule: image-tag}, {rule: nope}]}',
      ['value /spec/rules/0', 'value /spec/rules/1/parameters', 'value /spec/rules/2/rule'],
    ],
    [
      'a pin and an exclude',
      '{exclude: {users: [" a"]}, pin: {mode: pods, images: ["a b"], stale: never}}',
      ['value /spec/pin/mode', 'value /spec/exclude/users/0', 'value /spec/pin/images/0', 'value /spec/pin/stale'],
    ],
    [
      'two amounts of which one is of no type',
      '{rules: [{rule: container-resources, parameters: {min: {cpu: []}, max: {memory: much}}}]}',
      ['value /spec/rules/0/parameters/min/cpu', 'value /spec/rules/0/parameters/max/memory'],
    ],
  ])('%s', (_what, spec, faults) => {
    expect(places(spec)).toEqual(faults);
  });

  test.each<[string, string, readonly string[]]>([
    ['a list that only lacks what is wrong in it', '{rules: [7]}', ['value /spec/rules/0']],
    [
      'values of a selector',
      `{match: {namespaceSelector: {matchExpressions: [{key: a, operator: In, values: [1]}]}}, ${RULE}}`,
      ['value /spec/match/namespaceSelector/matchExpressions/0/values/0'],
    ],
    [
      'a variable that is none',
      '{rules: [{rule: cel, parameters: {variables: [{name: a, expression: 1}], expression: "variables.a"}}]}',
      ['value /spec/rules/0/parameters/variables/0/expression'],
    ],
    ['rules that are none', '{rules: {}}', ['value /spec/rules']],
  ])('and nothing that follows from one: %s', (_what, spec, faults) => {
    expect(places(spec)).toEqual(faults);
  });

  test('also beside an envelope that is wrong', () => {
    const [spec] = objectsIn('{rules: [{rule: nope}], match: {namespaces: [Shop]}}');
    expect(
      faultsOf({ apiVersion: 'v1', kind: 'ImagePolicy', metadata: {}, spec }).map((fault) => fault.split(': ', 1)[0]),
    ).toEqual(['value /apiVersion', 'value /metadata', 'value /spec/match/namespaces/0', 'value /spec/rules/0/rule']);
  });
});

test('what is left out has its default', () => {
  const policy = policyOf(
    '{rules: [{rule: image-digest}, {rule: image-tag, action: warn, onUnknown: deny, message: Ask us., parameters: {deny: [latest]}}]}',
  );
  expect(policy).toMatchObject({
    name: 'test',
    onUpdate: 'changed',
    bindings: [
      { rule: 'image-digest', action: 'deny', onUnknown: undefined, message: undefined },
      { rule: 'image-tag', action: 'warn', onUnknown: 'deny', message: 'Ask us.' },
    ],
  });
  expect(policyOf(`{${RULE}, onUpdate: all}`).onUpdate).toBe('all');
});

describe('a rule that is not one of ours', () => {
  const parameters: ParameterSchema = {
    type: 'object',
    additionalProperties: false,
    properties: { size: { type: 'integer', minimum: 1 }, ratio: { type: 'number' } },
    required: ['size'],
  };
  const rule = defineRule({
    name: 'sized',
    description: 'For tests',
    parameters,
    needs: [],
    prepare: ({ size }: { readonly size: number }) =>
      size === 13
        ? { ok: false, faults: [{ pointer: '/size', problem: 'brings bad luck' }] }
        : { ok: true, value: size },
    check: () => [],
  });
  const faults = (binding: string): readonly string[] => {
    const result = read(`{rules: [${binding}]}`, [rule]);
    return result.ok ? [] : result.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`);
  };

  test.each<[string, readonly string[]]>([
    ['{rule: sized, parameters: {size: 1}}', []],
    ['{rule: sized}', ['/spec/rules/0/parameters: "size" is required']],
    [
      '{rule: sized, parameters: {size: 1.5}}',
      ['/spec/rules/0/parameters/size: expected a whole number, found a number'],
    ],
    [
      '{rule: sized, parameters: {size: 1, ratio: a}}',
      ['/spec/rules/0/parameters/ratio: expected a number, found a string'],
    ],
    ['{rule: sized, parameters: {size: 0}}', ['/spec/rules/0/parameters/size: invalid value 0: must be at least 1']],
    ['{rule: sized, parameters: {size: 13}}', ['/spec/rules/0/parameters/size: brings bad luck']],
    ['{rule: image-digest}', ['/spec/rules/0/rule: unknown rule "image-digest" (all rules: tidewaiter rules)']],
  ])('%s', (binding, expected) => {
    expect(faults(binding)).toEqual(expected);
  });
});

test('a schema is checked again and again with the same answer', () => {
  const check = schemaCheck({ type: 'object', required: ['a'] });
  for (const value of [{}, { a: 1 }, {}]) expect(check(value)).toHaveLength('a' in value ? 0 : 1);
});
