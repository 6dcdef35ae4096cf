/** Images that are composed from several fields, used as a key, or inside a string. */
import { describe, expect, test } from 'vitest';
import { kindTable } from '../../src/pod/kinds.ts';
import { typeOf, workloadOf } from '../../src/pod/workload.ts';
import { objectsIn, readWorkload } from './fixtures.ts';

function imagesOf(yaml: string): readonly (readonly [string, string])[] {
  return objectsIn(yaml).flatMap((object) =>
    readWorkload(object).containers.map(({ imagePointer, image }) => [imagePointer, image.text] as const),
  );
}

function faultOf(yaml: string): unknown {
  const [object] = objectsIn(yaml);
  const read = object && workloadOf(object, typeOf(object), kindTable());
  return read?.ok === false ? `${read.fault.pointer}: ${read.fault.problem}` : read;
}

const SHA = 'e'.repeat(64);

describe('prometheus-operator’s baseImage', () => {
  const image = (kind: string, spec: string): readonly string[] =>
    imagesOf(`{apiVersion: monitoring.coreos.com/v1, kind: ${kind}, metadata: {name: m}, spec: ${spec}}`).map(
      ([, text]) => text,
    );

  test.each([
    ['{baseImage: quay.io/p}', ['quay.io/p']],
    ['{baseImage: quay.io/p, version: v1}', ['quay.io/p:v1']],
    ['{baseImage: quay.io/p, version: v1, tag: v2}', ['quay.io/p:v2']],
    [`{baseImage: quay.io/p, version: v1, tag: v2, sha: ${SHA}}`, [`quay.io/p@sha256:${SHA}`]],
    ['{baseImage: quay.io/p, tag: v2, image: quay.io/q:3}', ['quay.io/q:3']],
    ['{baseImage: quay.io/p, tag: "", version: v1, image: ""}', ['', 'quay.io/p:v1']],
    ['{tag: v2, version: v1}', []],
    ['null', []],
  ])('of %s is %j', (spec, images) => {
    for (const kind of ['Prometheus', 'Alertmanager', 'ThanosRuler', 'PrometheusAgent'])
      expect(image(kind, spec)).toEqual(images);
  });

  test.each([
    ['{spec: {baseImage: 1}}', '/spec/baseImage: expected a string, found a number'],
    ['{spec: {baseImage: a, tag: {}}}', '/spec/tag: expected a string, found an object'],
    ['{spec: {baseImage: a, sha: []}}', '/spec/sha: expected a string, found a list'],
    [
      '{spec: {baseImage: a, version: true}}',
      '/spec/version: expected a string, found a boolean; in YAML, quote words such as yes, no, on, off, true, and false',
    ],
    ['{spec: {image: 1}}', '/spec/image: expected a string, found a number'],
    ['{spec: a}', '/spec: expected an object, found a string'],
  ])('of another shape is a fault: %s', (rest, fault) => {
    expect(faultOf(rest.replace('{', '{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, '))).toBe(fault);
  });
});

describe('an image of MariaDB', () => {
  const mariaDb = (spec: string): string => `{apiVersion: k8s.mariadb.com/v1alpha1, kind: MariaDB, spec: ${spec}}`;

  test.each<[string, readonly (readonly [string, string])[]]>([
    ['{image: "mariadb:11"}', [['/spec/image', 'mariadb:11']]],
    ['{image: {repository: mariadb, tag: "10.7"}}', [['/spec/image/tag', 'mariadb:10.7']]],
    ['{image: {repository: mariadb}}', [['/spec/image/repository', 'mariadb']]],
    ['{image: {repository: mariadb, tag: ""}}', [['/spec/image/repository', 'mariadb']]],
    [
      '{metrics: {exporter: {image: {repository: prom/mysqld-exporter, tag: v0.14.0}}}}',
      [['/spec/metrics/exporter/image/tag', 'prom/mysqld-exporter:v0.14.0']],
    ],
    ['{image: null}', []],
  ])('%s', (spec, images) => {
    expect(imagesOf(mariaDb(spec))).toEqual(images);
  });

  test.each([
    ['{image: {}}', '/spec/image/repository: expected a string, found nothing'],
    ['{image: {repository: a, tag: 1}}', '/spec/image/tag: expected a string, found a number'],
    ['{image: []}', '/spec/image: expected a string, found a list'],
  ])('of another shape is a fault: %s', (spec, fault) => {
    expect(faultOf(mariaDb(spec))).toBe(fault);
  });
});

