/** On UPDATE: what the stored object already had is forgiven, what the update brings is not. */
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/policy/finding.ts';
import { markExisting } from '../../src/policy/existing.ts';
import type { Guard } from '../../src/policy/rule.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { defineRule, type Rule } from '../../src/policy/rule.ts';
import type { Workload } from '../../src/pod/workload.ts';
import { findingsOf, pod, policyOf, requestFor, workload } from './fixtures.ts';

const policy = policyOf(
  '{rules: [{rule: image-digest}, {rule: image-tag, action: warn, parameters: {deny: [latest]}}, {rule: container-ports}]}',
);

const findingsIn = (object: Workload): readonly Finding[] =>
  findingsOf([policy], requestFor(object, { operation: 'UPDATE' }));

/** `container rule action`, `+` where the old object already had it. */
function forgiven(old: string, now: string, of: (spec: string) => Workload = pod): readonly string[] {
  return markExisting(findingsIn(of(now)), findingsIn(of(old))).map(
    ({ container, rule, action, existing }) => `${existing ? '+' : ''}${container?.name ?? '-'} ${rule} ${action}`,
  );
}

const containers = (...list: readonly string[]): string =>
  `{containers: [${list.map((one) => `{${one}}`).join(', ')}]}`;
const LONG = `registry.example.com/${'a'.repeat(220)}`;

describe('a finding', () => {
  test.each<[string, string, string, readonly string[]]>([
    [
      'that was there',
      containers('name: a, image: "x:1"'),
      containers('name: a, image: "x:1"'),
      ['+a image-digest warn'],
    ],
    [
      'about another image',
      containers('name: a, image: "x:1"'),
      containers('name: a, image: "x:2"'),
      ['a image-digest deny'],
    ],
    [
      'in another container',
      containers('name: a, image: "x:1"'),
      containers('name: b, image: "x:1"'),
      ['b image-digest deny'],
    ],
    [
      'in a second container with the same image',
      containers('name: a, image: "x:1"'),
      containers('name: a, image: "x:1"', 'name: b, image: "x:1"'),
      ['+a image-digest warn', 'b image-digest deny'],
    ],
    [
      'that moved with its container',
      containers('name: a, image: "x:1"', 'name: b, image: "y:1"'),
      containers('name: b, image: "y:1"', 'name: a, image: "x:1"'),
      ['+b image-digest warn', '+a image-digest warn'],
    ],
    [
      'about images that were swapped',
      containers('name: a, image: "x:1"', 'name: b, image: "y:1"'),
      containers('name: a, image: "y:1"', 'name: b, image: "x:1"'),
      ['a image-digest deny', 'b image-digest deny'],
    ],
    [
      'in a container of another kind',
      '{containers: [{name: a, image: "x:1"}]}',
      '{initContainers: [{name: a, image: "x:1"}]}',
      ['a image-digest deny'],
    ],
    [
      'that only warned stays a warning',
      containers('name: a, image: x'),
      containers('name: a, image: x'),
      ['+a image-digest warn', '+a image-tag warn'],
    ],
    [
      'that went leaves nothing',
      containers('name: a, image: "x:1"'),
      containers('name: a, image: "x@sha256:' + 'a'.repeat(64) + '"'),
      [],
    ],
    [
      'about a port, beside a changed image',
      containers('name: a, image: "x:1", ports: [{containerPort: 1}, {containerPort: 1}]'),
      containers('name: a, image: "x:2", ports: [{containerPort: 1}, {containerPort: 1}]'),
      ['a image-digest deny', '+a container-ports warn'],
    ],
    [
      'that came once more',
      containers('name: a, image: "x@sha256:' + 'a'.repeat(64) + '", ports: [{containerPort: 1}, {containerPort: 1}]'),
      containers(
        'name: a, image: "x@sha256:' +
          'a'.repeat(64) +
          '", ports: [{containerPort: 1}, {containerPort: 1}, {containerPort: 1}]',
      ),
      ['+a container-ports warn', 'a container-ports warn'],
    ],
    // The sentence shows the first 200 characters of both.
    [
      'about an image that differs where no sentence shows it',
      containers(`name: a, image: "${LONG}:1"`),
      containers(`name: a, image: "${LONG}:2"`),
      ['a image-digest deny'],
    ],
  ])('%s', (_what, old, now, findings) => {
    expect(forgiven(old, now)).toEqual(findings);
  });

  test('of one container without a name is forgiven as often as it was there', () => {
    const task = (spec: string): Workload =>
      workload(`{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: t}, spec: ${spec}}`);
    const steps = (count: number): string =>
      `{steps: [${Array.from({ length: count }, () => '{image: "x:1"}').join(', ')}]}`;
    expect(forgiven(steps(2), steps(3), task)).toEqual([
      '+- image-digest warn',
      '+- image-digest warn',
      '- image-digest deny',
    ]);
    expect(forgiven(steps(3), steps(2), task)).toEqual(['+- image-digest warn', '+- image-digest warn']);
  });

  test('about a second broken image in one annotation is new', () => {
    const vmi = (images: string): Workload =>
      workload(
        `{apiVersion: kubevirt.io/v1, kind: VirtualMachineInstance, metadata: {name: v, annotations: {hooks.kubevirt.io/hookSidecars: '${images}'}}}`,
      );
    expect(forgiven('[{"image":"A:"}]', '[{"image":"A:"},{"image":"B:"}]', vmi)).toEqual([
      '+- image-digest warn',
      '- image-digest deny',
    ]);
  });
});

