/** Complete messages and remedies of rules about pull secrets. */
import { describe, expect, test } from 'vitest';
import { pullSecret } from '../../../src/credential/pull-secret.ts';
import type { Workload } from '../../../src/pod/workload.ts';
import type { Fact, Facts, PodPullSecrets } from '../../../src/policy/fact.ts';
import { secretFor, secretOf } from '../../credential/pull-secrets.ts';
import { cpuRatio } from '../../support/cpu-ratio.ts';
import { findingsOf, pod, policyOf, requestFor, findingTexts, workload } from '../fixtures.ts';

type Secrets = Readonly<Record<string, Fact<ReturnType<typeof secretOf>>>>;

const yes = <T>(value: T): Fact<T> => ({ state: 'yes', value });
const NO = { state: 'no' } as const;
const unknown = (reason: string): Fact<never> => ({ state: 'unknown', reason });

function listed(secrets: Secrets, from: PodPullSecrets['from'] = 'pod'): PodPullSecrets {
  const named = Object.entries(secrets).map(([name, secret]) => ({ name, secret }));
  return { from, serviceAccount: 'shop', secrets: yes(named) };
}

const factsFor = (of: Workload, pullSecrets: PodPullSecrets): Partial<Facts> => ({
  pullSecrets: new Map(of.pods.map(({ pointer }) => [pointer, pullSecrets])),
});

/** A Pod with this image and these pull secrets. */
function about(rule: string, pullSecrets: PodPullSecrets, image = 'reg.io/shop/web:7'): readonly string[] {
  const names = pullSecrets.secrets.state === 'yes' ? pullSecrets.secrets.value.map(({ name }) => ({ name })) : [];
  const object = pod(`{imagePullSecrets: ${JSON.stringify(names)}, containers: [{name: c, image: "${image}"}]}`);
  return outcomes(rule, object, pullSecrets);
}

function outcomes(rule: string, object: Workload, pullSecrets: PodPullSecrets): readonly string[] {
  const findings = findingsOf([policyOf(`{rules: [${rule}]}`)], requestFor(object), factsFor(object, pullSecrets));
  const words = findingTexts(findings);
  return findings.map(({ outcome }, index) => `${outcome === 'unknown' ? '? ' : ''}${words[index]}`);
}

const account = (secrets: PodPullSecrets['secrets']): PodPullSecrets => ({
  from: 'service-account',
  serviceAccount: 'shop',
  secrets,
});

const LOOSE =
  '? web: cannot determine which pull secrets image "reg.io/web:7" will have: its controller decides | tidewaiter evaluates its Pods when they are created';
const workflow = workload(
  '{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: w}, spec: {templates: [{name: t, container: {name: web, image: "reg.io/web:7"}}]}}',
);

describe('pull-secret-named', () => {
  const REMEDY = 'add a Secret to imagePullSecrets of the Pod or its ServiceAccount';
  const rule = '{rule: pull-secret-named, parameters: {images: ["reg.io/**"], except: ["reg.io/open/*"]}}';
  const IMAGE = 'image "reg.io/shop/web:7"';

  test.each<[string, PodPullSecrets, readonly string[]]>([
    ['a Pod with a secret', listed({ a: unknown('not connected to a cluster') }), []],
    ['a Pod with none', listed({}), [`c: ${IMAGE} requires a pull secret, but the Pod has none | ${REMEDY}`]],
    ['a service account with a secret', account(yes([{ name: 'a', secret: NO }])), []],
    [
      'a service account with none',
      account(yes([])),
      [`c: ${IMAGE} requires a pull secret, but neither the Pod nor ServiceAccount "shop" has one | ${REMEDY}`],
    ],
    [
      'a service account that is not there',
      account(NO),
      [`? c: cannot determine whether ${IMAGE} has a pull secret: ServiceAccount "shop" does not exist yet | -`],
    ],
    [
      'a service account that is not known',
      account(unknown('not connected to a cluster')),
      [`? c: cannot determine whether ${IMAGE} has a pull secret: not connected to a cluster | -`],
    ],
    ['a mirror pod', listed({}, 'node'), []],
  ])('of %s', (_what, pullSecrets, sentences) => {
    expect(about(rule, pullSecrets)).toEqual(sentences);
  });

  test('checks only the images in the parameter, by default all', () => {
    expect(about(rule, listed({}), 'reg.io/open/web')).toEqual([]);
    expect(about(rule, listed({}), 'nginx')).toEqual([]);
    expect(about('{rule: pull-secret-named}', listed({}), 'nginx')).toEqual([
      `c: image "nginx" requires a pull secret, but the Pod has none | ${REMEDY}`,
    ]);
  });

  test('is unknown for an image whose Pod a controller creates', () => {
    expect(outcomes(rule, workflow, listed({}))).toEqual([LOOSE]);
  });
});

