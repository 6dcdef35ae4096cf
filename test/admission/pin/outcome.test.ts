/** When no digest is found: by cause, by the time allowed, by what policies refuse; and what is asked at all. */
import { describe, expect, test } from 'vitest';
import { mutate } from '../../../src/admission/mutate.ts';
import { type PullSecret, pullSecret } from '../../../src/credential/pull-secret.ts';
import type { JsonObject } from '../../../src/pod/pointer.ts';
import { REGISTRY_CAUSES, type RegistryCause } from '../../../src/policy/registry-fact.ts';
import { exceptionBook } from '../../../src/policy/exception-book.ts';
import { exceptionOf, LAST_DAY, policyOf } from '../../policy/fixtures.ts';
import { contextOf, objectOf, podOf, requestOf } from '../decide.ts';
import { change, digestOf, no, patched, PIN_ALL, registryOf, findingTexts, updateOf } from '../pinning.ts';

const OLD = digestOf('0');
const one = podOf('{containers: [{name: web, image: "nginx:1"}]}');
const two = podOf('{containers: [{name: a, image: "a.io/a:1"}, {name: b, image: "b.io/b:1"}]}');
const A = '/spec/containers/0/image';
const B = '/spec/containers/1/image';

describe('a failure', () => {
  const causes = { notFound: 'deny', forbidden: 'warn', rateLimited: 'allow', other: 'deny' };
  const byCause = policyOf(`{pin: {onFailure: ${JSON.stringify(causes)}}}`);
  const expected = (cause: RegistryCause): string =>
    ({ forbidden: 'warn', rateLimited: 'audit' } as Partial<Record<RegistryCause, string>>)[cause] ?? 'deny';

  test.each(REGISTRY_CAUSES)('%s does what the policy says of it', async (cause) => {
    const mutation = await change(requestOf(one), [byCause], { images: registryOf({}, no(cause)) });
    const action = expected(cause);
    expect(mutation).toMatchObject({
      allowed: action !== 'deny',
      patch: [],
      findings: [
        {
          policy: 'test',
          rule: 'pin',
          action,
          outcome: cause === 'notFound' ? 'violation' : 'unknown',
          pointer: A,
          message: `image "nginx:1" cannot be pinned: registry.example.com says ${cause}`,
          remedy: 'ask again',
        },
      ],
      images: [{ outcome: 'failed', cause, to: undefined }],
    });
  });

  test.each<[onFailure: string, images: number, is: string]>([
    ['deny', 10_000, '10000 pinned'],
    ['deny', 10_001, 'deny'],
    ['{notFound: deny, other: allow}', 10_001, 'deny'],
    ['{other: warn}', 10_001, 'warn'],
    ['allow', 10_001, 'nothing'],
  ])('with onFailure %s: of more images than are pinned, none is (%s images: %s)', async (onFailure, count, is) => {
    const images = registryOf();
    const containers = Array.from({ length: count }, (_, index) => ({ name: `c${index}`, image: 'a.io/a:1' }));
    const object = { ...one, spec: { containers } };
    const mutation = await change(requestOf(object), [policyOf(`{pin: {onFailure: ${onFailure}}}`)], { images });
    const { patch, findings, allowed } = mutation;
    const result = findings[0]?.action ?? (patch.length === 0 ? 'nothing' : `${patch.length} pinned`);
    expect(result).toBe(is);
    expect(allowed).toBe(is !== 'deny');
    expect(images.lookups).toHaveLength(count > 10_000 ? 0 : 1);
  });

  test('leaves the others pinned', async () => {
    const images = registryOf({ 'a.io/a:1': no('timeout') });
    const mutation = await change(requestOf(two), [PIN_ALL], { images });
    expect(patched(mutation)).toEqual([`${B} b.io/b:1@#1`]);
    expect(findingTexts(mutation)).toEqual([
      'warn a: image "a.io/a:1" cannot be pinned: registry.example.com says timeout',
    ]);
  });

  test('that denies denies the whole request, and changes nothing', async () => {
    const images = registryOf({ 'a.io/a:1': no('notFound') });
    const mutation = await change(requestOf(two), [policyOf('{pin: {onFailure: {notFound: deny}}}')], { images });
    expect(mutation).toMatchObject({ allowed: false, patch: [] });
  });

  test('to read a digest is one of the protocol', async () => {
    const answer = {
      digest: 'sha256:0',
      mediaType: 'x',
      credential: 'anonymous',
      mirror: undefined,
      provesPull: true,
      stale: undefined,
    };
    const mutation = await change(requestOf(one), [PIN_ALL], {
      images: registryOf({}, { state: 'yes', value: answer }),
    });
    expect(mutation).toMatchObject({ patch: [], images: [{ outcome: 'failed', cause: 'protocol' }] });
    expect(findingTexts(mutation)).toEqual([
      'warn web: image "nginx:1" cannot be pinned: the registry names the digest "sha256:0", which is not a valid digest',
    ]);
  });

  test('without a registry to ask, a policy can still say what happens', async () => {
    const mutation = await change(requestOf(one), [PIN_ALL], {});
    expect(mutation).toMatchObject({ allowed: true, patch: [], images: [{ cause: 'blocked' }] });
    expect(findingTexts(mutation)).toEqual([
      'warn web: image "nginx:1" cannot be pinned: registry lookups are disabled',
    ]);
  });

  const restart = (image: string, more = ''): JsonObject =>
    objectOf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web${more}}, spec: {template: {
      metadata: {annotations: {kubectl.kubernetes.io/restartedAt: now}}, spec: {containers: [{name: web, image: "${image}"}]}}}}`);
  const stored = objectOf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web},
    spec: {template: {spec: {containers: [{name: web, image: "nginx:1@${OLD}"}]}}}}`);
  const hint = ', annotations: {tidewaiter.dev/original-images: \'{"/spec/template/spec/containers/web":"nginx:1"}\'}';

  test.each([
    [
      'a manifest applied with it gets the stored digest',
      restart('nginx:1'),
      ['/spec/template/spec/containers/0/image nginx:1@#0'],
    ],
    ['a stored digest stays', restart(`nginx:1@${OLD}`, hint), []],
  ])('on a restart stops nothing: %s', async (_what, object, patch) => {
    const policy = policyOf('{pin: {onFailure: deny}}');
    const mutation = await change(updateOf(stored, object), [policy], { images: registryOf({}, no('dns')) });
    expect(patched(mutation)).toEqual(patch);
    expect(findingTexts(mutation)).toEqual([
      'warn web: image "nginx:1" keeps its stored digest: registry.example.com says dns',
    ]);
    expect(mutation.allowed).toBe(true);
  });
});

