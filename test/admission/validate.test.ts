/** Which requests are evaluated, the comparison on UPDATE, and malformed objects. */
import { describe, expect, test } from 'vitest';
import type { AdmissionRequest } from '../../src/admission/request.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { policyOf } from '../policy/fixtures.ts';
import { ask, contextOf, objectOf, podOf, requestOf, decisionTexts } from './decide.ts';

const pinned = policyOf('{rules: [{rule: image-digest}]}');
const context = contextOf([pinned]);
const bad = podOf('{containers: [{name: web, image: "nginx:1"}]}');
const DELETION = '2026-11-24T02:39:13Z';

describe('a request is not evaluated', () => {
  test.each<[string, AdmissionRequest, string]>([
    ['on DELETE', requestOf(undefined, { operation: 'DELETE', oldObject: bad }), 'the DELETE request has no images'],
    ['on DELETE, even with an object', requestOf(bad, { operation: 'DELETE' }), 'the DELETE request has no images'],
    [
      'on CONNECT',
      requestOf(objectOf('{apiVersion: v1, kind: PodExecOptions, command: [sh]}'), {
        operation: 'CONNECT',
        subResource: 'exec',
      }),
      'the CONNECT request has no images',
    ],
    [
      'in a status',
      requestOf(bad, { operation: 'UPDATE', subResource: 'status', oldObject: bad }),
      'the subresource "status" has no containers',
    ],
    [
      'in a scale',
      requestOf(objectOf('{apiVersion: autoscaling/v1, kind: Scale, spec: {replicas: 2}}'), {
        operation: 'UPDATE',
        subResource: 'scale',
      }),
      'the subresource "scale" has no containers',
    ],
    [
      'in a binding',
      requestOf(objectOf('{apiVersion: v1, kind: Binding, target: {name: n}}'), { subResource: 'binding' }),
      'the subresource "binding" has no containers',
    ],
    [
      'in an eviction',
      requestOf(objectOf('{apiVersion: policy/v1, kind: Eviction}'), { subResource: 'eviction' }),
      'the subresource "eviction" has no containers',
    ],
    [
      'in an unknown subresource',
      requestOf(bad, { subResource: 'a\nb' }),
      'the subresource "a\\u000ab" has no containers',
    ],
    [
      'in an object that is being deleted',
      requestOf(podOf('{containers: [{name: web, image: "nginx:1"}]}', `{name: p, deletionTimestamp: "${DELETION}"}`), {
        operation: 'UPDATE',
        oldObject: bad,
      }),
      'the object is being deleted',
    ],
    [
      'in another kind',
      requestOf(objectOf('{apiVersion: v1, kind: ConfigMap, data: {image: nginx}}')),
      '"ConfigMap" has no images',
    ],
    [
      'in a kind of another group',
      requestOf(objectOf('{apiVersion: example.com/v1, kind: Pod, spec: {containers: [{image: nginx}]}}')),
      '"Pod" has no images',
    ],
    ['without an object', requestOf(undefined), 'the CREATE request has no images'],
  ])('%s', async (_what, request, reason) => {
    expect(await ask(request, context)).toEqual({ outcome: 'not-evaluated', allowed: true, findings: [], reason });
  });

  test.each<[string, string]>([
    ['CREATE', `{name: p, deletionTimestamp: "${DELETION}"}`],
    ['UPDATE', '{name: p, deletionTimestamp: null}'],
    ['UPDATE', '{name: p, deletionTimestamp: true}'],
    ['UPDATE', '{name: p}'],
  ])('but a %s with the metadata %s is', async (operation, metadata) => {
    const object = podOf('{containers: [{name: web, image: "nginx:1"}]}', metadata);
    expect(decisionTexts(await ask(requestOf(object, { operation: operation as 'CREATE' }), context))).toEqual([
      'web image-digest deny',
    ]);
  });
});

