/** On UPDATE: what the stored object already had is forgiven, what the update brings is not. */
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/policy/evaluate.ts';
import { forgiveExisting } from '../../src/policy/existing.ts';
import type { Workload } from '../../src/pod/workload.ts';
import { findingsOf, pod, policyOf, requestFor, workload } from './asking.ts';

const policy = policyOf(
  '{rules: [{rule: image-digest}, {rule: image-tag, action: warn, parameters: {deny: [latest]}}, {rule: container-ports}]}',
);

const judge = (object: Workload): readonly Finding[] =>
  findingsOf([policy], requestFor(object, { operation: 'UPDATE' }));

/** `container rule action`, `+` where the old object already had it. */
function forgiven(old: string, now: string, of: (spec: string) => Workload = pod): readonly string[] {
  return forgiveExisting(judge(of(now)), judge(of(old))).map(
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
      ['+a container-ports warn', 'a container-ports deny'],
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

describe('forgiveExisting', () => {
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
    const [now] = forgiveExisting([finding({})], [finding(change)]);
    expect(now).toEqual(finding(existing ? { existing: true, action: 'warn' } : {}));
  });

  test('never forgives a rule that failed: it has not looked at what changed', () => {
    const failed = finding({ outcome: 'error' });
    expect(forgiveExisting([failed], [failed])).toEqual([failed]);
  });

  test.each(['warn', 'audit'] as const)('leaves %s as it is', (action) => {
    expect(forgiveExisting([finding({ action })], [finding({})])).toEqual([finding({ action, existing: true })]);
  });

  test('without anything before changes nothing', () => {
    const now = [finding({}), finding({ rule: 's' })];
    expect(forgiveExisting(now, [])).toEqual(now);
  });
});