describe('the time allowed', () => {
  test('pins what was answered in it, and what was not is late, each by itself', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 10);
    const images = registryOf({ 'a.io/a:1': new Promise(() => undefined) });
    const mutation = await change(requestOf(two), [PIN_ALL], { images }, controller.signal);
    expect(patched(mutation)).toEqual([`${B} b.io/b:1@#1`]);
    expect(findingTexts(mutation)).toEqual([
      'warn a: image "a.io/a:1" cannot be pinned: a.io: no response before the deadline',
    ]);
    expect(mutation.images).toMatchObject([{ cause: 'timeout' }, { outcome: 'pinned' }]);
  });

  test('is not waited for: all are asked at the same time', async () => {
    const images = registryOf({}, new Promise(() => undefined));
    const controller = new AbortController();
    const answer = change(requestOf(two), [PIN_ALL], { images }, controller.signal);
    expect(images.lookups).toEqual(['a.io/a:1', 'b.io/b:1']);
    controller.abort();
    expect(patched(await answer)).toEqual([]);
  });
});

describe('the decision is there at once', () => {
  const { signal } = new AbortController();
  const images = registryOf();
  const isPromise = (object: JsonObject, more = {}): boolean =>
    mutate(requestOf(object), contextOf([PIN_ALL], { images, ...more }), signal) instanceof Promise;

  test('without images to pin, and without a lookup', () => {
    const noSources = {
      secrets: { secret: () => Promise.reject(new Error('asked')) },
      serviceAccounts: { pullSecretsOf: () => Promise.reject(new Error('asked')) },
      namespaces: { labelsOf: () => Promise.reject(new Error('asked')) },
    };
    expect(isPromise(podOf(`{containers: [{name: a, image: "nginx@${OLD}"}]}`), noSources)).toBe(false);
    expect(mutate(requestOf(one), contextOf([], { images, ...noSources }), signal)).toMatchObject({ patch: [] });
  });

  test('when the registry answers at once, and no secret has to be read', () => {
    expect(isPromise(one)).toBe(false);
    expect(isPromise(podOf('{imagePullSecrets: [{name: a}], containers: [{name: a, image: "nginx:1"}]}'))).toBe(false);
  });

  test('else it comes later', () => {
    expect(isPromise(one, { images: registryOf({}, Promise.resolve(no('dns'))) })).toBe(true);
  });
});