describe('an object of another shape', () => {
  const MANY = Array.from({ length: 50_001 }, () => ({}));
  const ofKind = (apiVersion: string, kind: string, spec: unknown): JsonObject => ({
    apiVersion,
    kind,
    metadata: { name: 'x' },
    spec,
  });
  const inPod = (spec: unknown): JsonObject => ofKind('v1', 'Pod', spec);

  /** Whatever is written so that no rule can read it: `serve` denies, and `check` names the place. */
  test.each<[what: string, object: JsonObject, pointer: string, problem: string]>([
    ['containers that are no list', inPod({ containers: {} }), '/spec/containers', 'expected a list, found an object'],
    ['a spec that is none', inPod('nginx'), '/spec', 'expected an object, found a string'],
    [
      'a name that is none',
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 7 }, spec: {} },
      '/metadata/name',
      'expected a string, found a number',
    ],
    [
      'too many ports',
      inPod({ containers: [{ image: 'x', ports: MANY }] }),
      '/spec/containers/0/ports/49999',
      'expected at most 50000 containers, images, and ports, found more',
    ],
    [
      'too many containers',
      inPod({ initContainers: MANY }),
      '/spec/initContainers/50000',
      'expected at most 50000 containers, images, and ports, found more',
    ],
    [
      'too many image volumes',
      inPod({ volumes: MANY.map(() => ({ image: {} })) }),
      '/spec/volumes/50000',
      'expected at most 50000 containers, images, and ports, found more',
    ],
    [
      'an image that is a list',
      ofKind('tekton.dev/v1', 'Task', { steps: [{ image: ['x'] }] }),
      '/spec/steps/0/image',
      'expected a string, found a list',
    ],
    [
      'a map that is a list',
      ofKind('kubeflow.org/v1', 'TFJob', { tfReplicaSpecs: 'x' }),
      '/spec/tfReplicaSpecs',
      'expected a list or a map, found a string',
    ],
    [
      'a key that is too long',
      ofKind('kubeflow.org/v1', 'TFJob', { tfReplicaSpecs: { ['k'.repeat(501)]: {} } }),
      '/spec/tfReplicaSpecs',
      'expected keys of at most 500 characters, found a key of 501',
    ],
  ])('%s', async (_what, object, pointer, problem) => {
    const decision = await ask(requestOf(object), context);
    expect(decision).toEqual({
      outcome: 'malformed',
      allowed: false,
      pointer,
      problem,
      findings: [
        {
          policy: 'test',
          rule: 'image-digest',
          action: 'deny',
          outcome: 'unknown',
          existing: false,
          container: undefined,
          pointer,
          message: `cannot determine whether the object complies: ${pointer}: ${problem}`,
          remedy: 'use the type and size that the kind allows',
        },
      ],
    });
  });

  test.each<[what: string, policies: readonly string[], findings: readonly string[]]>([
    ['no policy covers it', ['{match: {namespaces: [other]}, rules: [{rule: image-digest}]}'], []],
    ['no policy covers its kind', ['{match: {kinds: [Deployment]}, rules: [{rule: image-digest}]}'], []],
    ['the rule warns', ['{rules: [{rule: image-digest, action: warn}]}'], ['image-digest warn']],
    ['the rule audits', ['{rules: [{rule: image-digest, action: audit}]}'], ['image-digest audit']],
    [
      'a second rule denies',
      ['{rules: [{rule: image-digest, action: warn}, {rule: container-name}]}'],
      ['container-name deny'],
    ],
    [
      'a second policy denies',
      ['{rules: [{rule: image-digest, action: audit}]}', '{rules: [{rule: container-name}]}'],
      ['container-name deny'],
    ],
    ['what is unknown only warns', ['{rules: [{rule: image-digest, onUnknown: warn}]}'], ['image-digest deny']],
    ['only images are excluded', ['{exclude: {images: ["**"]}, rules: [{rule: image-digest}]}'], ['image-digest deny']],
    ['the policy only pins', ['{pin: {}}'], []],
  ])('where %s', async (_what, specs, expected) => {
    const decision = await ask(requestOf(podOf('{containers: {}}')), contextOf(specs.map((spec) => policyOf(spec))));
    expect(decision).toMatchObject({ outcome: 'malformed', allowed: expected.every((one) => !one.endsWith('deny')) });
    expect(decision.findings.map(({ rule, action }) => `${rule} ${action}`)).toEqual(expected);
  });

  test.each<[what: string, old: string, now: string, is: 'warn' | 'deny']>([
    ['nothing changes', '{containers: {}}', '{containers: {}}', 'warn'],
    ['something else in it changes', '{containers: {}}', '{containers: {}, hostPID: true}', 'deny'],
    [
      'an image comes beside it',
      '{containers: {}}',
      '{containers: {}, initContainers: [{name: a, image: "evil:1"}]}',
      'deny',
    ],
    ['it could be read before', '{containers: [{name: a, image: "x:1"}]}', '{containers: {}}', 'deny'],
  ])('on UPDATE, where %s', async (_what, old, now, is) => {
    const labelled = podOf(now, '{name: p, labels: {a: b}}');
    const decision = await ask(requestOf(labelled, { operation: 'UPDATE', oldObject: podOf(old) }), context);
    expect(decision.findings).toMatchObject([{ action: is, existing: is === 'warn' }]);
    expect(decision.allowed).toBe(is === 'warn');
  });

  test('as the old object forgives nothing', async () => {
    const request = requestOf(bad, { operation: 'UPDATE', oldObject: podOf('{containers: {}}') });
    expect(decisionTexts(await ask(request, context))).toEqual(['web image-digest deny']);
  });

  test('is evaluated by the type in the request, not by its own apiVersion and kind', async () => {
    const object = { ...bad, apiVersion: 'v1', kind: 'ConfigMap' };
    expect(
      decisionTexts(await ask(requestOf(object, { type: { group: '', version: 'v1', kind: 'Pod' } }), context)),
    ).toEqual(['web image-digest deny']);
  });
});

test('a decision is allowed as long as nothing denies', async () => {
  const of = async (action: string): Promise<unknown> =>
    ask(requestOf(bad), contextOf([policyOf(`{rules: [{rule: image-digest, action: ${action}}]}`)]));
  expect(await of('deny')).toMatchObject({ outcome: 'evaluated', allowed: false });
  expect(await of('warn')).toMatchObject({ outcome: 'evaluated', allowed: true });
  expect(await of('audit')).toMatchObject({ outcome: 'evaluated', allowed: true });
  expect(await ask(requestOf(bad), contextOf([]))).toMatchObject({ outcome: 'evaluated', allowed: true, findings: [] });
});