describe('pull-secret-usable', () => {
  const KUBECTL = 'create it with "kubectl create secret docker-registry"';
  const WRITE = 'set a user name and a password, or "auth"';
  const REPAIR = 'fix the Secret; until then, the kubelet pulls no images for this Pod';
  const of = (secrets: Secrets): readonly string[] => about('{rule: pull-secret-usable}', listed(secrets));
  const ofFile = (file: string): readonly string[] => of({ a: yes(secretOf('a', file)) });
  const withKeys = (type: string, ...keys: readonly string[]): Secrets => ({
    a: yes(pullSecret({ name: 'a', type, data: new Map(keys.map((key) => [key, new Uint8Array()])) })),
  });

  test('accepts a Secret that the kubelet can use', () => {
    expect(of({ a: yes(secretFor('a', 'reg.io')) })).toEqual([]);
    expect(of({})).toEqual([]);
  });

  test.each<[string, Secrets, string]>([
    [
      'that is not there',
      { a: NO },
      '-: pull secret "a" does not exist in namespace "shop" | create the Secret first; the kubelet ignores missing pull secrets',
    ],
    [
      'that is not known',
      { a: unknown('Secret "shop/a" is not in the input files') },
      '? -: cannot determine whether pull secret "a" can be used: Secret "shop/a" is not in the input files | -',
    ],
    [
      'of another type',
      withKeys('Opaque', '.dockerconfigjson'),
      '-: pull secret "a" has type "Opaque", which the kubelet ignores | use the type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg',
    ],
    [
      'with other keys',
      withKeys('kubernetes.io/dockerconfigjson', '.dockercfg', 'x'),
      `-: pull secret "a" has no key ".dockerconfigjson", which its type requires | it has ".dockercfg", "x"; ${KUBECTL}`,
    ],
    [
      'without keys',
      withKeys('kubernetes.io/dockercfg'),
      `-: pull secret "a" has no key ".dockercfg", which its type requires | ${KUBECTL}`,
    ],
    [
      'with nothing in its key',
      withKeys('kubernetes.io/dockercfg', '.dockercfg'),
      `-: pull secret "a", key ".dockercfg" is empty, so the kubelet ignores it | ${KUBECTL}`,
    ],
  ])('of a secret %s', (_what, secrets, sentence) => {
    expect(of(secrets)).toEqual([sentence]);
  });

  const KEY = '-: pull secret "a", key ".dockerconfigjson"';

  test.each<[string, readonly string[]]>([
    ['{', [`${KEY}: not JSON: it ends where a name in quotes is expected | ${REPAIR}`]],
    ['{"reg.io": {"username": "u", "password": "p"}}', [`${KEY}: it has no entries | ${KUBECTL}`]],
    [
      '{"auths": {"reg.io": {"auth": "hush"}, "b.io": []}}',
      [
        `${KEY}: entry "reg.io": "auth" contains no ":"; it must be base64 of user:password | ${REPAIR}`,
        `${KEY}: entry "b.io" must be an object (found a list) | ${REPAIR}`,
      ],
    ],
    ['{"auths": {"reg.io": {}}}', [`${KEY}: entry "reg.io" has no user name and no password | ${WRITE}`]],
    ['{"auths": {"reg.io": {"username": "u"}}}', [`${KEY}: entry "reg.io" has no password | ${WRITE}`]],
    ['{"auths": {"reg.io": {"auth": "OnA="}}}', [`${KEY}: entry "reg.io" has no user name | ${WRITE}`]],
    [
      '{"auths": {"reg.io": {"registrytoken": "hush"}, "b.io": {"username": "u", "identitytoken": "hush"}}}',
      [
        `${KEY}: entry "reg.io" has no user name and no password: the kubelet does not read its "registrytoken" | ${WRITE}`,
        `${KEY}: entry "b.io" has no password: the kubelet does not read its "identitytoken" | ${WRITE}`,
      ],
    ],
    [
      '{"auths": {"reg.io:port": {"username": "u", "password": "p"}}}',
      [`${KEY}: entry "reg.io:port" is not a registry address, so the kubelet ignores it | ${WRITE}`],
    ],
  ])('of a file %s', (file, sentences) => {
    expect(ofFile(file)).toEqual(sentences);
  });

  test('reports only the first of many faults', () => {
    const auths = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`r${index}.io`, {}]));
    const found = ofFile(JSON.stringify({ auths }));
    expect(found).toHaveLength(9);
    expect(found.at(-1)).toBe(`${KEY}: the Secret has more problems | ${WRITE}`);
  });

  test('points to the name of the Secret or of the ServiceAccount', () => {
    const object = pod('{imagePullSecrets: [{name: ""}, {name: a}], containers: [{name: c, image: "a:1"}]}');
    const pointers = (pullSecrets: PodPullSecrets): readonly string[] =>
      findingsOf(
        [policyOf('{rules: [{rule: pull-secret-usable}]}')],
        requestFor(object),
        factsFor(object, pullSecrets),
      ).map(({ pointer }) => pointer);
    expect(pointers(listed({ a: NO }))).toEqual(['/spec/imagePullSecrets/1/name']);
    expect(pointers(account(yes([{ name: 'a', secret: NO }])))).toEqual(['/spec/serviceAccountName']);
  });

  test('reports a Secret or ServiceAccount of several pods once', () => {
    const template = '{template: {spec: {containers: [{name: c, image: "a:1"}]}}}';
    const job = workload(
      `{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: j}, spec: {tasks: [${template}, ${template}]}}`,
    );
    const rule = '{rule: pull-secret-usable}';
    expect(outcomes(rule, job, account(yes([{ name: 'a', secret: NO }])))).toHaveLength(1);
    expect(outcomes(rule, job, account(unknown('not connected to a cluster')))).toEqual([
      '? -: cannot determine which pull secrets the Pod has: not connected to a cluster | -',
    ]);
  });

  test('ignores pods without containers in scope', () => {
    const rules = '{match: {containers: [init]}, rules: [{rule: pull-secret-usable}]}';
    const object = pod('{containers: [{name: c, image: "a:1"}]}');
    expect(findingsOf([policyOf(rules)], requestFor(object), factsFor(object, listed({ a: NO })))).toEqual([]);
  });
});

