/** Images in the values of Flux and Argo CD objects: what is certain, and what is not. */
import { describe, expect, test } from 'vitest';
import { withHelmValues } from '../../src/files/helm-value-images.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { typeOf, workloadOf } from '../../src/pod/workload.ts';
import { objectsIn } from '../pod/fixtures.ts';

const kinds = withHelmValues(kindTable());

function imagesOf(yaml: string): readonly string[] {
  const [object = {}] = objectsIn(yaml);
  const read = workloadOf(object, typeOf(object), kinds);
  if (read?.ok !== true) throw new Error(JSON.stringify(read));
  return read.workload.containers.map(({ imagePointer, image }) => `${imagePointer} ${image.text}`);
}

const release = (values: string): string =>
  `{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: a}, spec: {values: ${values}}}`;
const application = (helm: string): string =>
  `{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: {source: {helm: ${helm}}}}`;

const SHA = `sha256:${'a'.repeat(64)}`;

describe('values of a HelmRelease', () => {
  test.each<[string, readonly string[]]>([
    ['{image: {repository: ghcr.io/acme/web, tag: "1.2"}}', ['/spec/values/image/tag ghcr.io/acme/web:1.2']],
    [
      `{image: {registry: quay.io, repository: acme/web, tag: "1", digest: "${SHA}"}}`,
      [`/spec/values/image/tag quay.io/acme/web:1@${SHA}`],
    ],
    [`{image: {repository: a, tag: "1@${SHA}"}}`, [`/spec/values/image/tag a:1@${SHA}`]],
    [`{image: {repository: a, tag: null, digest: "${SHA}"}}`, [`/spec/values/image/digest a@${SHA}`]],
    ['{web: {containers: [{image: "nginx:1.27"}]}}', ['/spec/values/web/containers/0/image nginx:1.27']],
    ['{a/b: {image: "nginx:1"}}', ['/spec/values/a~1b/image nginx:1']],
    ['{image: nginx}', []],
    ['{image: {repository: nginx}}', []],
    ['{image: {repository: nginx, tag: 1.27}}', []],
    ['{image: {tag: "1"}}', []],
    ['{image: {repository: nginx, tag: "1", registry: [a]}}', []],
    ['{image: {sidecar: {image: "a:1"}}}', ['/spec/values/image/sidecar/image a:1']],
    ['{imageName: "nginx:1", repository: a, tag: "1"}', []],
    ['{global: {imageRegistry: r.example.com}, image: "nginx:1"}', []],
    ['text', []],
    ['{image: "http://example.com:80", logo: {image: "a@b"}}', []],
    ['{image: {repository: "oci://a", tag: "1"}}', []],
    ['[{image: "a:1"}]', ['/spec/values/0/image a:1']],
    ['{image: "a:${TAG}"}', ['/spec/values/image a:${TAG}']],
  ])('%s', (values, images) => {
    expect(imagesOf(release(values))).toEqual(images);
  });

  test('an alias is read once', () => {
    expect(imagesOf(release('{a: &a {image: "a:1"}, b: *a}'))).toEqual(['/spec/values/a/image a:1']);
  });
});

describe('helm of an Application', () => {
  test.each<[string, readonly string[]]>([
    ['{valuesObject: {image: "a:1"}}', ['/spec/source/helm/valuesObject/image a:1']],
    ['{values: "image:\\n  repository: a\\n  tag: v1\\n"}', ['/spec/source/helm/values/image/tag a:v1']],
    [
      '{values: "a: {image: \\"a:1\\"}\\nb: {image: \\"b:1\\"}\\n"}',
      ['/spec/source/helm/values/a/image a:1', '/spec/source/helm/values/b/image b:1'],
    ],
    ['{values: "image: [\\n"}', []],
    ['{values: 7, parameters: {}, valuesObject: 1}', []],
    [
      '{parameters: [{name: web.image.repository, value: acme/web}, {name: web.image.tag, value: "2"}]}',
      ['/spec/source/helm/parameters/1/value acme/web:2'],
    ],
    [
      '{parameters: [{name: image, value: "a:1"}, {name: image.tag, value: "2"}]}',
      ['/spec/source/helm/parameters/0/value a:1'],
    ],
    ['{parameters: [{name: web.image.repository, value: acme/web}, {name: other.image.tag, value: "2"}]}', []],
    ['{parameters: [text, {name: 1}, {name: image.repository}]}', []],
  ])('%s', (helm, images) => {
    expect(imagesOf(application(helm))).toEqual(images);
  });

  test('in an ApplicationSet, and in several sources', () => {
    const set = (spec: string): string =>
      `{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, spec: {template: {spec: ${spec}}}}`;
    expect(imagesOf(set('{sources: [{}, {helm: {valuesObject: {image: "a:1"}}}]}'))).toEqual([
      '/spec/template/spec/sources/1/helm/valuesObject/image a:1',
    ]);
  });
});

test('other kinds, and the table itself, stay as they are', () => {
  expect(kinds.find('helm.toolkit.fluxcd.io', 'HelmRelease')).toBe(kinds.find('helm.toolkit.fluxcd.io', 'HelmRelease'));
  const [object = {}] = objectsIn(release('{image: "a:1"}'));
  const plain = workloadOf(object, typeOf(object), kindTable());
  expect(plain?.ok === true && plain.workload.containers).toEqual([]);
});
