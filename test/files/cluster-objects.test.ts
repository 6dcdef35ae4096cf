/** Secrets and service accounts among the manifests are facts for `check`; of all others nothing is known. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Fact } from '../../src/policy/fact.ts';
import { loadManifests } from '../../src/files/manifests.ts';
import { type ClusterObjects, clusterObjectsIn } from '../../src/files/cluster-objects.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { checkText } from '../support/check-text.ts';
import { createReview } from '../support/review.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-cluster-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function clusterOf(yaml: string): Promise<ClusterObjects> {
  const file = path.join(folder, 'input.yaml');
  writeFileSync(file, yaml);
  const options = { kinds: kindTable(), namespace: 'shop', stdin: process.stdin };
  return clusterObjectsIn((await loadManifests([file], options)).manifests);
}

const signal = new AbortController().signal;

/** Type and contents of a secret, or why it is not known. */
async function secretIn(yaml: string, name = 'a'): Promise<string> {
  const { secrets } = await clusterOf(yaml);
  const fact = await secrets.secret('shop', name, signal);
  return spelled(fact, (secret) => `${secret.type} ${secret.contents().state}`);
}

const accountIn = async (yaml: string, name = 'default'): Promise<string> => {
  const { serviceAccounts } = await clusterOf(yaml);
  return spelled(await serviceAccounts.pullSecretsOf('shop', name, signal), (names) => JSON.stringify(names));
};

function spelled<T>(fact: Fact<T>, text: (value: T) => string): string {
  return fact.state === 'yes' ? text(fact.value) : fact.state === 'no' ? 'no' : fact.reason;
}

const TYPE = 'kubernetes.io/dockerconfigjson';
const secret = (rest: string): string => `{apiVersion: v1, kind: Secret, metadata: {name: a}, ${rest}}`;
const errorsOf = async (yaml: string): Promise<readonly string[]> =>
  (await clusterOf(yaml)).errors.map(({ line, message }) => `${line}: ${message}`);

describe('a Secret among the files', () => {
  test.each<[string, string, string]>([
    ['has its data in base64', `type: ${TYPE}, data: {.dockerconfigjson: e30=}`, `${TYPE} read`],
    ['also over several lines', `type: ${TYPE}, data: {.dockerconfigjson: "e3\\n0=\\n"}`, `${TYPE} read`],
    ['has stringData as it is', `type: ${TYPE}, stringData: {.dockerconfigjson: "{}"}`, `${TYPE} read`],
    [
      'has stringData before data',
      `type: ${TYPE}, stringData: {.dockerconfigjson: "{}"}, data: {.dockerconfigjson: ""}`,
      `${TYPE} read`,
    ],
    ['has null for nothing', `type: ${TYPE}, data: {.dockerconfigjson: null}, stringData: null`, `${TYPE} empty`],
    ['is Opaque when it has no type', 'stringData: {.dockerconfigjson: "{}"}', 'Opaque other-type'],
  ])('%s', async (_what, rest, expected) => {
    expect(await secretIn(secret(rest))).toBe(expected);
    expect(await errorsOf(secret(rest))).toEqual([]);
  });

  test('is found in its namespace, also in a list, and the last of two counts', async () => {
    const good = secret(`type: ${TYPE}, stringData: {.dockerconfigjson: "{}"}`);
    expect(await secretIn(`{apiVersion: v1, kind: List, items: [${good}]}`)).toBe(`${TYPE} read`);
    expect(await secretIn(`${secret('type: x')}\n---\n${good}`)).toBe(`${TYPE} read`);
    const elsewhere = good.replace('name: a', 'name: a, namespace: other');
    expect(await secretIn(elsewhere)).toBe('Secret "shop/a" is not in the input files');
    expect(await secretIn(good, 'b')).toBe('Secret "shop/b" is not in the input files');
    expect(await secretIn(good, '__proto__')).toBe('Secret "shop/__proto__" is not in the input files');
  });

  test('ignores Secrets in recorded reviews, which do not describe the current cluster', async () => {
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a', namespace: 'shop' }, type: TYPE };
    expect(await secretIn(JSON.stringify(createReview(object)))).toBe('Secret "shop/a" is not in the input files');
  });

  test.each<[string, readonly string[]]>([
    ['data: {.dockerconfigjson: "hush hush"}', ['1: /data/.dockerconfigjson: invalid base64; kubectl cannot apply it']],
    ['data: {.dockerconfigjson: e30}', ['1: /data/.dockerconfigjson: invalid base64; kubectl cannot apply it']],
    ['data: {a/b: "hush!"}', ['1: /data/a~1b: invalid base64; kubectl cannot apply it']],
    [
      'stringData: {.dockerconfigjson: {auths: {}}}',
      ['1: /stringData/.dockerconfigjson: expected a string, found an object; quote the value of ".dockerconfigjson"'],
    ],
    ['data: [hush]', ['1: /data: expected an object, found a list']],
  ])('%s is a fault of the input, and nothing is known of the secret', async (rest, errors) => {
    const yaml = secret(`type: ${TYPE}, ${rest}`);
    expect(await errorsOf(yaml)).toEqual(errors);
    expect(await secretIn(yaml)).toBe('Secret "shop/a" is malformed');
    // Secrets of other types contain placeholders of many tools, and are not pull secrets.
    expect(await errorsOf(yaml.replace(TYPE, 'Opaque'))).toEqual([]);
  });
});

describe('a ServiceAccount among the files', () => {
  const account = (rest = ''): string => `{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}${rest}}`;

  test.each<[string, string]>([
    [account(), '[]'],
    [account(', imagePullSecrets: [{name: b}, {}, {name: a}]'), '["b","","a"]'],
    [account(', imagePullSecrets: {name: b}'), '/imagePullSecrets: expected a list, found an object'],
    [account(', imagePullSecrets: [{name: 7}]'), '/imagePullSecrets/0/name: expected a string, found a number'],
  ])('%s', async (yaml, expected) => {
    expect(await accountIn(yaml)).toBe(expected);
  });

  test('is unknown when it is not there', async () => {
    expect(await accountIn(account(), 'other')).toBe('ServiceAccount "shop/other" is not in the input files');
  });
});

describe('check', () => {
  const policy = (rule: string): object => ({
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'p' },
    spec: { rules: [{ rule }] },
  });
  const POD =
    '{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {imagePullSecrets: [{name: a}], containers: [{name: c, image: "a:1"}]}}';
  const broken = secret(`type: ${TYPE}, data: {.dockerconfigjson: "hush hush"}`);

  test('says that a pull secret cannot be read if a policy checks it, and nothing if no policy does', async () => {
    const result = await checkText(`${POD}\n---\n${broken}`, policy('pull-secret-usable'));
    expect(result.errors.map(({ line, column, document, message }) => [line, column, document, message])).toEqual([
      [3, 117, 2, '/data/.dockerconfigjson: invalid base64; kubectl cannot apply it'],
    ]);
    expect(result.findings.map(({ outcome, action, message }) => [outcome, action, message])).toEqual([
      ['unknown', 'warn', 'cannot determine whether pull secret "a" can be used: Secret "default/a" is malformed'],
    ]);
    expect(JSON.stringify(result)).not.toContain('hush');
    const notAsked = await checkText(`${POD}\n---\n${broken}`, policy('image-reference'));
    expect(notAsked.errors).toEqual([]);
  });
});
