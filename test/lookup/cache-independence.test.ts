/** The result for an image depends on the image and the credential, never on earlier lookups. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RegistryFact, RegistryImage } from '../../src/policy/registry-fact.ts';
import { createRegistryClient } from '../../src/registry/http-client.ts';
import { createRegistrySources } from '../../src/lookup/image-source.ts';
import { type FaultServer, type React, type Reaction, serving, startFaultServer } from '../support/fault-registry.ts';
import { loopback } from '../support/registry-settings.ts';
import { CACHE, clockAt, imageLookupOf } from './fake-client.ts';
import { challenge, error, IMAGE } from '../registry/fault-reactions.ts';
import type { RegistrySources } from '../../src/admission/context.ts';

/** `fading`: tokens are rejected after 30 s, whatever their lifetime. `stepwise`: scopes are requested one after the other. */
const KINDS = ['basic', 'bearer', 'both', 'strict', 'fading', 'stepwise'] as const;
type Kind = (typeof KINDS)[number];
/** The users: `ci` can pull all images, `dev` only public images. The password of `eve` is wrong. */
const PASSWORDS: Readonly<Record<string, string>> = { ci: 'good', dev: 'good' };
const LOGINS = ['ci:good', 'dev:good', 'eve:bad', 'ci:old'] as const;
const REPOSITORIES = ['public/a', 'public/b', 'private/a', 'private/b', 'hidden/a', 'walled/a', 'public/none'] as const;

let servers: ReadonlyMap<Kind, FaultServer>;
beforeAll(async () => {
  servers = new Map(await Promise.all(KINDS.map(async (kind) => [kind, await startFaultServer()] as const)));
});
afterAll(() => Promise.all([...servers.values()].map((server) => server.close())));

const clock = clockAt(1_000_000);
const hostOf = (kind: Kind): string => `127.0.0.1:${servers.get(kind)?.port}`;

/** `undefined`: anonymous. `wrong`: a credential that is always rejected. */
function userOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const [scheme, value = ''] = authorization.split(' ');
  if (scheme === 'Bearer') return value.startsWith('token-') ? value.split('-')[1] : 'wrong';
  const [name = '', password] = atob(value).split(':');
  return PASSWORDS[name] === password ? name : 'wrong';
}

/** `token-USER-TIME-SCOPE` */
function isOver(kind: Kind, authorization: string | undefined): boolean {
  const issued = Number(authorization?.split('-')[2]);
  return kind === 'fading' && clock.ms - issued > 30_000;
}

function tokenFor(kind: Kind, user: string | undefined, scope: string): Reaction {
  if (user === 'wrong' || (kind === 'strict' && user === undefined)) return { status: 401 };
  return { body: JSON.stringify({ token: `token-${user ?? 'nobody'}-${clock.ms}-${scope}`, expires_in: 600 }) };
}

function registry(kind: Kind): React {
  const wants = (scope: string): Reaction => {
    const bearer = `Bearer realm="http://${hostOf(kind)}/token",service="s",scope="${scope}"`;
    return challenge(kind === 'basic' ? 'Basic' : kind === 'both' ? [bearer, 'Basic'] : bearer);
  };
  return ({ url, headers: { authorization } }) => {
    const user = userOf(authorization);
    const scope = new URL(url, 'http://x').searchParams.get('scope');
    if (scope !== null) return tokenFor(kind, user, scope);
    const own = `repository:${url.split('/').slice(2, 4).join('/')}:pull`;
    if (user === 'wrong') return wants(own);
    if (isOver(kind, authorization)) return { status: 403 };
    const isStep = kind === 'stepwise' && authorization?.endsWith(own) !== true;
    if (isStep && authorization !== undefined) return wants(own);
    return imageFor(url, user, () => wants(isStep ? 'registry:catalog:*' : own));
  };
}

function imageFor(url: string, user: string | undefined, wants: () => Reaction): Reaction {
  const [, group, name] = /^\/v2\/([^/]*)\/([^/]*)\//.exec(url) ?? [];
  if (name === 'none') return { status: 404, body: error('NAME_UNKNOWN', 'no such repository') };
  if (group === 'public' || user === 'ci') return serving(IMAGE.manifest);
  // Requests no credentials, and returns a wrong error.
  if (group === 'hidden') return { status: 404 };
  if (group === 'walled') return { status: 403 };
  return user === undefined || user === 'nobody' ? wants() : { status: 403, body: error('DENIED', 'no') };
}

