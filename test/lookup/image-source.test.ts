/** The order of credentials, and the result of their responses. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { NodeCredentialList } from '../../src/node/node-credentials.ts';
import { type FakeResponse, CANARY, fakeClient, imageLookupOf, sceneOf, shown } from './fake-client.ts';

/** The registry's response to each user; `unauthenticated` for all others. */
const responses =
  (byUser: Readonly<Record<string, FakeResponse>>) =>
  (_: unknown, user: string): FakeResponse =>
    byUser[user.split(':')[0] ?? ''] ?? 'unauthenticated';

const label = (index: number, user: string, key = 'reg.io'): string =>
  `pull secret "s${index}", key "${key}" (user ${user})`;

const node = (answer: Partial<NodeCredentialList>) => ({
  credentialsFor: () => ({ credentials: [], problems: [], ...answer }),
});

const nodeCredential = (username: string) => ({
  label: `node (user ${username})`,
  secret: { kind: 'basic', username, password: () => 'p' } as const,
});

interface Row {
  readonly name: string;
  readonly image?: string;
  readonly logins?: readonly string[];
  readonly incompleteReason?: string;
  readonly says: Readonly<Record<string, FakeResponse>>;
  readonly node?: Partial<NodeCredentialList>;
  readonly fact: string;
  readonly requests: readonly string[];
}

const A = 'a:p@reg.io';
const B = 'b:p@reg.io';

const ROWS: readonly Row[] = [
  {
    name: 'an image without a credential is looked up anonymously',
    says: { '': 'found' },
    fact: 'yes anonymous',
    requests: ['reg.io/web:1'],
  },
  {
    name: 'with a credential that matches, there is no anonymous attempt, as in the kubelet',
    logins: [A],
    says: { '': 'found' },
    fact: `unknown unauthenticated: reg.io said unauthenticated; tried with ${label(0, 'a')}`,
    requests: ['reg.io/web:1 a:p'],
  },
  {
    name: 'the second credential is tried if the first one is rejected',
    logins: [A, B],
    says: { a: 'forbidden', b: 'found' },
    fact: `yes ${label(1, 'b')}`,
    requests: ['reg.io/web:1 a:p', 'reg.io/web:1 b:p'],
  },
  {
    name: 'the second credential is tried if the first one gets "not found", because the image can be hidden',
    logins: [A, B],
    says: { a: 'notFound', b: 'found' },
    fact: `yes ${label(1, 'b')}`,
    requests: ['reg.io/web:1 a:p', 'reg.io/web:1 b:p'],
  },
  {
    name: 'the longest key comes first, as in the kubelet',
    logins: [A, 'b:p@reg.io/we'],
    says: { b: 'found' },
    fact: `yes ${label(1, 'b', 'reg.io/we')}`,
    requests: ['reg.io/web:1 b:p'],
  },
  {
    name: 'the result is "no" if all credentials get "not found"',
    logins: [A, B],
    says: { a: 'notFound', b: 'notFound' },
    fact: `no notFound: reg.io said notFound; tried with ${label(0, 'a')}, then with ${label(1, 'b')}`,
    requests: ['reg.io/web:1 a:p', 'reg.io/web:1 b:p'],
  },
  {
    name: 'the result is "unknown" if one credential gets "not found" and another one is rejected',
    logins: [A, B],
    says: { a: 'notFound', b: 'forbidden' },
    fact: `unknown forbidden: reg.io said notFound; tried with ${label(0, 'a')}; reg.io said forbidden; tried with ${label(1, 'b')}`,
    requests: ['reg.io/web:1 a:p', 'reg.io/web:1 b:p'],
  },
  {
    name: 'an outage ends the attempts',
    logins: [A, B],
    says: { a: 'serverError', b: 'found' },
    fact: `unknown serverError: reg.io said serverError; tried with ${label(0, 'a')}`,
    requests: ['reg.io/web:1 a:p'],
  },
  {
    name: 'a rate limit ends the attempts',
    logins: [A, B],
    says: { a: 'rateLimited', b: 'found' },
    fact: `unknown rateLimited: reg.io said rateLimited; tried with ${label(0, 'a')}`,
    requests: ['reg.io/web:1 a:p'],
  },
  {
    name: 'a credential without a user name means anonymous',
    logins: [':p@reg.io'],
    says: { '': 'found' },
    fact: 'yes pull secret "s0", key "reg.io" (no user name, so anonymous)',
    requests: ['reg.io/web:1'],
  },
  {
    name: 'the same credential in two Secrets is tried once',
    logins: [A, A],
    says: { a: 'notFound' },
    fact: `no notFound: reg.io said notFound; tried with ${label(0, 'a')}`,
    requests: ['reg.io/web:1 a:p'],
  },
  {
    name: 'node credentials come after pull secrets',
    logins: [A],
    says: { a: 'forbidden', n: 'found' },
    node: { credentials: [nodeCredential('n')] },
    fact: 'yes node (user n)',
    requests: ['reg.io/web:1 a:p', 'reg.io/web:1 n:p'],
  },
  {
    name: 'node credentials replace the anonymous attempt',
    says: { '': 'found', n: 'forbidden' },
    node: { credentials: [nodeCredential('n')] },
    fact: 'unknown forbidden: reg.io said forbidden; tried with node (user n)',
    requests: ['reg.io/web:1 n:p'],
  },
  {
    name: 'if other credentials may exist, there is also an anonymous attempt',
    logins: [A],
    incompleteReason: 'pull secret "x" is not known',
    says: { '': 'found' },
    fact: 'yes anonymous',
    requests: ['reg.io/web:1 a:p', 'reg.io/web:1'],
  },
  {
    name: 'if other credentials may exist, a failure says why',
    incompleteReason: 'pull secret "x" is not known',
    says: { '': 'forbidden' },
    fact: 'unknown forbidden: reg.io said forbidden; tried anonymously (other credentials may exist: pull secret "x" is not known)',
    requests: ['reg.io/web:1'],
  },
  {
    name: 'if other credentials may exist, "not found" is not proof',
    incompleteReason: 'pull secret "x" is not known',
    says: { '': 'notFound' },
    fact: 'unknown notFound: reg.io said notFound; tried anonymously (other credentials may exist: pull secret "x" is not known)',
    requests: ['reg.io/web:1'],
  },
  {
    name: 'Docker Hub does not report hidden images as not found, so there it is proof',
    image: 'nginx:1',
    incompleteReason: 'pull secret "x" is not known',
    says: { '': 'notFound' },
    fact: 'no notFound: docker.io said notFound; tried anonymously (other credentials may exist: pull secret "x" is not known)',
    requests: ['nginx:1'],
  },
  {
    name: 'a source of node credentials that fails makes the result unknown',
    says: { '': 'notFound' },
    node: { problems: ['credential provider "p" ended with 1'] },
    fact: 'unknown notFound: reg.io said notFound; tried anonymously (other credentials may exist: credential provider "p" ended with 1)',
    requests: ['reg.io/web:1'],
  },
  {
    name: 'a registry that is not allowed is unknown',
    says: { '': 'blocked' },
    fact: 'unknown blocked: reg.io said blocked',
    requests: ['reg.io/web:1'],
  },
];

