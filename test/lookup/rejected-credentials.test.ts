/** A credential is rejected only if it was sent, and the registry or its token server rejected it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Credential } from '../../src/registry/credential.ts';
import { createRegistrySources } from '../../src/lookup/image-source.ts';
import type { React } from '../support/fault-registry.ts';
import { identityToken, registryToken, target } from '../support/registry-settings.ts';
import { CACHE, imageLookupOf } from './fake-client.ts';
import { CREDENTIAL, createWorld, failureOf, type World } from '../registry/test-hosts.ts';
import { always, behindToken, challenge, redirect, tag } from '../registry/fault-reactions.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 30_000);
afterAll(() => world.close());

const LABEL = 'pull secret "regcred" (user ci)';
const UNSENT = 'HOST returned HTTP 401 for "team/app:1", requested without credentials';

interface Row {
  readonly react: (world: World) => React;
  readonly elsewhere?: React;
  readonly credential?: Credential;
  readonly cause: 'unauthenticated' | 'forbidden' | 'notFound';
  readonly message: string;
}

const UNJUDGED: Readonly<Record<string, Row>> = {
  'a registry with another authentication scheme': {
    react: () => always(challenge('Negotiate')),
    cause: 'unauthenticated',
    message: `${UNSENT}; ${LABEL} was not sent: the registry requires negotiate, and tidewaiter supports only Basic and Bearer`,
  },
  'a registry with many authentication schemes': {
    react: () => always(challenge(['Negotiate, NTLM', 'Digest realm="x"', 'OAuth', 'Mutual'])),
    cause: 'unauthenticated',
    message: `${UNSENT}; ${LABEL} was not sent: the registry requires negotiate, ntlm, digest, and tidewaiter supports only Basic and Bearer`,
  },
  'a registry that names no authentication scheme': {
    react: () => always({ status: 401 }),
    cause: 'unauthenticated',
    message: `${UNSENT}; ${LABEL} was not sent: the registry names no authentication scheme`,
  },
  'a registry with an invalid challenge': {
    react: () => always(challenge('"nothing"')),
    cause: 'unauthenticated',
    message: `${UNSENT}; ${LABEL} was not sent: the registry names no authentication scheme`,
  },
  'a registry that requires a user name if there is only a token': {
    react: () => always(challenge('Basic')),
    credential: identityToken('refresh'),
    cause: 'unauthenticated',
    message: `${UNSENT}; docker config (identity token) was not sent: it is a token, but the registry requires a user name and a password`,
  },
  'a registry token that cannot be sent': {
    react: ({ host }) => always(challenge(`Bearer realm="https://${host}/token"`)),
    credential: registryToken('two words'),
    cause: 'unauthenticated',
    message: `${UNSENT}; docker config (registry token) was not sent: it is not a valid bearer token`,
  },
  'a proxy that blocks the registry': {
    react: () => always({ status: 403 }),
    cause: 'forbidden',
    message: `HOST returned HTTP 403 for "team/app:1", requested without credentials; ${LABEL} was not sent: the registry did not request it`,
  },
  'a missing image in a registry without authentication': {
    react: () => always({ status: 404 }),
    cause: 'notFound',
    message: 'HOST does not have "team/app:1"',
  },
  'a storage host that returns 403': {
    react:
      ({ elsewhereHost }) =>
      ({ headers }) =>
        headers.authorization === undefined ? challenge('Basic') : redirect(`https://${elsewhereHost}/x`),
    elsewhere: always({ status: 403 }),
    cause: 'forbidden',
    message: `ELSEWHERE (redirect from HOST) returned HTTP 403 for "team/app:1", requested without credentials; ${LABEL} was not sent: credentials are not sent to the host of a redirect`,
  },
  'a storage host that returns 401': {
    react: ({ elsewhereHost }) => always(redirect(`https://${elsewhereHost}/x`)),
    elsewhere: always(challenge('Basic')),
    cause: 'unauthenticated',
    message: `ELSEWHERE (redirect from HOST) returned HTTP 401 for "team/app:1", requested without credentials; ${LABEL} was not sent: credentials are not sent to the host of a redirect`,
  },
  'a host that a token server redirects to': {
    react: ({ host, elsewhereHost }) =>
      behindToken(`https://${host}/token`, always(redirect(`https://${elsewhereHost}/x`))),
    elsewhere: always({ status: 401 }),
    cause: 'unauthenticated',
    message: `ELSEWHERE (redirect from the token server of HOST) returned HTTP 401 for "team/app:1", requested without credentials; ${LABEL} was not sent: credentials are not sent to the host of a redirect`,
  },
};

const JUDGED: Readonly<Record<string, Row>> = {
  'by the registry, with Basic': {
    react: () => always(challenge('Basic')),
    cause: 'unauthenticated',
    message: `HOST returned HTTP 401 for "team/app:1", requested with ${LABEL}`,
  },
  'by the registry, which knows it': {
    react:
      () =>
      ({ headers }) =>
        headers.authorization === undefined ? challenge('Basic') : { status: 403 },
    cause: 'forbidden',
    message: `HOST returned HTTP 403 for "team/app:1", requested with ${LABEL}`,
  },
  'by the registry, with a token': {
    react:
      ({ host }) =>
      ({ url, headers }) => {
        if (url.startsWith('/token')) return { body: '{"token":"t"}' };
        return headers.authorization === undefined
          ? challenge(`Bearer realm="https://${host}/token"`)
          : { status: 403 };
      },
    cause: 'forbidden',
    message: `HOST returned HTTP 403 for "team/app:1", requested with ${LABEL}`,
  },
  'by the token server': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ status: 401 })),
    cause: 'unauthenticated',
    message: `the token server of HOST returned HTTP 401 for "team/app:1", requested with ${LABEL}`,
  },
  'by the token server, as an identity token': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ status: 401 })),
    credential: identityToken('refresh'),
    cause: 'unauthenticated',
    message:
      'the token server of HOST returned HTTP 401 for "team/app:1", requested with docker config (identity token)',
  },
  'after a redirect within the registry': {
    react:
      () =>
      ({ url, headers }) => {
        if (headers.authorization === undefined) return challenge('Basic');
        return url === '/moved' ? { status: 403 } : redirect('/moved');
      },
    cause: 'forbidden',
    message: `HOST returned HTTP 403 for "team/app:1", requested with ${LABEL}`,
  },
};

async function refusal({ react, elsewhere, credential = CREDENTIAL }: Row) {
  world.registry.reactWith(react(world));
  world.elsewhere.reactWith(elsewhere ?? always({ status: 500 }));
  const pending = world.client().manifest(target(tag(world.host), credential), AbortSignal.timeout(10_000));
  const { failure } = await failureOf(pending);
  const message = failure.message.replaceAll(world.host, 'HOST').replaceAll(world.elsewhereHost, 'ELSEWHERE');
  return { ...failure, message };
}

describe('a credential is not rejected by', () => {
  test.each(Object.entries(UNJUDGED))('%s', async (_what, row) => {
    const { cause, message, credentialUntested, remedy } = await refusal(row);
    expect({ cause, message, credentialUntested }).toEqual({
      cause: row.cause,
      message: row.message,
      credentialUntested: true,
    });
    expect(remedy ?? '').not.toContain(LABEL);
  });
});

describe('a credential is rejected', () => {
  test.each(Object.entries(JUDGED))('%s', async (_what, row) => {
    const { cause, message, credentialUntested } = await refusal(row);
    expect({ cause, message, credentialUntested }).toEqual({
      cause: row.cause,
      message: row.message,
      credentialUntested: undefined,
    });
  });
});

describe('of several credentials', () => {
  const all = async (logins: readonly string[]) => {
    const source = createRegistrySources({ client: world.client(), settings: CACHE, now: Date.now });
    const fact = await source.images.lookUp(imageLookupOf(tag(world.host), logins), AbortSignal.timeout(10_000));
    return fact.state === 'yes' ? undefined : fact.failure;
  };
  const logins = (count: number) => Array.from({ length: count }, (_, at) => `u${at}:p@${world.host}`);

  test('all are rejected if the registry rejects all', async () => {
    world.registry.reactWith(always(challenge('Basic')));
    expect((await all(logins(3)))?.credentialUntested).toBeUndefined();
  });

  test('none counts as rejected if one was not sent', async () => {
    let wanted = 0;
    world.registry.reactWith(({ headers }) => {
      if (headers.authorization !== undefined) return { status: 401 };
      return challenge((wanted += 1) === 2 ? 'Negotiate' : 'Basic');
    });
    expect((await all(logins(3)))?.credentialUntested).toBe(true);
  });

  test('none counts as rejected if there are too many to try', async () => {
    world.registry.reactWith(always(challenge('Basic')));
    expect((await all(logins(21)))?.credentialUntested).toBe(true);
  });

  test('none is reported as sent if the image is missing and the registry requires no credentials', async () => {
    world.registry.reactWith(always({ status: 404 }));
    expect((await all(logins(1)))?.message.replaceAll(world.host, 'HOST')).toBe(
      'HOST does not have "team/app:1"; tried anonymously, because the registry did not request credentials',
    );
  });
});
