/** Whose list of pull secrets counts: that of the Pod, or that of its service account; and what an update may leave as it is. */
import { describe, expect, test } from 'vitest';
import type { Context, World } from '../../../src/admission/context.ts';
import { gather } from '../../../src/admission/facts/gather.ts';
import type { AdmissionRequest } from '../../../src/admission/request.ts';
import { pullSecret } from '../../../src/credential/pull-secret.ts';
import type { JsonObject } from '../../../src/pod/pointer.ts';
import type { Fact, PodPullSecrets } from '../../../src/policy/fact.ts';
import { readWorkload } from '../../pod/fixtures.ts';
import { kinds, NO_LABELS, policyOf } from '../../policy/fixtures.ts';
import { ask, contextOf, objectOf, podOf, requestOf, decisionTexts } from '../decide.ts';
import { createLookups } from '../../../src/admission/facts/lookups.ts';

const ACCOUNTS: Readonly<Record<string, Fact<readonly string[]>>> = {
  default: { state: 'yes', value: [] },
  shop: { state: 'yes', value: ['b', '', 'a', 'b'] },
  gone: { state: 'no' },
};

interface FakeCluster {
  readonly ports: World;
  readonly lookups: string[];
}

/** Secrets `a` and `b` exist, and the accounts above. */
function cluster(): FakeCluster {
  const lookups: string[] = [];
  const exists = ['a', 'b'];
  return {
    lookups,
    ports: {
      secrets: {
        secret(namespace, name) {
          lookups.push(`${namespace}/${name}`);
          const value = pullSecret({ name, type: 'Opaque', data: new Map() });
          return Promise.resolve(exists.includes(name) ? { state: 'yes', value } : { state: 'no' });
        },
      },
      serviceAccounts: {
        pullSecretsOf(namespace, name) {
          lookups.push(`account ${namespace}/${name}`);
          return Promise.resolve(ACCOUNTS[name] ?? { state: 'unknown', reason: 'it is away' });
        },
      },
    },
  };
}

const spelled = ({ from, serviceAccount, secrets }: PodPullSecrets): string =>
  `${from} ${serviceAccount}: ${
    secrets.state === 'yes'
      ? secrets.value.map(({ name, secret }) => `${name} ${secret.state}`).join(', ')
      : secrets.state === 'no'
        ? 'no'
        : `unknown, ${secrets.reason}`
  }`;

async function inEffect(
  object: JsonObject,
  pluginsRan: boolean,
  { ports }: FakeCluster = cluster(),
): Promise<readonly string[]> {
  const context: Context = { kinds, policies: [], world: ports };
  const workload = readWorkload(object);
  const wanted = { workload, pluginsRan, needs: new Set(['pullSecrets'] as const) };
  const facts = await gather(wanted, NO_LABELS, createLookups('shop', context, new AbortController().signal));
  return [...facts.pullSecrets.values()].map(spelled);
}