function proofOf(fact: RegistryFact<RegistryImage>): object {
  if (fact.state === 'yes') return { state: fact.state, digest: fact.value.digest, provesPull: fact.value.provesPull };
  const { cause, credentialUntested } = fact.failure;
  return { state: fact.state, cause, credentialUntested };
}

/** Few values, so that many lookups repeat. */
const mostly = <T>(usual: T, all: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(...all) });

const steps = fc.constantFrom(...KINDS).chain((usual) =>
  fc.array(
    fc.record({
      kind: mostly<Kind>(usual, KINDS),
      repository: mostly<string>('private/a', REPOSITORIES),
      tag: fc.constantFrom('1', '2'),
      logins: fc.oneof(
        fc.constant<string[]>(['ci:good']),
        fc.uniqueArray(fc.constantFrom<string[]>(...LOGINS), { maxLength: 2 }),
      ),
      waitMs: fc.constantFrom(0, 1000, 61_000),
    }),
    { minLength: 2, maxLength: 7 },
  ),
);

test('a thousand lookups in any order have the same results as separate lookups', async () => {
  for (const [kind, server] of servers) server.reactWith(registry(kind));
  const settings = loopback(...KINDS.map(hostOf));
  const open = (): { readonly sources: RegistrySources; readonly close: () => Promise<void> } => {
    const client = createRegistryClient(settings, { env: {}, now: clock.now });
    return { sources: createRegistrySources({ client, settings: CACHE, now: clock.now }), close: () => client.close() };
  };
  await fc.assert(
    fc.asyncProperty(steps, async (lookups) => {
      const remembering = open();
      for (const { kind, repository, tag, logins, waitMs } of lookups) {
        clock.ms += waitMs;
        const host = hostOf(kind);
        const lookup = imageLookupOf(
          `${host}/${repository}:${tag}`,
          logins.map((login, index) => `${login}@${host}${index === 0 ? '' : '/'}`),
        );
        const alone = open();
        const signal = AbortSignal.timeout(10_000);
        const [before, now] = [
          await remembering.sources.images.lookUp(lookup, signal),
          await alone.sources.images.lookUp(lookup, signal),
        ];
        await alone.close();
        // A message can name another Secret that contains the same credential.
        expect(proofOf(before)).toEqual(proofOf(now));
      }
      await remembering.close();
    }),
    { numRuns: 60 },
  );
}, 60_000);

test.each<[string, Kind, readonly [image: string, login: string], readonly [image: string, login: string], string]>([
  ['a public image with an old password', 'basic', ['private/a', 'ci:good'], ['public/a', 'ci:old'], 'yes'],
  ['a public image anonymously', 'basic', ['private/a', 'ci:good'], ['public/a', ''], 'yes'],
  [
    'a public image with an old password and a token',
    'bearer',
    ['private/a', 'ci:good'],
    ['public/a', 'ci:old'],
    'yes',
  ],
  ['a public image where tokens are for users', 'strict', ['private/a', 'ci:good'], ['public/a', 'eve:bad'], 'yes'],
  ['an image that is not hidden from anyone', 'basic', ['private/a', 'ci:good'], ['hidden/a', 'ci:good'], 'no'],
  ['an image behind a blocking proxy', 'both', ['private/a', 'ci:good'], ['walled/a', 'ci:good'], 'unknown'],
  ['the same image with another password', 'basic', ['private/a', 'ci:good'], ['private/a', 'ci:old'], 'unknown'],
  ['the same image after another password', 'basic', ['private/a', 'ci:old'], ['private/a', 'ci:good'], 'yes'],
])('%s (%s) has the same result after another lookup', async (_what, kind, first, second, state) => {
  for (const [each, server] of servers) server.reactWith(registry(each));
  const host = hostOf(kind);
  const lookUp = async (sources: RegistrySources, [image, login]: readonly [string, string]) =>
    sources.images.lookUp(
      imageLookupOf(`${host}/${image}:1`, login === '' ? [] : [`${login}@${host}`]),
      AbortSignal.timeout(10_000),
    );
  const client = createRegistryClient(loopback(host), { env: {} });
  const sources = createRegistrySources({ client, settings: CACHE, now: Date.now });
  const alone = (await lookUp(createRegistrySources({ client, settings: CACHE, now: Date.now }), second)).state;
  await lookUp(sources, first);
  expect([alone, (await lookUp(sources, second)).state]).toEqual([state, state]);
  await client.close();
});