describe('a NodeImage', () => {
  const nodeImage = (images: string): string =>
    `{apiVersion: apps.kruise.io/v1alpha1, kind: NodeImage, spec: {images: ${images}}}`;

  test.each<[string, readonly (readonly [string, string])[]]>([
    [
      '{"a/b": {tags: [{tag: "1"}, {tag: "2"}]}}',
      [
        ['/spec/images/a~1b/tags/0/tag', 'a/b:1'],
        ['/spec/images/a~1b/tags/1/tag', 'a/b:2'],
      ],
    ],
    [
      '{__proto__: {tags: [{tag: "1"}]}, constructor: {tags: [{tag: "2"}]}}',
      [
        ['/spec/images/__proto__/tags/0/tag', '__proto__:1'],
        ['/spec/images/constructor/tags/0/tag', 'constructor:2'],
      ],
    ],
    ['{a: {tags: [{}]}}', [['/spec/images/a/tags/0/tag', 'a:']]],
    ['{a: {tags: null}, b: null, c: {}}', []],
    ['{}', []],
    ['null', []],
  ])('with %s pulls %j', (images, expected) => {
    expect(imagesOf(nodeImage(images))).toEqual(expected);
  });

  test.each([
    ['[]', '/spec/images: expected an object, found a list'],
    ['{a/b: 1}', '/spec/images/a~1b: expected an object, found a number'],
    ['{a/b: {tags: {}}}', '/spec/images/a~1b/tags: expected a list, found an object'],
    ['{a: {tags: [x]}}', '/spec/images/a/tags/0: expected an object, found a string'],
    ['{a: {tags: [{tag: 1}]}}', '/spec/images/a/tags/0/tag: expected a string, found a number'],
    [
      `{${'k'.repeat(501)}: {tags: [{tag: "1"}]}}`,
      '/spec/images: expected keys of at most 500 characters, found a key of 501',
    ],
  ])('of another shape is a fault: %s', (images, fault) => {
    expect(faultOf(nodeImage(images))).toBe(fault);
  });
});

describe('a DataVolume', () => {
  test.each([
    ['docker://quay.io/a:1', ['quay.io/a:1']],
    ['oci-archive://bucket/a', []],
    ['DOCKER://quay.io/a:1', []],
    ['docker://', ['']],
  ])('from %j pulls %j', (url, images) => {
    const found = imagesOf(
      `{apiVersion: cdi.kubevirt.io/v1beta1, kind: DataVolume, spec: {source: {registry: {url: "${url}"}}}}`,
    );
    expect(found.map(([, text]) => text)).toEqual(images);
  });

  test.each([
    ['{source: {registry: {url: 1}}}', '/spec/source/registry/url: expected a string, found a number'],
    ['{source: {registry: x}}', '/spec/source/registry: expected an object, found a string'],
    ['{source: x}', '/spec/source: expected an object, found a string'],
  ])('of another shape is a fault: %s', (spec, fault) => {
    expect(faultOf(`{apiVersion: cdi.kubevirt.io/v1beta1, kind: DataVolume, spec: ${spec}}`)).toBe(fault);
  });
});

describe('KubeVirt’s hook sidecars', () => {
  const vmi = (annotation: unknown): string =>
    JSON.stringify({
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachineInstance',
      metadata: { annotations: { 'hooks.kubevirt.io/hookSidecars': annotation } },
    });

  test.each<[unknown, readonly string[]]>([
    ['[{"image": "a:1"}, {"args": []}, {"image": "b:2"}]', ['a:1', 'b:2']],
    ['[{"image": 1}, null, "c:3", ["d:4"]]', []],
    ['{"image": "a:1"}', []],
    ['not JSON', []],
    ['', []],
    [null, []],
    ['['.repeat(100_000), []],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, []],
  ])('in %.60j are %j', (annotation, images) => {
    expect(imagesOf(vmi(annotation)).map(([, text]) => text)).toEqual(images);
  });

  test('in an annotation that is not a string are a fault', () => {
    expect(faultOf(vmi([]))).toBe(
      '/metadata/annotations/hooks.kubevirt.io~1hookSidecars: expected a string, found a list',
    );
  });
});

