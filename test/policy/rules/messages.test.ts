/** Complete messages and remedies of rules about images. */
import { describe, expect, test } from 'vitest';
import { RULES } from '../../../src/policy/rules/index.ts';
import { shortList } from '../../../src/policy/rules/images.ts';
import { findingsOf, pod, policyOf, requestFor, findingTexts, workload } from '../fixtures.ts';

const D = `sha256:${'a'.repeat(64)}`;

/** `c: message | remedy` for one container with this image. */
function about(rule: string, parameters: string, image: string, extra = ''): readonly string[] {
  const object = pod(`{containers: [{name: c, image: ${JSON.stringify(image)}${extra}}]}`);
  return findingTexts(
    findingsOf([policyOf(`{rules: [{rule: ${rule}, parameters: ${parameters}}]}`)], requestFor(object)),
  );
}

describe('an invalid image', () => {
  const REMEDY = 'use the form [registry/]name[:tag][@sha256:digest]';

  test.each(['image-reference', 'image-digest', 'image-pull-policy'])('is a violation of %s', (rule) => {
    expect(about(rule, '{}', 'UPPER/case:1@x')).toEqual([
      expect.stringMatching(/^c: image "UPPER\/case:1@x" is not a valid reference: .+; use .+ \| -$/),
    ]);
    expect(about(rule, '{}', '')).toEqual([`c: no image is specified | ${REMEDY}`]);
  });

  test('is reported with the problem and a correction', () => {
    expect(about('image-reference', '{}', 'nginx:')).toEqual([
      `c: image "nginx:" is not a valid reference: the tag after ":" is missing; add a tag, or remove ":" | -`,
    ]);
    expect(about('image-reference', '{}', 'a\nb')).toEqual([
      `c: image "a\\u000ab" is not a valid reference: whitespace is not allowed | ${REMEDY}`,
    ]);
  });

  test('in a template that a controller fills in is unknown, not a violation', () => {
    const step = workload(
      '{apiVersion: tekton.dev/v1, kind: StepAction, metadata: {name: s}, spec: {image: "$(params.image)"}}',
    );
    const empty = workload(
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {containers: [{name: c}]}}}}',
    );
    const policy = policyOf('{rules: [{rule: image-digest, action: deny, onUnknown: audit}]}');
    const findings = [step, empty].flatMap((object) => findingsOf([policy], requestFor(object)));
    expect(findingTexts(findings)).toEqual([
      '-: image "$(params.image)" cannot be evaluated yet: its controller fills in the expression later | tidewaiter evaluates its Pods when they are created',
      'c: image "" cannot be evaluated yet: a controller fills it in later | tidewaiter evaluates its Pods when they are created',
    ]);
    expect(findings.map(({ outcome, action }) => [outcome, action])).toEqual([
      ['unknown', 'audit'],
      ['unknown', 'audit'],
    ]);
  });
});

describe('image-reference', () => {
  test.each(['nginx', 'a.io/b/c:1', `a.io:5000/b@${D}`])('accepts %s', (image) => {
    expect(about('image-reference', '{}', image)).toEqual([]);
  });
});

describe('image-registry', () => {
  const allow = '{allow: ["registry.example.com/**", "docker.io/library/*"]}';

  test.each<[string, string, readonly string[]]>([
    [allow, 'nginx:1', []],
    [allow, 'registry.example.com/a/b/c', []],
    [
      allow,
      'evil.io/x:1',
      [
        'c: image "evil.io/x:1" is not from an allowed registry | allowed: registry.example.com/**, docker.io/library/*',
      ],
    ],
    [
      allow,
      'registry.example.com.evil.io/x',
      [
        'c: image "registry.example.com.evil.io/x" is not from an allowed registry | allowed: registry.example.com/**, docker.io/library/*',
      ],
    ],
    [
      '{deny: ["*.evil.io/**", "evil.io/**"]}',
      'evil.io/x',
      ['c: image "evil.io/x" matches a denied pattern | denied: evil.io/**'],
    ],
    ['{deny: ["evil.io/**"]}', 'good.io/x', []],
    // `deny` overrides `allow`.
    [
      '{allow: ["**"], deny: ["evil.io/**"]}',
      'evil.io/x',
      ['c: image "evil.io/x" matches a denied pattern | denied: evil.io/**'],
    ],
    [
      '{allow: ["evil.io/ok"], deny: ["evil.io/**"]}',
      'evil.io/ok',
      ['c: image "evil.io/ok" matches a denied pattern | denied: evil.io/**'],
    ],
  ])('%s of %s', (parameters, image, sentences) => {
    expect(about('image-registry', parameters, image)).toEqual(sentences);
  });

  test('shows at most eight of the allowed patterns', () => {
    const patterns = Array.from({ length: 10 }, (_, index) => `r${index}.io/**`);
    expect(about('image-registry', `{allow: ${JSON.stringify(patterns)}}`, 'evil.io/x')).toEqual([
      'c: image "evil.io/x" is not from an allowed registry | allowed: r0.io/**, r1.io/**, r2.io/**, r3.io/**, r4.io/**, r5.io/**, r6.io/**, r7.io/** and 2 more',
    ]);
    expect([shortList([]), shortList(['a']), shortList(patterns.slice(0, 8))]).toEqual([
      '',
      'a',
      patterns.slice(0, 8).join(', '),
    ]);
  });
});