/** The sentence is the same in both, word by word. */
describe('what a sentence cuts off', () => {
  const strict = policyOf(
    '{rules: [{rule: image-volume, parameters: {allowed: false}}, {rule: container-ports, parameters: {namesUnique: true}}, {rule: image-consistency}]}',
  );
  const findingsAfter = (old: string, now: string): readonly string[] => {
    const of = (spec: string): readonly Finding[] =>
      findingsOf([strict], requestFor(pod(spec), { operation: 'UPDATE' }));
    return markExisting(of(now), of(old)).map(
      ({ container, rule, action, existing }) => `${existing ? '+' : ''}${container?.name} ${rule} ${action}`,
    );
  };
  const a = 'containers: [{name: a, image: "x:1"}]';
  const volume = (image: string, more = ''): string =>
    `{${a}, volumes: [{name: v, image: {reference: "${image}"${more}}}]}`;
  const port = (name: string): string => `{containerPort: 1, name: "${name}"}`;
  const badName = (name: string, image = 'x:1'): string =>
    `{containers: [{name: a, image: "${image}", ports: [${port(name)}]}]}`;
  const WORD = 'a'.repeat(100);

  test.each<[what: string, old: string, now: string, findings: readonly string[]]>([
    ['the same long image', volume(`${LONG}:1`), volume(`${LONG}:1`), ['+v image-volume warn']],
    ['another tag of a long image', volume(`${LONG}:1`), volume(`${LONG}:2`), ['v image-volume deny']],
    ['another repository that begins alike', volume(`${LONG}:1`), volume(`${LONG}b:1`), ['v image-volume deny']],
    [
      'a long image and another pull policy',
      volume(`${LONG}:1`),
      volume(`${LONG}:1`, ', pullPolicy: Never'),
      ['v image-volume deny'],
    ],
    ['another short image', volume('y:1'), volume('y:2'), ['v image-volume deny']],
    ['a long port name that stays', badName(WORD), badName(WORD), ['+a container-ports warn']],
    ['another long port name', badName(`${WORD}b`), badName(`${WORD}c`), ['a container-ports deny']],
    ['a short port name, beside another image', badName('B'), badName('B', 'x:2'), ['+a container-ports warn']],
    [
      'two long images that were different versions before',
      `{containers: [{name: a, image: "${LONG}:1"}, {name: b, image: "${LONG}:2"}]}`,
      `{containers: [{name: a, image: "${LONG}:1"}, {name: b, image: "${LONG}:3"}]}`,
      ['b image-consistency deny'],
    ],
  ])('%s', (_what, old, now, findings) => {
    expect(findingsAfter(old, now)).toEqual(findings);
  });
});

