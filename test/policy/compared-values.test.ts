/** The compared values on UPDATE never exceed the object itself, whatever the number of problems. */
import { describe, expect, test } from 'vitest';
import { kindTable } from '../../src/pod/kinds.ts';
import type { Workload } from '../../src/pod/workload.ts';
import { readyRules } from '../../src/policy/document.ts';
import type { Finding } from '../../src/policy/finding.ts';
import { markExisting } from '../../src/policy/existing.ts';
import type { Guard } from '../../src/policy/rule.ts';
import { defineRule, type Problem, type Rule, type Subject } from '../../src/policy/rule.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { readWorkload } from '../pod/fixtures.ts';
import { findingsOf, policyOf, requestFor } from './fixtures.ts';

await readyRules({ spec: { rules: [{ rule: 'cel' }] } }, { rules: RULES, kinds: kindTable() });

const CONTAINERS = 300;
const LARGE = 'v'.repeat(100_000);

function large({ tag = '1', volume = LARGE } = {}): Workload {
  const containers = Array.from({ length: CONTAINERS }, (_, index) => ({
    name: `c${index}`,
    image: `registry.example.com/${'a'.repeat(190)}:${index === 7 ? tag : '1'}`,
  }));
  return readWorkload({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', annotations: { large: LARGE } },
    spec: { containers, volumes: [{ name: 'v', hostPath: { path: volume } }] },
  });
}

/** A rule of a plugin with these answers. */
function own(answer: (subject: Subject) => readonly Problem[]): readonly Rule[] {
  const parameters = { type: 'object', additionalProperties: false, properties: {} } as const;
  const rule = defineRule({ name: 'own', description: 'Says no', parameters, needs: [], check: answer });
  const guard: Guard = (questions) =>
    questions.map(({ check, subject }) => ({ problems: check.run(subject), failure: undefined }));
  const bind: Rule['bind'] = (values) => {
    const bound = rule.bind(values);
    return bound.ok ? { ok: true, value: { ...bound.value, guard } } : bound;
  };
  return [...RULES, { ...rule, bind }];
}

const NO = { state: 'violation', message: 'no' } as const;
const eachAt = (pointer: string): readonly Rule[] =>
  own(({ containers }) => containers.map((container) => ({ ...NO, container, pointer })));
const wholeAt = (pointer: string): readonly Rule[] =>
  own(({ containers }) => containers.map(({ name = '' }) => ({ ...NO, container: undefined, pointer, message: name })));
const cel = (expression: string): string =>
  `{rules: [{rule: cel, parameters: {expression: ${JSON.stringify(expression)}}}]}`;

describe.each<[what: string, spec: string, rules: readonly Rule[]]>([
  ['a sentence that is cut', '{rules: [{rule: image-digest}]}', RULES],
  ['CEL about containers and an annotation', cel('container.name == object.metadata.annotations.large'), RULES],
  ['CEL about containers and all of them', cel('container.name in object.spec.containers.map(c, c.image)'), RULES],
  ['CEL about images and the object', cel('image.tag == "2" || object.map(key, key).size() == 0'), RULES],
  ['a plugin, about containers', '{rules: [{rule: own}]}', eachAt('')],
  ['a plugin that points to one text', '{rules: [{rule: own}]}', eachAt('/metadata/annotations/large')],
  ['a plugin that points to one list', '{rules: [{rule: own}]}', eachAt('/spec/volumes')],
  ['a plugin, about the object', '{rules: [{rule: own}]}', wholeAt('')],
  ['a plugin, about the object and one text', '{rules: [{rule: own}]}', wholeAt('/metadata/annotations/large')],
])('%s', (_what, spec, rules) => {
  const policy = policyOf(spec, rules);
  const findings = (of: Workload): readonly Finding[] => findingsOf([policy], requestFor(of, { operation: 'UPDATE' }));

  test('is compared by parts that problems share', () => {
    const of = large();
    const found = findings(of);
    expect(found).toHaveLength(CONTAINERS);
    const parts = new Set(found.flatMap(({ seen }) => seen?.() ?? []));
    const size = [...parts].reduce((sum, { text }) => sum + (text?.length ?? 0), 0);
    expect(size).toBeGreaterThan(0);
    expect(size).toBeLessThan(3 * JSON.stringify(of.object).length);
  });

  test('is forgiven where it stays, each as often as it was there', () => {
    const now = markExisting(findings(large()), findings(large()));
    expect(now.filter(({ existing }) => existing)).toHaveLength(CONTAINERS);
    expect(
      markExisting(findings(large()), findings(large()).slice(1)).filter(({ existing }) => !existing),
    ).toHaveLength(1);
  });
});

test.each<[what: string, spec: string, rules: readonly Rule[], changed: Parameters<typeof large>[0], denied: number]>([
  ['an image that is cut', '{rules: [{rule: image-digest}]}', RULES, { tag: '2' }, 1],
  [
    'the end of what is around a sentence that is cut',
    '{rules: [{rule: image-digest}]}',
    RULES,
    { volume: `${LARGE}w` },
    300,
  ],
  ['what is around, for a plugin', '{rules: [{rule: own}]}', eachAt(''), { volume: `${LARGE}w` }, 300],
  [
    'the end of a text that CEL names',
    cel('container.name in object.spec.volumes.map(v, v.hostPath.path)'),
    RULES,
    { volume: `${LARGE}w` },
    300,
  ],
  ['one container, for a plugin', '{rules: [{rule: own}]}', eachAt('/spec/volumes'), { tag: '2' }, 1],
])('of %s, a change is seen', (_what, spec, rules, changed, denied) => {
  const policy = policyOf(spec, rules);
  const findings = (of: Workload): readonly Finding[] => findingsOf([policy], requestFor(of, { operation: 'UPDATE' }));
  const now = markExisting(findings(large(changed)), findings(large()));
  expect(now.filter(({ existing }) => !existing)).toHaveLength(denied);
});

describe('an object with more levels than can be compared', () => {
  const deep = (): Workload => {
    let levels: unknown = 'x';
    for (let level = 0; level < 20_000; level += 1) levels = [levels];
    return readWorkload({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'a', image: 'b' }], affinity: { deep: levels } },
    });
  };
  const policy = policyOf(cel('object.spec.affinity.size() > 7'));
  const findings = (of: Workload): readonly Finding[] => findingsOf([policy], requestFor(of));

  test('is evaluated when it is created', () => {
    expect(findings(deep())).toMatchObject([{ outcome: 'violation', action: 'deny' }]);
  });

  test('has no existing finding when it is updated', () => {
    expect(markExisting(findings(deep()), findings(deep())).map(({ existing }) => existing)).toEqual([false]);
  });
});

test('no value is read before something compares it', () => {
  let reads = 0;
  const rule = defineRule({
    name: 'own',
    description: 'Says no',
    parameters: { type: 'object', additionalProperties: false, properties: {} },
    needs: [],
    check: ({ containers }) => containers.map((container) => ({ ...NO, container, pointer: '' })),
    seen: () => [(reads += 1)],
  });
  const policy = policyOf('{rules: [{rule: own}]}', [...RULES, rule]);
  const now = findingsOf([policy], requestFor(large()));
  markExisting(now, []);
  expect({ findings: now.length, reads }).toEqual({ findings: CONTAINERS, reads: 0 });
  markExisting(now, now.slice(0, 1));
  expect(reads).toBeGreaterThan(0);
});
