/** Rules that compare images of a Pod, or check how an image is used. */
import { describe, expect, test } from 'vitest';
import { findingsOf, pod, policyOf, requestFor, findingTexts, workload } from '../fixtures.ts';

const findingsFor = (rule: string, spec: string, parameters = '{}'): readonly string[] =>
  findingTexts(findingsOf([policyOf(`{rules: [{rule: ${rule}, parameters: ${parameters}}]}`)], requestFor(pod(spec))));

describe('image-consistency', () => {
  const A = `sha256:${'a'.repeat(64)}`;
  const B = `sha256:${'b'.repeat(64)}`;
  const two = (first: string, second: string): string =>
    `{containers: [{name: a, image: ${JSON.stringify(first)}}, {name: b, image: ${JSON.stringify(second)}}]}`;
  const other = (first: string, second: string, repository: string): string =>
    `b: image "${second}" differs in version from "${first}" of container "a" | use the same version of "${repository}" throughout the Pod`;

  test.each([
    ['shop:1', 'shop:1'],
    ['shop', 'shop:latest'],
    ['shop:1', 'shop2:2'],
    ['a.io/shop:1', 'b.io/shop:2'],
    [`shop:1@${A}`, `shop:2@${A}`],
    [`shop@${A}`, `shop:2@${A}`],
    [`shop:1@${A}`, 'shop:1'],
  ])('%s and %s', (first, second) => {
    expect(findingsFor('image-consistency', two(first, second))).toEqual([]);
  });

  test.each([
    ['shop:1', 'shop:2', 'docker.io/library/shop'],
    ['shop:1', 'shop', 'docker.io/library/shop'],
    ['a.io/shop:1', 'A.io:443/shop:2', 'A.io:443/shop'],
    [`shop:1@${A}`, `shop:1@${B}`, 'docker.io/library/shop'],
    [`shop:1@${A}`, 'shop:2', 'docker.io/library/shop'],
  ])('%s and %s are two versions', (first, second, repository) => {
    expect(findingsFor('image-consistency', two(first, second))).toEqual([other(first, second, repository)]);
  });

  test('is unknown for a tag and a digest', () => {
    const policy = policyOf('{rules: [{rule: image-consistency, onUnknown: audit}]}');
    const findings = findingsOf([policy], requestFor(pod(two('shop:1', `shop@${A}`))));
    expect(findingTexts(findings)).toEqual([
      `b: cannot determine whether image "shop@${A}" is the same version as "shop:1" of container "a": one has only a tag, one only a digest | use the same version of "docker.io/library/shop" throughout the Pod`,
    ]);
    expect(findings[0]).toMatchObject({ outcome: 'unknown', action: 'audit' });
  });

  test('compares all kinds of containers with the first one, within one Pod', () => {
    const spec = `{initContainers: [{name: a, image: "s:1"}], containers: [{name: b, image: "s:2"}, {name: c, image: "s:1"}],
      ephemeralContainers: [{name: d, image: "s:3"}], volumes: [{name: e, image: {reference: "s:4"}}]}`;
    expect(findingsFor('image-consistency', spec).map((line) => line.split(' | ')[0])).toEqual([
      'b: image "s:2" differs in version from "s:1" of init container "a"',
      'd: image "s:3" differs in version from "s:1" of init container "a"',
      'e: image "s:4" differs in version from "s:1" of init container "a"',
    ]);
    const job = workload(`{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: j}, spec: {tasks: [
      {template: {spec: {containers: [{name: a, image: "s:1"}]}}}, {template: {spec: {containers: [{name: a, image: "s:2"}]}}}]}}`);
    const task = workload(
      '{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: t}, spec: {steps: [{image: "s:1"}, {image: "s:2"}]}}',
    );
    const policy = policyOf('{rules: [{rule: image-consistency}]}');
    for (const object of [job, task]) expect(findingsOf([policy], requestFor(object))).toEqual([]);
  });

  test('compares only what is in scope', () => {
    const policy = policyOf('{exclude: {containers: [init]}, rules: [{rule: image-consistency}]}');
    const spec =
      '{initContainers: [{name: a, image: "s:1"}], containers: [{name: b, image: "s:2"}, {name: c, image: "s:3"}]}';
    expect(findingTexts(findingsOf([policy], requestFor(pod(spec)))).map((line) => line.split(' | ')[0])).toEqual([
      'c: image "s:3" differs in version from "s:2" of container "b"',
    ]);
  });

  test('reports an invalid image like all rules', () => {
    expect(findingsFor('image-consistency', two('shop:1', ''))).toEqual([
      'b: no image is specified | use the form [registry/]name[:tag][@sha256:digest]',
    ]);
  });
});