describe('pull-secret-coverage', () => {
  const rule = (parameters: string): string => `{rule: pull-secret-coverage, parameters: ${parameters}}`;
  const strict = rule('{images: ["reg.io/**", "docker.io/shop/*"], public: ["reg.io/open/*"], nodeCredentials: []}');
  const IMAGE = 'image "reg.io/shop/web:7"';

  test.each<[string, PodPullSecrets, readonly string[]]>([
    ['one that covers it', listed({ a: yes(secretFor('a', 'reg.io/shop')) }), []],
    ['none', listed({}), [`c: no credential matches ${IMAGE}: the Pod has no pull secret | add an entry for "reg.io"`]],
    [
      'one for another registry',
      listed({ a: yes(secretFor('a', 'https://ci:hush@quay.io', '*.reg.io')) }),
      [
        `c: no credential matches ${IMAGE}: no entry in pull secret "a" matches | add an entry for "reg.io" (found entries for "https://***@quay.io", "*.reg.io")`,
      ],
    ],
    [
      'one without a user name',
      listed({ a: yes(secretOf('a', '{"auths": {"reg.io": {"identitytoken": "hush"}}}')) }),
      [
        `c: only entries without a user name match ${IMAGE}, so the kubelet pulls it anonymously | add an entry for "reg.io" (found entries for "reg.io")`,
      ],
    ],
    [
      'one that is not there',
      listed({ a: NO }),
      [`c: no credential matches ${IMAGE}: pull secret "a" does not exist | add an entry for "reg.io"`],
    ],
    [
      'one that is not there beside others',
      listed({ a: NO, b: yes(secretFor('b', 'b.io')) }),
      [
        `c: no credential matches ${IMAGE}: no entry in pull secrets "a", "b" matches (pull secret "a" does not exist) | add an entry for "reg.io" (found entries for "b.io")`,
      ],
    ],
    [
      'one that is not known',
      listed({ a: unknown('Secret "shop/a" is not in the input files'), b: yes(secretFor('b', 'b.io')) }),
      [`? c: cannot determine whether a pull secret matches ${IMAGE}: Secret "shop/a" is not in the input files | -`],
    ],
    [
      'one that covers it beside one that is not known',
      listed({ a: unknown('x'), b: yes(secretFor('b', 'reg.io')) }),
      [],
    ],
    [
      'a service account that is not there',
      account(NO),
      [`? c: cannot determine whether a pull secret matches ${IMAGE}: ServiceAccount "shop" does not exist yet | -`],
    ],
    [
      'a malformed one',
      listed({
        a: yes(secretFor('a', 'reg.io')),
        b: yes(secretOf('b', '{"auths": {"b.io": {"auth": "?"}, "c.io": 1}}')),
      }),
      [
        '-: pull secret "b", key ".dockerconfigjson": entry "b.io": "auth" is not valid base64 (standard alphabet, no spaces); the kubelet pulls no images for this Pod | fix the Secret, or remove it from imagePullSecrets; one malformed Secret disables all of them',
      ],
    ],
    ['what its node has, being a mirror pod', listed({}, 'node'), []],
  ])('of a Pod with %s', (_what, pullSecrets, sentences) => {
    expect(about(strict, pullSecrets)).toEqual(sentences);
  });

  test('is unknown without a match if the node credentials are not declared', () => {
    expect(about(rule('{images: ["reg.io/**"]}'), listed({ a: yes(secretFor('a', 'b.io')) }))).toEqual([
      `? c: no credential matches ${IMAGE}: no entry in pull secret "a" matches (nodes may have their own credentials) | add an entry for "reg.io" (found entries for "b.io"), or list in nodeCredentials what nodes can pull`,
    ]);
    expect(about(rule('{nodeCredentials: ["reg.io/shop/*"]}'), listed({}))).toEqual([]);
    expect(about(rule('{nodeCredentials: ["reg.io/other/*"]}'), listed({}))).toEqual([
      `c: no credential matches ${IMAGE}: the Pod has no pull secret | add an entry for "reg.io"`,
    ]);
  });

  test("suggests the final slash of Docker Hub's key", () => {
    const secrets = listed({ a: yes(secretFor('a', 'https://index.docker.io/v1')) });
    expect(about(strict, secrets, 'shop/web')).toEqual([
      'c: no credential matches image "shop/web": no entry in pull secret "a" matches | use "https://index.docker.io/v1/", with the "/" at the end',
    ]);
  });

  test('checks only private images', () => {
    expect(about(strict, listed({}), 'reg.io/open/web')).toEqual([]);
    expect(about(strict, listed({}), 'nginx')).toEqual([]);
    expect(about(rule('{nodeCredentials: []}'), listed({}), 'nginx')).toHaveLength(1);
  });

  test('is unknown for an image whose Pod a controller creates', () => {
    expect(outcomes(strict, workflow, listed({}))).toEqual([LOOSE]);
  });

  const podWith = (count: number): Workload => {
    const containers = Array.from({ length: count }, (_, index) => `{name: c${index}, image: "r${index}.io/x"}`);
    return pod(`{imagePullSecrets: [{name: a}], containers: [${containers.join(',')}]}`);
  };

  test('is unknown if there are too many host patterns to compare', async () => {
    const globs = Array.from({ length: 20_000 }, (_, index) => `*a${index}*.io`);
    const secrets = listed({ a: yes(secretFor('a', ...globs)) });
    const of = rule('{nodeCredentials: []}');
    const pods = new Map([250, 2000].map((count) => [count, podWith(count)]));
    const check = (count: number): readonly string[] => outcomes(of, pods.get(count) ?? podWith(count), secrets);
    const found = check(2000);
    // Without the limit, eight times the images take eight times as long.
    expect(await cpuRatio(check, { small: 250, large: 2000 })).toBeLessThan(4);
    expect(found).toHaveLength(2000);
    expect(found.at(-1)).toBe(
      '? c1999: cannot determine whether a pull secret matches image "r1999.io/x": the Pod\'s pull secrets have too many host patterns to compare | -',
    );
  });
});
