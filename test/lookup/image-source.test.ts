/** Which credentials are tried, in which order, and what their answers mean together. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { NodeCredentialList } from '../../src/node/node-credentials.ts';
import { type Answer, CANARY, fakeClient, questionOf, sceneOf, shown } from './fake-client.ts';

/** What the registry says to each user; to everybody else `unauthenticated`. */
const answers =
  (byUser: Readonly<Record<string, Answer>>) =>
  (_: unknown, user: string): Answer =>
    byUser[user.split(':')[0] ?? ''] ?? 'unauthenticated';

const label = (index: number, user: string, key = 'reg.io'): string =>
  `pull secret "s${index}", key "${key}" (user ${user})`;

const node = (answer: Partial<NodeCredentialList>) => ({
  credentialsFor: () => ({ credentials: [], problems: [], ...answer }),
});

const held = (username: string) => ({
  label: `node (user ${username})`,
  secret: { kind: 'basic', username, password: () => 'p' } as const,
});

interface Row {
  readonly name: string;
  readonly image?: string;
  readonly logins?: readonly string[];
  readonly incompleteReason?: string;
  readonly says: Readonly<Record<string, Answer>>;
  readonly node?: Partial<NodeCredentialList>;
  readonly fact: string;
  readonly asked: readonly string[];
}

const A = 'a:p@reg.io';
const B = 'b:p@reg.io';

const ROWS: readonly Row[] = [
  {
    name: 'a public image without any credential is asked for anonymously',
    says: { '': 'found' },
    fact: 'yes anonymous',
    asked: ['reg.io/web:1'],
  },
  {
    name: 'with a credential that matches, nobody asks anonymously: the kubelet does not',
    logins: [A],
    says: { '': 'found' },
    fact: `unknown unauthenticated: reg.io said unauthenticated; tried with ${label(0, 'a')}`,
    asked: ['reg.io/web:1 a:p'],
  },
  {
    name: 'the second credential is tried when the first one is denied',
    logins: [A, B],
    says: { a: 'forbidden', b: 'found' },
    fact: `yes ${label(1, 'b')}`,
    asked: ['reg.io/web:1 a:p', 'reg.io/web:1 b:p'],
  },
  {
    name: 'the second credential is tried when the first one is told that there is none: it may be hidden',
    logins: [A, B],
    says: { a: 'notFound', b: 'found' },
    fact: `yes ${label(1, 'b')}`,
    asked: ['reg.io/web:1 a:p', 'reg.io/web:1 b:p'],
  },
  {
    name: 'the longest key comes first, as in the kubelet',
    logins: [A, 'b:p@reg.io/we'],
    says: { b: 'found' },
    fact: `yes ${label(1, 'b', 'reg.io/we')}`,
    asked: ['reg.io/web:1 b:p'],
  },
  {
    name: 'it is no when all are told that there is none',
    logins: [A, B],
    says: { a: 'notFound', b: 'notFound' },
    fact: `no notFound: reg.io said notFound; tried with ${label(0, 'a')}; reg.io said notFound; tried with ${label(1, 'b')}`,
    asked: ['reg.io/web:1 a:p', 'reg.io/web:1 b:p'],
  },
  {
    name: 'it is not known when one is told that there is none and another one is denied',
    logins: [A, B],
    says: { a: 'notFound', b: 'forbidden' },
    fact: `unknown forbidden: reg.io said notFound; tried with ${label(0, 'a')}; reg.io said forbidden; tried with ${label(1, 'b')}`,
    asked: ['reg.io/web:1 a:p', 'reg.io/web:1 b:p'],
  },
  {
    name: 'trouble ends the tries',
    logins: [A, B],
    says: { a: 'serverError', b: 'found' },
    fact: `unknown serverError: reg.io said serverError; tried with ${label(0, 'a')}`,
    asked: ['reg.io/web:1 a:p'],
  },
  {
    name: 'a rate limit ends the tries',
    logins: [A, B],
    says: { a: 'rateLimited', b: 'found' },
    fact: `unknown rateLimited: reg.io said rateLimited; tried with ${label(0, 'a')}`,
    asked: ['reg.io/web:1 a:p'],
  },
  {
    name: 'a credential without a user name means anonymous',
    logins: [':p@reg.io'],
    says: { '': 'found' },
    fact: 'yes pull secret "s0", key "reg.io" (no user name, so anonymous)',
    asked: ['reg.io/web:1'],
  },
  {
    name: 'the same credential in two secrets is tried once',
    logins: [A, A],
    says: { a: 'notFound' },
    fact: `no notFound: reg.io said notFound; tried with ${label(0, 'a')}`,
    asked: ['reg.io/web:1 a:p'],
  },
  {
    name: 'what the node has comes after the secrets',
    logins: [A],
    says: { a: 'forbidden', n: 'found' },
    node: { credentials: [held('n')] },
    fact: 'yes node (user n)',
    asked: ['reg.io/web:1 a:p', 'reg.io/web:1 n:p'],
  },
  {
    name: 'what the node has is tried instead of nobody',
    says: { '': 'found', n: 'forbidden' },
    node: { credentials: [held('n')] },
    fact: 'unknown forbidden: reg.io said forbidden; tried with node (user n)',
    asked: ['reg.io/web:1 n:p'],
  },
  {
    name: 'where there could be more credentials it is asked anonymously, too',
    logins: [A],
    incompleteReason: 'pull secret "x" is not known',
    says: { '': 'found' },
    fact: 'yes anonymous',
    asked: ['reg.io/web:1 a:p', 'reg.io/web:1'],
  },
  {
    name: 'where there could be more credentials a failure says why they are not known',
    incompleteReason: 'pull secret "x" is not known',
    says: { '': 'forbidden' },
    fact: 'unknown forbidden: reg.io said forbidden; tried anonymously (other credentials may exist: pull secret "x" is not known)',
    asked: ['reg.io/web:1'],
  },
  {
    name: 'where there could be more credentials, not to find it proves nothing',
    incompleteReason: 'pull secret "x" is not known',
    says: { '': 'notFound' },
    fact: 'unknown notFound: reg.io said notFound; tried anonymously (other credentials may exist: pull secret "x" is not known)',
    asked: ['reg.io/web:1'],
  },
  {
    name: 'Docker Hub hides nothing behind "not found", so there it does',
    image: 'nginx:1',
    incompleteReason: 'pull secret "x" is not known',
    says: { '': 'notFound' },
    fact: 'no notFound: docker.io said notFound; tried anonymously (other credentials may exist: pull secret "x" is not known)',
    asked: ['nginx:1'],
  },
  {
    name: 'a part of the node that does not answer leaves a doubt',
    says: { '': 'notFound' },
    node: { problems: ['credential provider "p" ended with 1'] },
    fact: 'unknown notFound: reg.io said notFound; tried anonymously (other credentials may exist: credential provider "p" ended with 1)',
    asked: ['reg.io/web:1'],
  },
  {
    name: 'a registry that may not be asked is unknown',
    says: { '': 'blocked' },
    fact: 'unknown blocked: reg.io said blocked',
    asked: ['reg.io/web:1'],
  },
];