test('policies speak in their order, each with its own findings', async () => {
  const policies = [
    pinned,
    policyOf('{match: {namespaces: [other]}, rules: [{rule: image-digest}]}'),
    policyOf('{rules: [{rule: image-digest, action: warn}]}'),
  ];
  expect(decisionTexts(await ask(requestOf(bad), contextOf(policies)))).toEqual([
    'web image-digest deny',
    'web image-digest warn',
  ]);
});

test('a cluster-scoped kind has no namespace, whatever the request says', async () => {
  const set = objectOf(
    '{apiVersion: apps.kruise.io/v1alpha1, kind: SidecarSet, metadata: {name: s}, spec: {containers: [{name: log, image: "a:1"}]}}',
  );
  const inShop = contextOf([policyOf('{match: {namespaces: ["*"]}, rules: [{rule: image-digest}]}')]);
  expect(decisionTexts(await ask(requestOf(set), inShop))).toEqual([]);
  expect(decisionTexts(await ask(requestOf(bad), inShop))).toEqual(['web image-digest deny']);
});

describe('an update', () => {
  const two = '{containers: [{name: web, image: "nginx:1"}, {name: log, image: "log:1"}]}';
  const changed = '{containers: [{name: web, image: "nginx:2"}, {name: log, image: "log:1"}]}';
  const update = (old: string | undefined, now: string, extra: Partial<AdmissionRequest> = {}): AdmissionRequest =>
    requestOf(podOf(now), { operation: 'UPDATE', oldObject: old === undefined ? undefined : podOf(old), ...extra });
  const all = contextOf([policyOf('{onUpdate: all, rules: [{rule: image-digest}]}')]);

  test.each<[string, AdmissionRequest, readonly string[]]>([
    ['that changes nothing about images', update(two, two), ['+web image-digest warn', '+log image-digest warn']],
    ['that changes one image', update(two, changed), ['web image-digest deny', '+log image-digest warn']],
    ['whose old object is not known', update(undefined, two), ['web image-digest deny', 'log image-digest deny']],
    [
      'called CREATE by the server',
      update(two, two, { operation: 'CREATE' }),
      ['web image-digest deny', 'log image-digest deny'],
    ],
  ])('%s', async (_what, request, findings) => {
    expect(decisionTexts(await ask(request, context))).toEqual(findings);
  });

  test('counts as new with onUpdate: all', async () => {
    expect(decisionTexts(await ask(update(two, two), all))).toEqual(['web image-digest deny', 'log image-digest deny']);
  });

  test('has each policy’s own leniency', async () => {
    const both = contextOf([...all.policies, policyOf('{rules: [{rule: image-tag, parameters: {deny: ["1"]}}]}')]);
    expect(decisionTexts(await ask(update(two, two), both))).toEqual([
      'web image-digest deny',
      'log image-digest deny',
      '+web image-tag warn',
      '+log image-tag warn',
    ]);
  });

  test('to a place that the policy did not cover before brings all of it', async () => {
    const init = contextOf([policyOf('{match: {containers: [init]}, rules: [{rule: image-digest}]}')]);
    const request = update(
      '{containers: [{name: web, image: "nginx:1"}]}',
      '{initContainers: [{name: web, image: "nginx:1"}]}',
    );
    expect(decisionTexts(await ask(request, init))).toEqual(['web image-digest deny']);
  });

  test('through pods/resize is never denied for existing findings, even with onUpdate: all', async () => {
    expect(decisionTexts(await ask(update(two, two, { subResource: 'resize' }), all))).toEqual([
      '+web image-digest warn',
      '+log image-digest warn',
    ]);
  });

  test('through pods/ephemeralcontainers is about ephemeral containers only', async () => {
    const debug = (image: string): string =>
      `${two.slice(0, -1)}, ephemeralContainers: [{name: old, image: "old:1"}${image}]}`;
    const request = update(debug(''), debug(', {name: new, image: "new:1"}'), { subResource: 'ephemeralcontainers' });
    expect(decisionTexts(await ask(request, context))).toEqual(['+old image-digest warn', 'new image-digest deny']);
    expect(decisionTexts(await ask(request, all))).toEqual(['+old image-digest warn', 'new image-digest deny']);
    const withoutNew = update(debug(''), debug(''), { subResource: 'ephemeralcontainers' });
    expect(decisionTexts(await ask(withoutNew, context))).toEqual(['+old image-digest warn']);
  });

  test('through the ephemeralcontainers of old clusters has the list at the root', async () => {
    const list = objectOf(
      '{apiVersion: v1, kind: EphemeralContainers, metadata: {name: p}, ephemeralContainers: [{name: new, image: "new:1"}]}',
    );
    expect(
      decisionTexts(await ask(requestOf(list, { operation: 'UPDATE', subResource: 'ephemeralcontainers' }), context)),
    ).toEqual(['new image-digest deny']);
  });
});
