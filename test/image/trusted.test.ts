import { expect, test } from 'vitest';
import { parsePattern, patternSet } from '../../src/image/pattern.ts';
import { trusted } from '../../src/image/trusted.ts';
import { findingsOf, pod, policyOf, requestFor, said } from '../policy/asking.ts';
import { referenceOf } from '../registry/asking.ts';

const setOf = (text: string) => {
  const parsed = parsePattern(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return patternSet([parsed.pattern]);
};

test.each([
  ['docker.io/**', 'nginx', true],
  ['docker.io/**', 'docker.io/library/nginx', true],
  ['docker.io/**', 'index.docker.io/library/nginx', true],
  ['docker.io/**', 'Docker.io/library/nginx', false],
  ['docker.io/**', 'docker.io:443/library/nginx', false],
  ['docker.io/**', 'DOCKER.IO:0443/library/nginx', false],
  ['nginx', 'docker.io:443/library/nginx', false],
  ['Docker.io/library/*', 'docker.io/library/nginx', true],
  ['docker.io:443/**', 'docker.io:443/library/nginx', false],
  ['**', 'Docker.io/library/nginx', true],
  ['*.io/**', 'Docker.io/library/nginx', true],
  ['reg.io/**', 'REG.io:443/app', true],
  ['localhost/**', 'localhost:443/app', true],
])('%s lets %s through: %s', (pattern, image, expected) => {
  expect(trusted(setOf(pattern), referenceOf(image)) !== undefined).toBe(expected);
  // A list that keeps out takes all of them.
  expect(setOf(pattern).match(referenceOf(image))).toBeDefined();
});

test('an allow list says why it does not let such an image through', () => {
  const policy = policyOf('{rules: [{rule: image-registry, parameters: {allow: ["docker.io/**"]}}]}');
  const object = pod('{containers: [{name: c, image: "Docker.io/library/nginx:1"}]}');
  expect(said(findingsOf([policy], requestFor(object)))).toEqual([
    'c: image "Docker.io/library/nginx:1" is not from an allowed registry: nodes pull it from the host "Docker.io", which is not Docker Hub | write "docker.io"; allowed: docker.io/**',
  ]);
});