describe('the credentials of a lookup', () => {
  test.each(ROWS)(
    '$name',
    async ({ image = 'reg.io/web:1', logins = [], incompleteReason, says, fact, requests, ...row }) => {
      const client = fakeClient(responses(says));
      const scene = sceneOf(client, row.node === undefined ? {} : { node: node(row.node) });
      expect(shown(await scene.lookUp(imageLookupOf(image, logins, { incompleteReason })))).toBe(fact);
      expect(client.requests).toEqual(requests);
    },
  );

  test('are limited to twenty of thousands that match, and the message says so', async () => {
    const logins = Array.from({ length: 60 }, (_, index) => `u${index}:p@reg.io`);
    const client = fakeClient(() => 'notFound');
    const fact = await sceneOf(client).lookUp(imageLookupOf('reg.io/web:1', logins));
    expect(client.requests).toHaveLength(20);
    expect(shown(fact)).toMatch(
      /^unknown notFound: .*; 16 more credentials also failed \(other credentials may exist: more than 20 credentials match; the others were not tried\)$/,
    );
  });

  test('a failure without a remedy of its own gets one', async () => {
    const fact = await sceneOf(fakeClient(() => 'unauthenticated')).lookUp(imageLookupOf('reg.io/web:1'));
    expect(fact).toMatchObject({
      failure: { remedy: 'add a pull secret that matches the image, or configure nodeCredentials' },
    });
  });

  test('details use the same credentials', async () => {
    const client = fakeClient(responses({ a: 'forbidden', b: 'found' }));
    const scene = sceneOf(client);
    const fact = await scene.lookUpDetails(imageLookupOf('reg.io/web:1', [A, B]));
    expect(fact).toMatchObject({ state: 'yes', value: { platforms: [{ architecture: 'amd64' }] } });
    expect(client.requests).toEqual(['reg.io/web:1 a:p', 'reg.io/web:1 b:p']);
    await scene.lookUpDetails(imageLookupOf('reg.io/web:1', [B]));
    expect(client.requests).toHaveLength(2);
  });

  test('a bug in the client rejects', async () => {
    const client = { ...fakeClient(), manifest: () => Promise.reject(new TypeError('a bug')) };
    await expect(sceneOf(fakeClient(), { client }).lookUp(imageLookupOf('reg.io/web:1'))).rejects.toThrow('a bug');
  });

  test('passwords are not in any output', async () => {
    const login = `ci:${CANARY}@reg.io`;
    for (const answer of ['found', 'forbidden', 'serverError', 'notFound'] as const) {
      const scene = sceneOf(fakeClient(() => answer));
      const lookup = imageLookupOf('reg.io/web:1', [login]);
      const all = [await scene.lookUp(lookup), await scene.lookUpDetails(lookup), scene.sources, lookup];
      const printed = all.map((one) => `${inspect(one, { depth: 20, showHidden: true })}${JSON.stringify(one)}`);
      expect(printed.join('\n')).not.toContain(CANARY);
    }
  });
});