describe('the credentials of a question', () => {
  test.each(ROWS)(
    '$name',
    async ({ image = 'reg.io/web:1', logins = [], incompleteReason, says, fact, asked, ...row }) => {
      const client = fakeClient(answers(says));
      const scene = sceneOf(client, row.node === undefined ? {} : { node: node(row.node) });
      expect(shown(await scene.ask(questionOf(image, logins, { incompleteReason })))).toBe(fact);
      expect(client.asked).toEqual(asked);
    },
  );

  test('of thousands that match only twenty are tried, and the answer says so', async () => {
    const logins = Array.from({ length: 60 }, (_, index) => `u${index}:p@reg.io`);
    const client = fakeClient(() => 'notFound');
    const fact = await sceneOf(client).ask(questionOf('reg.io/web:1', logins));
    expect(client.asked).toHaveLength(20);
    expect(shown(fact)).toMatch(
      /^unknown notFound: .*; 16 more credentials also failed \(other credentials may exist: more than 20 credentials match; the others were not tried\)$/,
    );
  });

  test('a failure without a remedy of its own gets one', async () => {
    const fact = await sceneOf(fakeClient(() => 'unauthenticated')).ask(questionOf('reg.io/web:1'));
    expect(fact).toMatchObject({
      failure: { remedy: 'add a pull secret that matches the image, or configure nodeCredentials' },
    });
  });

  test('details go the same way', async () => {
    const client = fakeClient(answers({ a: 'forbidden', b: 'found' }));
    const scene = sceneOf(client);
    const fact = await scene.askDetails(questionOf('reg.io/web:1', [A, B]));
    expect(fact).toMatchObject({ state: 'yes', value: { platforms: [{ architecture: 'amd64' }] } });
    expect(client.asked).toEqual(['reg.io/web:1 a:p', 'reg.io/web:1 b:p']);
    await scene.askDetails(questionOf('reg.io/web:1', [B]));
    expect(client.asked).toHaveLength(2);
  });

  test('a bug in the client is not an answer', async () => {
    const client = { ...fakeClient(), manifest: () => Promise.reject(new TypeError('a bug')) };
    await expect(sceneOf(fakeClient(), { client }).ask(questionOf('reg.io/web:1'))).rejects.toThrow('a bug');
  });

  test('no password is in anything that comes out', async () => {
    const login = `ci:${CANARY}@reg.io`;
    for (const answer of ['found', 'forbidden', 'serverError', 'notFound'] as const) {
      const scene = sceneOf(fakeClient(() => answer));
      const question = questionOf('reg.io/web:1', [login]);
      const all = [await scene.ask(question), await scene.askDetails(question), scene.sources, question];
      const printed = all.map((one) => `${inspect(one, { depth: 20, showHidden: true })}${JSON.stringify(one)}`);
      expect(printed.join('\n')).not.toContain(CANARY);
    }
  });
});
