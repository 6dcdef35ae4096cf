import { describe, expect, test } from 'vitest';
import { parsePattern, patternSet } from '../../src/image/pattern.ts';
import { trusted } from '../../src/image/trusted.ts';
import { findingsOf, pod, policyOf, requestFor, findingTexts } from '../policy/fixtures.ts';
import { referenceOf } from '../lookup/fake-client.ts';

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
])('%s allows %s: %s', (pattern, image, expected) => {
  expect(trusted(setOf(pattern), referenceOf(image)) !== undefined).toBe(expected);
  // A deny list matches all of them.
  expect(setOf(pattern).match(referenceOf(image))).toBeDefined();
});

test('an allow list reports why it rejects such an image', () => {
  const policy = policyOf('{rules: [{rule: image-registry, parameters: {allow: ["docker.io/**"]}}]}');
  const object = pod('{containers: [{name: c, image: "Docker.io/library/nginx:1"}]}');
  expect(findingTexts(findingsOf([policy], requestFor(object)))).toEqual([
    'c: image "Docker.io/library/nginx:1" is not from an allowed registry: nodes pull it from the host "Docker.io", which is not Docker Hub | use "docker.io"; allowed: docker.io/**',
  ]);
});

describe('lists of policies that allow images of Docker Hub', () => {
  const ROWS: Readonly<Record<string, string>> = {
    'exclude of a policy': '{exclude: {images: ["docker.io/**"]}, rules: [{rule: image-digest}]}',
    'exclude of a policy, in a namespace':
      '{exclude: {namespaces: [shop], images: ["docker.io/**"]}, rules: [{rule: image-digest}]}',
    'except of pull-secret-named':
      '{rules: [{rule: pull-secret-named, action: deny, parameters: {except: ["docker.io/**"]}}]}',
    'public of pull-secret-coverage': '{rules: [{rule: pull-secret-coverage, parameters: {public: ["docker.io/**"]}}]}',
    'nodeCredentials of pull-secret-coverage':
      '{rules: [{rule: pull-secret-coverage, parameters: {nodeCredentials: ["docker.io/team/*"]}}]}',
  };
  const IMAGES: readonly (readonly [string, number])[] = [
    ['docker.io/team/app:1', 0],
    ['index.docker.io/team/app:1', 0],
    ['Docker.io/team/app:1', 1],
    ['DOCKER.IO/team/app:1', 1],
    ['docker.io:443/team/app:1', 1],
    ['docker.io:00443/team/app:1', 1],
  ];

  test.each(Object.entries(ROWS))('%s: Docker Hub alone', (_what, spec) => {
    const policy = policyOf(spec);
    for (const [image, findings] of IMAGES) {
      const object = pod(`{containers: [{name: c, image: "${image}"}]}`);
      expect([image, findingsOf([policy], requestFor(object)).length]).toEqual([image, findings]);
    }
  });

  test('exclude of pin excludes only images of Docker Hub', () => {
    const { pin } = policyOf('{pin: {exclude: ["docker.io/**"]}}');
    for (const [image, findings] of IMAGES)
      expect([image, pin?.covers(referenceOf(image))]).toEqual([image, findings === 1]);
  });

  test('match includes all images that look like Docker Hub', () => {
    const policy = policyOf('{match: {images: ["docker.io/**"]}, rules: [{rule: image-digest}]}');
    for (const [image] of IMAGES) {
      const object = pod(`{containers: [{name: c, image: "${image}"}]}`);
      expect([image, findingsOf([policy], requestFor(object)).length]).toEqual([image, 1]);
    }
  });
});