describe('image-qualified', () => {
  const one = (image: string): string => `{containers: [{name: c, image: ${JSON.stringify(image)}}]}`;

  test.each([
    'docker.io/library/nginx',
    'index.docker.io/nginx',
    'localhost/x',
    'registry:5000/x',
    'Registry/x',
    'exa_mple.com/x',
  ])('%s specifies a registry', (image) => {
    expect(findingsFor('image-qualified', one(image))).toEqual([]);
  });

  test.each([
    ['nginx', 'docker.io/library/nginx'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27'],
    [`nginx@sha256:${'a'.repeat(64)}`, `docker.io/library/nginx@sha256:${'a'.repeat(64)}`],
    ['shop/web:7', 'docker.io/shop/web:7'],
    // A first part without a dot is a user of Docker Hub.
    ['registry/shop/web:7', 'docker.io/registry/shop/web:7'],
  ])('%s does not', (image, full) => {
    expect(findingsFor('image-qualified', one(image))).toEqual([
      `c: image "${image}" does not specify a registry | use ${full} to pull from Docker Hub`,
    ]);
  });

  test('does not repeat a long image', () => {
    const image = `${'a'.repeat(200)}:${'b'.repeat(128)}`;
    expect(findingsFor('image-qualified', one(image))).toEqual([
      `c: image "${image.slice(0, 200)}…" does not specify a registry | add the registry before the name`,
    ]);
  });
});

describe('image-volume', () => {
  const spec = (mounts: string): string =>
    `{containers: [{name: c, image: i, volumeMounts: ${mounts}}], volumes: [{name: data, emptyDir: {}}, {name: model, image: {reference: "m:3"}}]}`;

  test('is a violation if the policy does not allow volumes', () => {
    expect(findingsFor('image-volume', spec('[]'), '{allowed: false, mounted: true}')).toEqual([
      'model: image "m:3" is mounted as a volume, which is not allowed | copy the files into a container image',
    ]);
    expect(findingsFor('image-volume', spec('[]'), '{allowed: true}')).toEqual([]);
  });

  test('must be mounted if the policy requires it', () => {
    const wanted = [
      'model: image "m:3" is pulled as a volume, but no container mounts it | mount the volume, or remove it',
    ];
    expect(findingsFor('image-volume', spec('[]'), '{mounted: true}')).toEqual(wanted);
    expect(findingsFor('image-volume', spec('[{name: data, mountPath: /d}]'), '{mounted: true}')).toEqual(wanted);
    expect(findingsFor('image-volume', spec('[{name: model, mountPath: /d}]'), '{mounted: true}')).toEqual([]);
    const init =
      '{initContainers: [{name: a, image: i, volumeMounts: [{name: v}]}], containers: [], volumes: [{name: v, image: {reference: m}}]}';
    expect(findingsFor('image-volume', init, '{mounted: true}')).toEqual([]);
  });

  test('must be mounted with readOnly: true if the policy requires it, reported at the mount', () => {
    const parameters = '{readOnly: true}';
    const mounts =
      '[{name: data, mountPath: /d}, {name: model, mountPath: /m}, {name: model, mountPath: /n, readOnly: true}, {name: model, mountPath: /o, readOnly: false}]';
    expect(findingsFor('image-volume', spec(mounts), parameters)).toEqual(
      Array.from(
        { length: 2 },
        () =>
          'model: container "c" mounts it without readOnly: true | set readOnly: true; image volumes are always read-only',
      ),
    );
    const policy = policyOf(`{rules: [{rule: image-volume, parameters: ${parameters}}]}`);
    expect(findingsOf([policy], requestFor(pod(spec(mounts)))).map(({ pointer }) => pointer)).toEqual([
      '/spec/containers/0/volumeMounts/1/readOnly',
      '/spec/containers/0/volumeMounts/3/readOnly',
    ]);
  });
});