describe('an image in parts', () => {
  const agent = (image: string): string =>
    `{apiVersion: operator.victoriametrics.com/v1beta1, kind: VMAgent, spec: {image: ${image}}}`;
  const gpu = (toolkit: string): string =>
    `{apiVersion: nvidia.com/v1, kind: ClusterPolicy, spec: {toolkit: ${toolkit}}}`;
  const cassandra = (image: string): string =>
    `{apiVersion: k8ssandra.io/v1alpha1, kind: K8ssandraCluster, spec: {medusa: {containerImage: ${image}}}}`;

  test.each<[string, readonly (readonly [string, string])[]]>([
    [agent('{repository: quay.io/a/b, tag: v1}'), [['/spec/image/tag', 'quay.io/a/b:v1']]],
    [agent(`{repository: a/b, tag: "v1@sha256:${SHA}"}`), [['/spec/image/tag', `a/b:v1@sha256:${SHA}`]]],
    [agent('{repository: "a/b:v2", tag: v1}'), [['/spec/image/repository', 'a/b:v2']]],
    [agent('{repository: "localhost:5000/a", tag: v1}'), [['/spec/image/tag', 'localhost:5000/a:v1']]],
    [agent('{repository: a/b}'), []],
    [agent('{tag: v1}'), []],
    [agent('{repository: "", tag: ""}'), []],
    [agent('null'), []],
    [gpu('{repository: nvcr.io/n, image: t, version: v1}'), [['/spec/toolkit/version', 'nvcr.io/n/t:v1']]],
    [
      gpu(`{repository: nvcr.io/n, image: t, version: "sha256:${SHA}"}`),
      [['/spec/toolkit/version', `nvcr.io/n/t@sha256:${SHA}`]],
    ],
    [gpu('{image: "nvcr.io/n/t:v2"}'), [['/spec/toolkit/image', 'nvcr.io/n/t:v2']]],
    [gpu('{repository: "localhost:5000"}'), []],
    [gpu('{enabled: true}'), []],
    [
      cassandra('{registry: ghcr.io, repository: o, name: img, tag: "1"}'),
      [['/spec/medusa/containerImage/tag', 'ghcr.io/o/img:1']],
    ],
    [cassandra('{repository: o, name: img, tag: "1"}'), [['/spec/medusa/containerImage/tag', 'o/img:1']]],
    [cassandra('{registry: ghcr.io, name: img, tag: "1"}'), []],
  ])('of %s is %j', (yaml, images) => {
    expect(imagesOf(yaml)).toEqual(images);
  });

  test.each([
    [agent('x'), '/spec/image: expected an object, found a string'],
    [agent('[]'), '/spec/image: expected an object, found a list'],
    [agent('{repository: [a], tag: b}'), '/spec/image/repository: expected a string, found a list'],
    [agent('{repository: a, tag: 1}'), '/spec/image/tag: expected a string, found a number'],
    [gpu('{repository: a, image: b, version: {}}'), '/spec/toolkit/version: expected a string, found an object'],
  ])('of another shape is a fault: %s', (yaml, fault) => {
    expect(faultOf(yaml)).toBe(fault);
  });
});

describe('an image inside a longer string', () => {
  const application = (image: string): string =>
    `{apiVersion: argoproj.io/v1alpha1, kind: Application, spec: {source: {kustomize: {images: ["${image}"]}}}}`;
  const wasm = (url: string): string =>
    `{apiVersion: extensions.istio.io/v1alpha1, kind: WasmPlugin, spec: {url: "${url}"}}`;
  const plan = (spec: string): string => `{apiVersion: upgrade.cattle.io/v1, kind: Plan, spec: ${spec}}`;
  const stream = (from: string): string =>
    `{apiVersion: image.openshift.io/v1, kind: ImageStream, spec: {tags: [{name: a, from: ${from}}]}}`;

  test.each<[string, readonly string[]]>([
    [application('nginx=quay.io/a/b:1'), ['quay.io/a/b:1']],
    [application('quay.io/a/b:1'), ['quay.io/a/b:1']],
    [application(`a@sha256:${SHA}`), [`a@sha256:${SHA}`]],
    // They keep the image of the manifest or the kustomization.
    [application('nginx=quay.io/a/b'), []],
    [application('nginx=localhost:5000/a/b'), []],
    [application('nginx=*:2'), []],
    [application('nginx=quay.io/a/b:*'), []],
    [wasm('oci://ghcr.io/a/b:1'), ['ghcr.io/a/b:1']],
    [wasm('ghcr.io/a/b:1'), ['ghcr.io/a/b:1']],
    [wasm('https://example.com/b.wasm'), []],
    [wasm('file:///b.wasm'), []],
    [plan('{version: v1.33.1+k3s1, upgrade: {image: a/b}}'), ['a/b:v1.33.1-k3s1']],
    [plan('{version: v1, upgrade: {image: "a/b:2"}, prepare: {image: c}}'), ['a/b:2', 'c:v1']],
    [plan('{channel: "https://update.k3s.io/v1-release/channels/stable", upgrade: {image: a/b}}'), []],
    [stream('{kind: DockerImage, name: "a/b:1"}'), ['a/b:1']],
    [stream('{kind: ImageStreamTag, name: "b:1"}'), []],
    [stream('null'), []],
  ])('%s contains %j', (yaml, images) => {
    expect(imagesOf(yaml).map(([, text]) => text)).toEqual(images);
  });

  test.each([
    [
      '{apiVersion: extensions.istio.io/v1alpha1, kind: WasmPlugin, spec: {url: 1}}',
      '/spec/url: expected a string, found a number',
    ],
    [plan('{upgrade: {image: {}}}'), '/spec/upgrade/image: expected a string, found an object'],
    [stream('{kind: DockerImage, name: 1}'), '/spec/tags/0/from/name: expected a string, found a number'],
  ])('of another shape is a fault: %s', (yaml, fault) => {
    expect(faultOf(yaml)).toBe(fault);
  });
});
