/** Images that rules about nothing but images refuse: known before any registry is asked. */
import { describe, expect, test } from 'vitest';
import { deniedImages } from '../../../src/admission/facts/denied-images.ts';
import { exceptionBook } from '../../../src/policy/exception-book.ts';
import { planned } from '../../../src/policy/plan.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { AFTER, exceptionOf, LAST_DAY, pod, policyOf, requestFor } from '../../policy/fixtures.ts';

const allow = (...patterns: readonly string[]): string =>
  `{rule: image-registry, parameters: {allow: ${JSON.stringify(patterns)}}}`;
const two = pod('{containers: [{name: a, image: "a.io/a:1"}, {name: b, image: "b.io/b:1"}]}');

/** `container policy/rule`, for each container that is refused. */
function refused(
  policies: readonly Policy[],
  exceptions?: ReturnType<typeof exceptionBook>,
  of = two,
): readonly string[] {
  const request = requestFor(of);
  const denied = deniedImages(planned(policies, request), request, exceptions?.excusesFor(request));
  return of.containers.flatMap((container) => {
    const refusal = denied(container);
    return refusal === undefined ? [] : [`${container.name} ${refusal.policy}/${refusal.rule}`];
  });
}

describe('an image is refused', () => {
  test.each<[string, string, readonly string[]]>([
    ['by a rule about images that denies', `{rules: [${allow('a.io/**')}]}`, ['b test/image-registry']],
    [
      'not by a rule that warns',
      '{rules: [{rule: image-registry, action: warn, parameters: {allow: ["a.io/**"]}}]}',
      [],
    ],
    [
      'not by a rule about more than images',
      '{rules: [{rule: container-resources, parameters: {limits: [memory]}}]}',
      [],
    ],
    ['not by a policy that only pins', '{pin: {}}', []],
    [
      'only where the policy looks',
      `{exclude: {images: ["b.io/**"]}, rules: [${allow('c.io/**')}]}`,
      ['a test/image-registry'],
    ],
    [
      'by a rule that wants a digest, as it is written',
      '{rules: [{rule: image-digest}]}',
      ['a test/image-digest', 'b test/image-digest'],
    ],
    [
      'by the first rule that does',
      `{rules: [{rule: image-digest}, ${allow('a.io/**')}]}`,
      ['a test/image-digest', 'b test/image-digest'],
    ],
  ])('%s', (_what, spec, expected) => {
    expect(refused([policyOf(spec)])).toEqual(expected);
  });

  test('again and again: what has passed in one namespace or for one policy says nothing of others', () => {
    const policies = [policyOf(`{rules: [${allow('a.io/**', 'b.io/**')}]}`)];
    const strict = [policyOf(`{rules: [${allow('a.io/**')}]}`)];
    for (let round = 0; round < 2; round++) {
      expect(refused(policies)).toEqual([]);
      expect(refused(strict)).toEqual(['b test/image-registry']);
    }
  });

  test('unless an exception excuses it, and only as long as it does', () => {
    const policies = [policyOf(`{rules: [${allow('a.io/**')}]}`)];
    let now = LAST_DAY;
    const exceptions = exceptionBook([exceptionOf('{images: ["b.io/**"]}', { rules: ['image-registry'] })], () => now);
    expect(refused(policies, exceptions)).toEqual([]);
    now = AFTER;
    expect(refused(policies, exceptions)).toEqual(['b test/image-registry']);
  });
});