describe('image-tag', () => {
  const EXAMPLE = 'specify a version, for example :1.27';

  test.each<[string, string, readonly string[]]>([
    ['{required: true}', 'nginx', [`c: image "nginx" has no tag and defaults to "latest" | ${EXAMPLE}`]],
    ['{required: true}', 'nginx:latest', []],
    ['{required: true}', `nginx@${D}`, []],
    ['{required: false}', 'nginx', []],
    ['{deny: [latest]}', 'nginx', [`c: image "nginx" has no tag and defaults to "latest" | ${EXAMPLE}`]],
    [
      '{deny: [latest]}',
      'nginx:latest',
      [`c: image "nginx:latest" uses tag "latest", which is not allowed | ${EXAMPLE}`],
    ],
    ['{deny: [latest]}', `nginx:latest@${D}`, []],
    ['{deny: [latest]}', `ghcr.io/acme/web:latest@${D}`, []],
    ['{deny: ["*-dev"]}', `nginx:1-dev@${D}`, []],
    ['{allow: ["1.*"]}', `nginx:2@${D}`, []],
    ['{allow: ["1.*"], required: true}', `nginx@${D}`, []],
    ['{deny: [latest], besideDigest: ignore}', `nginx:latest@${D}`, []],
    ['{deny: [latest], besideDigest: check}', `nginx:1@${D}`, []],
    ['{deny: [latest], besideDigest: check}', `nginx@${D}`, []],
    [
      '{allow: ["1.*"], besideDigest: check}',
      `nginx:2@${D}`,
      [`c: image "nginx:2@${D}" uses tag "2", which is not an allowed tag | use an allowed tag: 1.*`],
    ],
    [
      '{deny: [latest], besideDigest: check}',
      `nginx:latest@${D}`,
      [`c: image "nginx:latest@${D}" uses tag "latest", which is not allowed | ${EXAMPLE}`],
    ],
    ['{deny: [latest]}', 'nginx:Latest', []],
    [
      '{deny: ["*-dev", "v0.*"]}',
      'nginx:v0.1',
      ['c: image "nginx:v0.1" uses tag "v0.1", which is not allowed | specify a version, for example :1.27'],
    ],
    ['{allow: ["v*", "1.*"]}', 'nginx:v2', []],
    [
      '{allow: ["v*", "1.*"]}',
      'nginx:2',
      ['c: image "nginx:2" uses tag "2", which is not an allowed tag | use an allowed tag: v*, 1.*'],
    ],
    ['{allow: ["v*"]}', 'nginx', ['c: image "nginx" has no tag and defaults to "latest" | use an allowed tag: v*']],
    ['{allow: [latest]}', 'nginx', []],
    [
      '{allow: ["v*"], deny: ["v0*"]}',
      'nginx:v01',
      ['c: image "nginx:v01" uses tag "v01", which is not allowed | use an allowed tag: v*'],
    ],
    ['{allow: ["v*"]}', `nginx@${D}`, []],
  ])('%s of %s', (parameters, image, sentences) => {
    expect(about('image-tag', parameters, image)).toEqual(sentences);
  });
});