describe('an object that cannot be read', () => {
  test.each<[pin: string, kind: 'Pod' | 'Deployment', told: readonly string[]]>([
    ['{pin: {}}', 'Pod', ['pin warn']],
    ['{pin: {onFailure: deny}}', 'Pod', ['pin deny']],
    ['{pin: {onFailure: allow}}', 'Pod', []],
    ['{pin: {onFailure: {dns: deny, other: allow}}}', 'Pod', ['pin deny']],
    ['{pin: {onFailure: deny, mode: warn}}', 'Pod', ['pin warn']],
    ['{pin: {onFailure: deny, mode: pod}}', 'Deployment', []],
    ['{pin: {onFailure: deny}}', 'Deployment', ['pin deny']],
    ['{pin: {onFailure: deny}, match: {namespaces: [other]}}', 'Pod', []],
    ['{rules: [{rule: image-digest}]}', 'Pod', []],
  ])('with %s, a %s', async (spec, kind, expected) => {
    const pod = podOf('{containers: {}}');
    const deployment = { apiVersion: 'apps/v1', kind, metadata: { name: 'd' }, spec: { template: pod } };
    const { allowed, patch, findings } = await change(requestOf(kind === 'Pod' ? pod : deployment), [policyOf(spec)]);
    expect(findings.map(({ rule, action }) => `${rule} ${action}`)).toEqual(expected);
    expect({ allowed, patch }).toEqual({ allowed: expected.every((told) => !told.endsWith('deny')), patch: [] });
  });
});

