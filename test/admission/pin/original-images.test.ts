/** `annotate: true`: one more operation, on the object itself, that applies whatever metadata there is. */
import { applyPatch } from 'rfc6902';
import { describe, expect, test } from 'vitest';
import { isObject, type JsonObject } from '../../../src/pod/pointer.ts';
import type { Operation } from 'rfc6902';
import { policyOf } from '../../policy/fixtures.ts';
import { objectOf, requestOf } from '../decide.ts';
import { change, digestOf, PIN_ALL, registryOf, updateOf } from '../pinning.ts';

const OLD = digestOf('0');
const KEY = 'tidewaiter.dev/original-images';
const annotating = [policyOf('{pin: {annotate: true}}')];

const web = (image: string, metadata: string): JsonObject =>
  objectOf(`{apiVersion: apps/v1, kind: Deployment, ${metadata === '' ? '' : `metadata: ${metadata}, `}spec: {template: {
    metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "${image}"}, {name: old, image: "redis:7@${OLD}"}]}}}}`);

function changed(object: JsonObject, patch: readonly object[]): JsonObject {
  const copy = structuredClone(object);
  expect(applyPatch(copy, structuredClone(patch) as Operation[])).toEqual(patch.map(() => null));
  return copy;
}

function annotationsOf({ metadata }: JsonObject): unknown {
  return isObject(metadata) ? metadata['annotations'] : undefined;
}

const PLACE = '/spec/template/spec/containers/web';

describe('the annotation', () => {
  test.each([
    ['no metadata', '', {}],
    ['metadata that are null', 'null', {}],
    ['no annotations', '{name: web}', {}],
    ['annotations that are null', '{name: web, annotations: null}', {}],
    ['no annotation of ours', '{name: web, annotations: {a/b: c}}', { 'a/b': 'c' }],
    ['invalid JSON', `{name: web, annotations: {${KEY}: "{"}}`, {}],
    ['one that says otherwise', `{name: web, annotations: {${KEY}: '{"/x":"y","${PLACE}":"z"}'}}`, {}],
  ])('is there afterwards, with %s before', async (_what, metadata, others) => {
    const object = web('nginx:1', metadata);
    const { patch } = await change(requestOf(object), annotating);
    expect(patch.map(({ op }) => op)).toEqual(['replace', 'add']);
    expect(annotationsOf(changed(object, patch))).toEqual({ ...others, [KEY]: `{"${PLACE}":"nginx:1"}` });
  });

  test('keeps what it says of images that are still the same', async () => {
    const other = '/spec/template/spec/containers/old';
    const before = web(
      `nginx:0@${OLD}`,
      `{name: web, annotations: {${KEY}: '{"${PLACE}":"nginx:0","${other}":"redis:7"}'}}`,
    );
    const object = web('nginx:1', `{name: web, annotations: {${KEY}: '{"${PLACE}":"nginx:0","${other}":"redis:7"}'}}`);
    const { patch } = await change(updateOf(before, object), annotating);
    expect(annotationsOf(changed(object, patch))).toEqual({ [KEY]: `{"${PLACE}":"nginx:1","${other}":"redis:7"}` });
  });

  test.each([
    ['nothing was pinned', updateOf(web('nginx:1', '{}'), web('nginx:1', '{}')), annotating],
    ['the policy does not want it', requestOf(web('nginx:1', '{}')), [PIN_ALL]],
    ['it is right', requestOf(web('nginx:1', `{annotations: {${KEY}: '{"${PLACE}":"nginx:1"}'}}`)), annotating],
  ])('is not written when %s', async (_what, request, policies) => {
    const { patch } = await change(request, policies);
    expect(patch.filter(({ op }) => op === 'add')).toEqual([]);
  });

  test('says nothing of two containers with one name, so that a restart asks about neither a second time', async () => {
    const twins = (image: string, restart: string): JsonObject =>
      objectOf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: w}, spec: {template: {
        metadata: {annotations: {kubectl.kubernetes.io/restartedAt: "${restart}"}},
        spec: {containers: [{name: twin, image: "${image}"}, {name: twin, image: "nginx:1@${OLD}"}]}}}}`);
    const before = twins(`nginx:1@${OLD}`, 'then');
    const object = twins('nginx:1', 'now');
    const { patch } = await change(updateOf(before, object), annotating);
    expect(patch.map(({ op, path }) => `${op} ${path}`)).toEqual(['replace /spec/template/spec/containers/0/image']);
    const again = await change(updateOf(before, changed(object, patch)), annotating);
    expect(again.patch).toEqual([]);
  });

  test('is not written through a subresource, where no metadata changes', async () => {
    const pod = (debuggers: string): JsonObject =>
      objectOf(
        `{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [], ephemeralContainers: ${debuggers}}}`,
      );
    const request = updateOf(pod('[]'), pod('[{name: d, image: "b:1"}]'), { subResource: 'ephemeralcontainers' });
    expect((await change(request, annotating)).patch).toMatchObject([{ op: 'replace' }]);
  });

  test('is left out when it would be longer than annotations may be together', async () => {
    const containers = Array.from(
      { length: 100 },
      (_, index) => `{name: c${index}, image: "a/${'x'.repeat(250)}:${index}"}`,
    );
    const object = objectOf(
      `{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [${containers.join(', ')}]}}`,
    );
    const { patch } = await change(requestOf(object), annotating, { images: registryOf() });
    expect([patch.length, patch.every(({ op }) => op === 'replace')]).toEqual([100, true]);
  });

  const own = KEY.length + `{"${PLACE}":"nginx:1"}`.length;
  test.each([
    ['is written if it fits beside the others', 'x'.repeat(262_144 - own - 1), true],
    ['is left out if it does not', 'x'.repeat(262_144 - own), false],
    ['is left out if it does not, in bytes', 'é'.repeat(131_050), false],
  ])('%s', async (_what, value, isWritten) => {
    const { patch } = await change(requestOf(web('nginx:1', `{annotations: {a: "${value}"}}`)), annotating);
    expect(patch.map(({ op }) => op)).toEqual(isWritten ? ['replace', 'add'] : ['replace']);
  });
});