describe('image-digest', () => {
  test.each<[string, readonly string[]]>([
    [
      'nginx',
      [
        'c: image "nginx" has no digest, so its content can change | pin the image; tidewaiter pin FILE --write adds the digest',
      ],
    ],
    [
      'nginx:latest',
      [
        'c: image "nginx:latest" has no digest, so its content can change | pin the image; tidewaiter pin FILE --write adds the digest',
      ],
    ],
    [
      'a.io/b:1.27',
      [
        'c: image "a.io/b:1.27" has no digest, so its content can change | pin the image: a.io/b:1.27@sha256:… (tidewaiter pin FILE --write adds the digest)',
      ],
    ],
    [`nginx@${D}`, []],
    [`nginx:1@${D}`, []],
  ])('of %s', (image, sentences) => {
    expect(about('image-digest', '{}', image)).toEqual(sentences);
  });

  test('does not repeat a long image', () => {
    const image = `${'a'.repeat(100_000)}.io/b:1`;
    const long = 'registry.example.com/storefront/checkout-service:1';
    expect(about('image-digest', '{}', long)).toEqual([
      `c: image "${long}" has no digest, so its content can change | pin the image; tidewaiter pin FILE --write adds the digest`,
    ]);
    expect(about('image-digest', '{}', image)).toEqual([
      `c: image "${'a'.repeat(200)}…" has no digest, so its content can change | pin the image; tidewaiter pin FILE --write adds the digest`,
    ]);
  });
});

describe('image-pull-policy', () => {
  const drift = (image: string, policy: string): string =>
    `c: image "${image}" can change, but its imagePullPolicy is "${policy}", so nodes can run different builds | set imagePullPolicy: Always, or pin the image to a digest`;

  test.each<[string, string, string, readonly string[]]>([
    ['{}', 'nginx:1', '', [drift('nginx:1', 'IfNotPresent')]],
    ['{}', 'nginx:1', ', imagePullPolicy: Never', [drift('nginx:1', 'Never')]],
    ['{}', 'nginx:1', ', imagePullPolicy: Always', []],
    ['{}', 'nginx', '', []],
    ['{}', `nginx:1@${D}`, ', imagePullPolicy: Never', []],
    ['{when: mutable}', 'nginx:1', '', [drift('nginx:1', 'IfNotPresent')]],
    ['{when: latest}', 'nginx:1', '', []],
    ['{when: latest}', 'nginx', ', imagePullPolicy: IfNotPresent', [drift('nginx', 'IfNotPresent')]],
    ['{when: latest}', `nginx:latest@${D}`, ', imagePullPolicy: Never', []],
    [
      '{when: all}',
      `nginx@${D}`,
      '',
      [`c: image "nginx@${D}" has imagePullPolicy "IfNotPresent" | set imagePullPolicy: Always`],
    ],
    ['{when: all}', 'nginx:1', '', [drift('nginx:1', 'IfNotPresent')]],
    ['{}', 'nginx:1', ', imagePullPolicy: "Ne\\nver"', [drift('nginx:1', 'Ne\\u000aver')]],
  ])('%s of %s%s', (parameters, image, extra, sentences) => {
    expect(about('image-pull-policy', parameters, image, extra)).toEqual(sentences);
  });

  test('ignores images without a pull policy in the API', () => {
    const step = workload(
      '{apiVersion: tekton.dev/v1, kind: StepAction, metadata: {name: s}, spec: {image: "nginx:1"}}',
    );
    expect(findingsOf([policyOf('{rules: [{rule: image-pull-policy}]}')], requestFor(step))).toEqual([]);
  });

  test('points to the pull policy, not to the image', () => {
    const object = pod('{containers: [{name: c, image: "nginx:1"}], volumes: [{name: v, image: {reference: "m:1"}}]}');
    const found = findingsOf([policyOf('{rules: [{rule: image-pull-policy}]}')], requestFor(object));
    expect(found.map(({ pointer }) => pointer)).toEqual([
      '/spec/containers/0/imagePullPolicy',
      '/spec/volumes/0/image/pullPolicy',
    ]);
    expect(findingTexts(found)[1]).toBe(
      'v: image "m:1" can change, but its pullPolicy is "IfNotPresent", so nodes can run different builds | set pullPolicy: Always, or pin the image to a digest',
    );
  });
});

describe('every rule', () => {
  test.each(RULES.map((rule) => [rule.name, rule] as const))(
    '%s has a kebab-case name, a line that describes it, and described parameters',
    (name, rule) => {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(rule.description).toMatch(/^[A-Z][^\n]{10,119}[^.]$/);
      for (const schema of Object.values(rule.parameters.properties))
        expect(schema).toMatchObject({ description: expect.any(String) });
    },
  );

  test('is in the list once, sorted by name', () => {
    const names = RULES.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort((left, right) => (left < right ? -1 : 1)));
  });
});