describe('what policies refuse', () => {
  const pin = '{pin: {onFailure: {blocked: deny}}}';
  const registry = '{rule: image-registry, parameters: {allow: ["a.io/**"]}}';

  test('is not looked up, whichever policy refuses it', async () => {
    const images = registryOf();
    const policies = [policyOf(pin), policyOf(`{rules: [${registry}]}`)];
    const mutation = await change(requestOf(two), policies, { images });
    expect(images.lookups).toEqual(['a.io/a:1']);
    expect(mutation).toMatchObject({ allowed: false, patch: [] });
    expect(findingTexts(mutation)).toEqual([
      'deny b: image "b.io/b:1" cannot be pinned: not looked up: policy test/image-registry denies the image',
    ]);
  });

  test.each<[string, string, readonly string[]]>([
    [
      'a rule that only warns',
      '{rules: [{rule: image-registry, action: warn, parameters: {allow: ["a.io/**"]}}]}',
      ['a.io/a:1', 'b.io/b:1'],
    ],
    ['a rule of another namespace', `{match: {namespaces: [other]}, rules: [${registry}]}`, ['a.io/a:1', 'b.io/b:1']],
    ['a rule about other images', `{exclude: {images: ["b.io/**"]}, rules: [${registry}]}`, ['a.io/a:1', 'b.io/b:1']],
    ['a rule that wants what pinning gives', '{rules: [{rule: image-digest}]}', ['a.io/a:1', 'b.io/b:1']],
    ['a rule about tags', '{rules: [{rule: image-tag, parameters: {allow: ["2"]}}]}', []],
    [
      'in doubt, where doubt denies',
      '{match: {namespaceSelector: {matchLabels: {a: b}}}, rules: [{rule: image-registry, onUnknown: deny, parameters: {allow: ["a.io/**"]}}]}',
      ['a.io/a:1'],
    ],
    [
      'in doubt, where doubt warns',
      `{match: {namespaceSelector: {matchLabels: {a: b}}}, rules: [${registry}]}`,
      ['a.io/a:1', 'b.io/b:1'],
    ],
  ])('%s', async (_what, policy, asked) => {
    const images = registryOf();
    await change(requestOf(two), [PIN_ALL, policyOf(policy)], { images });
    expect(images.lookups).toEqual(asked);
  });

  test('an implied tag is evaluated like an explicit tag', async () => {
    const images = registryOf();
    const policy = policyOf('{rules: [{rule: image-tag, parameters: {deny: [latest]}}], pin: {}}');
    await change(requestOf(podOf('{containers: [{name: a, image: nginx}]}')), [policy], { images });
    expect(images.lookups).toEqual([]);
  });

  test('an exception in force counts', async () => {
    const images = registryOf();
    const exceptions = exceptionBook(
      [exceptionOf('{images: ["b.io/**"]}', { rules: ['image-registry'] })],
      () => LAST_DAY,
    );
    const policies = [policyOf(`{rules: [${registry}], pin: {}}`)];
    await change(requestOf(two), policies, { images, exceptions });
    expect(images.lookups).toEqual(['a.io/a:1', 'b.io/b:1']);
  });
});

describe('a look-up', () => {
  const secretOf = (name: string): PullSecret => {
    const data = new TextEncoder().encode(JSON.stringify({ auths: { 'a.io': { username: name, password: 'p' } } }));
    return pullSecret({ name, type: 'kubernetes.io/dockerconfigjson', data: new Map([['.dockerconfigjson', data]]) });
  };
  const secrets = {
    secret: (_namespace: string, name: string) => Promise.resolve({ state: 'yes' as const, value: secretOf(name) }),
  };

  test('brings the credentials that the kubelet would use, and is one for the same image with the same ones', async () => {
    const images = registryOf();
    const pods = ['one', 'two', 'one'].map(
      (name) =>
        `{name: x, template: {spec: {template: {spec: {imagePullSecrets: [{name: ${name}}], containers: [{name: c, image: "a.io/a:1"}]}}}}}`,
    );
    const object = objectOf(
      `{apiVersion: jobset.x-k8s.io/v1alpha2, kind: JobSet, metadata: {name: j}, spec: {replicatedJobs: [${pods.join(', ')}]}}`,
    );
    const mutation = await change(requestOf(object), [PIN_ALL], { images, secrets });
    expect(patched(mutation)).toHaveLength(3);
    expect(images.questions.map(({ candidates }) => candidates.map(({ username }) => username))).toEqual([
      ['one'],
      ['two'],
    ]);
  });

  test('has a limit of images for one object', async () => {
    const containers = Array.from({ length: 150 }, (_, index) => `{name: c${index}, image: "a:${index}"}`);
    const images = registryOf();
    const mutation = await change(requestOf(podOf(`{containers: [${containers.join(', ')}]}`)), [PIN_ALL], { images });
    expect([images.lookups.length, mutation.patch.length]).toEqual([100, 100]);
    expect(mutation.findings.at(-1)?.message).toBe(
      'image "a:149" cannot be pinned: the object needs lookups of more than 100 different images; the rest are not looked up',
    );
  });

  test('is by the tag, and fresh where the policy takes nothing old', async () => {
    const images = registryOf();
    await change(requestOf(one), [PIN_ALL], { images });
    expect(images.questions).toMatchObject([{ by: 'image', staleMs: 0, candidates: [] }]);
  });
});