describe('an amount beyond its bound', () => {
  const bounds = policyOf(
    '{rules: [{rule: container-resources, parameters: {max: {memory: 1Gi, cpu: 1}, min: {memory: 64Mi}, maxRatio: {memory: 2}, limits: [memory]}}]}',
  );
  const of = (resources: string): Workload => pod(`{containers: [{name: a, image: x, resources: ${resources}}]}`);
  const findingsAfter = (old: string, now: string): readonly string[] => {
    const found = (resources: string): readonly Finding[] =>
      findingsOf([bounds], requestFor(of(resources), { operation: 'UPDATE' }));
    return markExisting(found(now), found(old)).map(
      ({ message, action, existing }) => `${existing ? '+' : ''}${action} ${message}`,
    );
  };
  const limit = (memory: string): string => `{limits: {memory: ${memory}}}`;

  test.each<[what: string, old: string, now: string, findings: readonly string[]]>([
    ['stays', limit('8Gi'), limit('8Gi'), ['+warn memory limit "8Gi" is more than the maximum "1Gi"']],
    [
      'is lowered and still too high',
      limit('8Gi'),
      limit('4Gi'),
      ['+warn memory limit "4Gi" is more than the maximum "1Gi"'],
    ],
    ['is raised', limit('4Gi'), limit('8Gi'), ['deny memory limit "8Gi" is more than the maximum "1Gi"']],
    [
      'is raised by the least',
      limit('4Gi'),
      limit('"4294967297"'),
      ['deny memory limit "4294967297" is more than the maximum "1Gi"'],
    ],
    [
      'is the same, written otherwise',
      limit('4Gi'),
      limit('4096Mi'),
      ['+warn memory limit "4096Mi" is more than the maximum "1Gi"'],
    ],
    ['is new', limit('512Mi'), limit('2Gi'), ['deny memory limit "2Gi" is more than the maximum "1Gi"']],
    [
      'is of another resource',
      '{limits: {memory: 1Gi, cpu: 8}}',
      '{limits: {memory: 2Gi, cpu: 1}}',
      ['deny memory limit "2Gi" is more than the maximum "1Gi"'],
    ],
    [
      'is too small and grows',
      limit('16Mi'),
      limit('32Mi'),
      ['+warn memory limit "32Mi" is less than the minimum "64Mi"'],
    ],
    [
      'is too small and shrinks',
      limit('32Mi'),
      limit('16Mi'),
      ['deny memory limit "16Mi" is less than the minimum "64Mi"'],
    ],
    [
      'is a ratio that becomes smaller',
      '{limits: {memory: 1Gi}, requests: {memory: 128Mi}}',
      '{limits: {memory: 1Gi}, requests: {memory: 256Mi}}',
      ['+warn memory limit "1Gi" is more than 2 times the request "256Mi"'],
    ],
    [
      'is a ratio that becomes larger although the limit is lowered',
      '{limits: {memory: 1Gi}, requests: {memory: 256Mi}}',
      '{limits: {memory: 512Mi}, requests: {memory: 64Mi}}',
      ['deny memory limit "512Mi" is more than 2 times the request "64Mi"'],
    ],
    ['was there and is gone, so there is none', limit('8Gi'), '{}', ['deny the container has no memory limit']],
  ])('%s', (_what, old, now, findings) => {
    expect(findingsAfter(old, now)).toEqual(findings);
  });
});

/** The sentence is "host port 80/TCP is not allowed" for each of them. */
describe('a port of the node', () => {
  const findingsAfter = (ports: string): readonly Finding[] =>
    findingsOf(
      [policyOf('{rules: [{rule: container-ports, parameters: {hostPort: false}}]}')],
      requestFor(pod(`{containers: [{name: a, image: "x:1", ports: [${ports}]}]}`), { operation: 'UPDATE' }),
    );
  const LOCAL = '{containerPort: 80, hostPort: 80, hostIP: 127.0.0.1}';

  test.each<[what: string, old: string, now: string, is: readonly string[]]>([
    ['stays', LOCAL, LOCAL, ['warn']],
    ['stays beside another port', LOCAL, `{containerPort: 9}, ${LOCAL}`, ['warn']],
    ['gets a name', LOCAL, '{name: web, containerPort: 80, hostPort: 80, hostIP: 127.0.0.1}', ['warn']],
    ['is opened to everybody', LOCAL, '{containerPort: 80, hostPort: 80}', ['deny']],
    ['is opened on another address', LOCAL, '{containerPort: 80, hostPort: 80, hostIP: 10.0.0.1}', ['deny']],
    ['leads to another port', LOCAL, '{containerPort: 22, hostPort: 80, hostIP: 127.0.0.1}', ['deny']],
    [
      'is opened a second time',
      LOCAL,
      `${LOCAL}, {containerPort: 80, hostPort: 80, hostIP: 10.0.0.1}`,
      ['warn', 'deny'],
    ],
  ])('%s', (_what, old, now, is) => {
    expect(markExisting(findingsAfter(now), findingsAfter(old)).map(({ action }) => action)).toEqual(is);
  });
});

