/** Policies, rules, and exceptions that had no effect over many decisions. */
import { describe, expect, test } from 'vitest';
import { countedIn, countUsage, usageNotices } from '../../src/admission/usage.ts';
import { type ImageException } from '../../src/policy/exception.ts';
import { exceptionBook } from '../../src/policy/exception-book.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { AFTER, exceptionOf, LAST_DAY, policyOf } from '../policy/fixtures.ts';
import { ask, contextOf, podOf, requestOf } from './decide.ts';

const PODS = [
  '{containers: [{name: web, image: "nginx:1"}]}',
  `{containers: [{name: web, image: "a@sha256:${'1'.repeat(64)}"}]}`,
];

async function usageOf(policies: readonly Policy[], exceptions: readonly ImageException[], now = LAST_DAY) {
  const usage = countUsage();
  const context = contextOf(policies, { exceptions: exceptionBook(exceptions, () => now) });
  for (const spec of PODS) usage.add(countedIn(await ask(requestOf(podOf(spec)), context)));
  usage.add(countedIn(await ask(requestOf(undefined, { operation: 'DELETE' }), context)));
  usage.add(countedIn(await ask(requestOf(podOf('[]')), context)));
  return usage;
}

async function notices(
  policies: readonly Policy[],
  exceptions: readonly ImageException[] = [],
  now = LAST_DAY,
): Promise<readonly string[]> {
  const found = usageNotices({ policies, exceptions }, await usageOf(policies, exceptions, now), now);
  return found.map(({ pointer, rule, message }) => `${pointer} ${rule ?? '-'}: ${message}`);
}

const all = policyOf('{rules: [{rule: image-digest}]}');
const elsewhere = policyOf(
  '{match: {namespaces: [other]}, rules: [{rule: image-digest}, {rule: image-tag, parameters: {required: true}}]}',
);
const volumes = policyOf(
  '{match: {containers: [volume]}, rules: [{rule: image-digest}, {rule: image-tag, parameters: {required: true}}]}',
);

describe('usage', () => {
  test('counts evaluated objects for each policy', async () => {
    const usage = await usageOf([all], [exceptionOf('{containers: [web]}')]);
    expect(usage.workloads).toBe(2);
    expect(usage.policy('test')).toEqual({ workloads: 2, containers: 2 });
    expect(usage.findings('test', 'image-digest')).toBe(1);
    expect(usage.findings('test', 'image-tag')).toBe(0);
    expect(usage.exception('x')).toEqual({ excused: 1, missed: 0 });
    expect(usage.policy('nobody')).toEqual({ workloads: 0, containers: 0 });
  });

  test('counts what an exception would have excused, had it not expired', async () => {
    const usage = await usageOf([all], [exceptionOf('{containers: [web]}')], AFTER);
    expect(usage.exception('x')).toEqual({ excused: 0, missed: 1 });
  });
});

describe('notices', () => {
  test('say nothing of what did something', async () => {
    expect(await notices([all], [exceptionOf('{containers: [web]}')])).toEqual([]);
  });

  test('name a policy that matched nothing', async () => {
    expect(await notices([elsewhere])).toEqual(['/metadata/name -: policy "test" matched 0 of 2 workloads']);
  });

  test('name each rule that checked no containers', async () => {
    const why = 'checked no containers: the policy matched 2 workloads but no containers in them';
    expect(await notices([volumes])).toEqual([
      `/spec/rules/0/rule image-digest: rule image-digest of policy "test" ${why}`,
      `/spec/rules/1/rule image-tag: rule image-tag of policy "test" ${why}`,
    ]);
  });

  test('name an exception that matched no findings, unless it has expired', async () => {
    const unused = exceptionOf('{containers: [other]}', { name: 'unused' });
    expect(await notices([all], [unused])).toEqual(['/metadata/name -: exception "unused" matched no findings']);
    expect(await notices([all], [unused], AFTER)).toEqual([]);
  });

  test('say nothing where there was nothing to look at', () => {
    expect(
      usageNotices({ policies: [elsewhere], exceptions: [exceptionOf('{kinds: [Pod]}')] }, countUsage(), 0),
    ).toEqual([]);
  });
});