const deployment = (spec: string): JsonObject =>
  objectOf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: ${spec}}}}`);

describe('the pull secrets in effect', () => {
  test.each<[string, string, string]>([
    [
      'are its own, in order, each once',
      '{imagePullSecrets: [{name: x}, {name: a}, {name: x}]}',
      'pod default: x no, a yes',
    ],
    [
      'are its own when there is a service account with others',
      '{serviceAccountName: shop, imagePullSecrets: [{name: a}]}',
      'pod shop: a yes',
    ],
    [
      'are none when it lists only an empty name',
      '{serviceAccountName: shop, imagePullSecrets: [{name: ""}, {}]}',
      'pod shop: ',
    ],
  ])('of any pod %s', async (_what, spec, expected) => {
    expect(await inEffect(podOf(spec), true)).toEqual([expected]);
    expect(await inEffect(podOf(spec), false)).toEqual([expected]);
    expect(await inEffect(deployment(spec), true)).toEqual([expected]);
  });

  test.each<[string, string, string]>([
    ['are those of its service account', '{serviceAccountName: shop}', 'service-account shop: b yes, a yes'],
    ['are those of the account "default" when it names none', '{imagePullSecrets: []}', 'service-account default: '],
    ['are not there when the account is not', '{serviceAccountName: gone}', 'service-account gone: no'],
    ['are unknown when the account is', '{serviceAccountName: other}', 'service-account other: unknown, it is away'],
  ])('of a pod that is still to be created %s', async (_what, spec, expected) => {
    expect(await inEffect(deployment(spec), true)).toEqual([expected]);
    expect(await inEffect(podOf(spec), false)).toEqual([expected]);
    // The ServiceAccount plugin has been there: what the Pod has is all that it gets.
    expect(await inEffect(podOf(spec), true)).toEqual([expected.replace(/^service-account (\w+): .*/, 'pod $1: ')]);
  });

  test('of a mirror pod are what its node has, and no user makes a template one', async () => {
    const mirror = '{name: m, annotations: {kubernetes.io/config.mirror: x}}';
    expect(await inEffect(podOf('{serviceAccountName: shop}', mirror), true)).toEqual(['node shop: ']);
    expect(await inEffect(podOf('{serviceAccountName: shop}', mirror), false)).toEqual(['node shop: ']);
    const template = objectOf(
      `{apiVersion: apps/v1, kind: Deployment, metadata: ${mirror}, spec: {template: {metadata: ${mirror}, spec: {serviceAccountName: shop}}}}`,
    );
    expect(await inEffect(template, true)).toEqual(['service-account shop: b yes, a yes']);
  });

  test('are unknown where the request shows only ephemeral containers', async () => {
    const object = objectOf(
      '{apiVersion: v1, kind: EphemeralContainers, metadata: {name: p}, ephemeralContainers: []}',
    );
    expect(await inEffect(object, true)).toEqual([
      'pod default: unknown, the request shows only the ephemeral containers of the Pod',
    ]);
  });

  test('are looked up once, for all Pods of an object', async () => {
    const world = cluster();
    const spec = '{spec: {serviceAccountName: shop}}';
    const own = '{spec: {imagePullSecrets: [{name: a}]}}';
    const job = objectOf(
      `{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: j}, spec: {tasks: [{template: ${spec}}, {template: ${spec}}, {template: ${own}}]}}`,
    );
    expect(await inEffect(job, true, world)).toHaveLength(3);
    expect(world.lookups.sort()).toEqual(['account shop/shop', 'shop/a', 'shop/b']);
  });

  test('are looked up to a limit of one hundred', async () => {
    const world = cluster();
    const names = Array.from({ length: 2000 }, (_, index) => `{name: s${index}}`).join(',');
    const [secrets] = await inEffect(podOf(`{imagePullSecrets: [${names}]}`), true, world);
    expect(world.lookups).toHaveLength(100);
    expect(secrets).toMatch(/^pod default: s0 no, .*, s99 no, s100 unknown, .*, s1999 unknown$/);
  });
});

describe('an update of an object whose pull secret is missing', () => {
  const policy = policyOf(
    '{rules: [{rule: pull-secret-usable}, {rule: pull-secret-named, parameters: {images: ["reg.io/**"]}}]}',
  );
  const update = (object: JsonObject, oldObject: JsonObject, extra: Partial<AdmissionRequest> = {}): AdmissionRequest =>
    requestOf(object, { operation: 'UPDATE', oldObject, ...extra });
  const container = 'containers: [{name: c, image: "reg.io/x:1"}]';
  const naming = (...names: readonly string[]): string =>
    `{imagePullSecrets: [${names.map((name) => `{name: ${name}}`).join(', ')}], ${container}}`;
  const decision = async (request: AdmissionRequest): Promise<readonly string[]> =>
    decisionTexts(await ask(request, contextOf([policy], cluster().ports)));

  test('is allowed with a warning as long as it is the same secret, so that scaling stays possible', async () => {
    expect(await decision(update(deployment(naming('x')), deployment(naming('x'))))).toEqual([
      '+- pull-secret-usable warn',
    ]);
    expect(await decision(update(deployment(naming('x', 'z')), deployment(naming('z', 'x'))))).toEqual([
      '+- pull-secret-usable warn',
      '+- pull-secret-usable warn',
    ]);
  });

  test('is evaluated with the names of the stored object, which have the same pointer', async () => {
    expect(await decision(update(deployment(naming('x')), deployment(naming('a'))))).toEqual([
      '- pull-secret-usable deny',
    ]);
    expect(await decision(update(deployment(naming('x')), deployment(naming('z'))))).toEqual([
      '- pull-secret-usable deny',
    ]);
    expect(await decision(update(deployment(naming('x', 'z')), deployment(naming('x'))))).toEqual([
      '+- pull-secret-usable warn',
      '- pull-secret-usable deny',
    ]);
  });

  test('forgives a missing name only where the old object had none either', async () => {
    const none = `{${container}}`;
    expect(await decision(update(deployment(none), deployment(none)))).toEqual(['+c pull-secret-named warn']);
    expect(await decision(update(deployment(none), deployment(naming('a'))))).toEqual(['c pull-secret-named deny']);
    expect(await decision(update(podOf(none), podOf(naming('a'))))).toEqual(['c pull-secret-named deny']);
  });

  test('looks up nothing for the stored object without findings', async () => {
    const world = cluster();
    const request = update(deployment(naming('a')), deployment(naming('x')));
    const other = policyOf('{rules: [{rule: pull-secret-named}]}');
    expect(decisionTexts(await ask(request, contextOf([other], world.ports)))).toEqual([]);
    expect(world.lookups).toEqual(['shop/a']);
  });
});