/** A rule whose sentence is always the same. */
describe('of a rule that is watched over, whatever it may have looked at counts', () => {
  const watched = (pointer: string, aboutContainer: boolean): Policy => {
    const rule = defineRule({
      name: 'own',
      description: 'Says no',
      parameters: { type: 'object', additionalProperties: false, properties: {} },
      needs: [],
      check: (subject) =>
        subject.containers.slice(0, 1).map((container) => ({
          state: 'violation',
          container: aboutContainer ? container : undefined,
          pointer,
          message: 'no',
        })),
    });
    const guard: Guard = (questions) =>
      questions.map(({ check, subject }) => ({ problems: check.run(subject), failure: undefined }));
    const bind: Rule['bind'] = (parameters) => {
      const bound = rule.bind(parameters);
      return bound.ok ? { ok: true, value: { ...bound.value, guard } } : bound;
    };
    return policyOf('{rules: [{rule: own}]}', [{ ...rule, bind }]);
  };
  const findingsAfter = (by: Policy, old: string, now: string): string | undefined => {
    const found = (object: string): readonly Finding[] =>
      findingsOf([by], requestFor(workload(object), { operation: 'UPDATE' }));
    return markExisting(found(now), found(old))[0]?.action;
  };
  const deployment = (spec: string, { labels = '{}', replicas = 1 } = {}): string =>
    `{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, labels: ${labels}}, spec: {replicas: ${replicas}, template: {spec: ${spec}}}}`;
  const A = '{name: a, image: "x:1"}';
  const pods = deployment(`{containers: [${A}]}`);

  test.each<[what: string, pointer: string, aboutContainer: boolean, now: string, is: string]>([
    ['nothing changes', '', false, pods, 'warn'],
    ['it is scaled', '', false, deployment(`{containers: [${A}]}`, { replicas: 3 }), 'warn'],
    ['it gets a label', '', false, deployment(`{containers: [${A}]}`, { labels: '{a: b}' }), 'warn'],
    [
      'it gets a label, and the rule points there',
      '/metadata/labels',
      false,
      deployment(`{containers: [${A}]}`, { labels: '{a: b}' }),
      'deny',
    ],
    ['its Pods get hostPID', '', false, deployment(`{hostPID: true, containers: [${A}]}`), 'deny'],
    ['its Pods get another image', '', false, deployment('{containers: [{name: a, image: "x:2"}]}'), 'deny'],
    ['the Pod around the container gets hostPID', '', true, deployment(`{hostPID: true, containers: [${A}]}`), 'deny'],
    ['the container gets another image', '', true, deployment('{containers: [{name: a, image: "x:2"}]}'), 'deny'],
    ['another container comes', '', true, deployment(`{containers: [${A}, {name: b, image: "y:1"}]}`), 'warn'],
    ['it is scaled, about a container', '', true, deployment(`{containers: [${A}]}`, { replicas: 3 }), 'warn'],
  ])('%s (pointer "%s")', (_what, pointer, aboutContainer, now, is) => {
    expect(findingsAfter(watched(pointer, aboutContainer), pods, now)).toBe(is);
  });
});

describe('markExisting', () => {
  const finding = (change: Partial<Finding>): Finding => ({
    policy: 'p',
    rule: 'r',
    action: 'deny',
    outcome: 'violation',
    existing: false,
    container: undefined,
    pointer: '/spec',
    message: 'm',
    remedy: undefined,
    ...change,
  });

  test.each<[string, Partial<Finding>, boolean]>([
    ['the same', {}, true],
    ['another place', { pointer: '/other' }, true],
    ['another remedy', { remedy: 'x' }, true],
    ['another action', { action: 'warn' }, true],
    ['another policy', { policy: 'q' }, false],
    ['another rule', { rule: 's' }, false],
    ['another outcome', { outcome: 'unknown' }, false],
    ['another sentence', { message: 'n' }, false],
  ])('with %s before: %j is forgiven: %s', (_what, change, existing) => {
    const [now] = markExisting([finding({})], [finding(change)]);
    expect(now).toEqual(finding(existing ? { existing: true, action: 'warn' } : {}));
  });

  test('never forgives a rule that failed: it has not looked at what changed', () => {
    const failed = finding({ outcome: 'error' });
    expect(markExisting([failed], [failed])).toEqual([failed]);
  });

  test.each(['warn', 'audit'] as const)('leaves %s as it is', (action) => {
    expect(markExisting([finding({ action })], [finding({})])).toEqual([finding({ action, existing: true })]);
  });

  test('without anything before changes nothing', () => {
    const now = [finding({}), finding({ rule: 's' })];
    expect(markExisting(now, [])).toEqual(now);
  });
});
