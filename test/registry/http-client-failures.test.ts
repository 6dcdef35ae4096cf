/** Registries that fail, lie or attack: each gets its right name, in time, and no credential that is not its own. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RegistryCause } from '../../src/policy/registry-fact.ts';
import { type React, serving } from '../support/fault-registry.ts';
import { digestOf } from '../support/push-image.ts';
import { identityToken, target } from '../support/registry-settings.ts';
import { CREDENTIAL, createWorld, expectNoCredentialAt, failureOf, type World } from './test-hosts.ts';
import { IMAGE, INDEX, OTHER, NOW, always, redirect, error, challenge, behindToken, tag } from './fault-reactions.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 30_000);
afterAll(() => world.close());

const { bytes, digest, mediaType } = IMAGE.manifest;

interface Row {
  readonly react: (world: World) => React;
  readonly elsewhere?: React;
  readonly how?: 'details';
  readonly reference?: (host: string) => string;
  readonly cause: RegistryCause;
  readonly message: RegExp;
  readonly remedy?: RegExp;
  readonly retryAfterMs?: number;
  /** Requests that the registry got, tokens included. */
  readonly requests?: number;
  readonly deadlineMs?: number;
  readonly credential?: typeof CREDENTIAL;
}

const ROWS: Readonly<Record<string, Row>> = {
  'answers 401 to Basic for ever': {
    react: () => always(challenge('Basic realm="x"')),
    cause: 'unauthenticated',
    message: /^HOST returned HTTP 401 for "team\/app:1", requested with pull secret "regcred" \(user ci\)$/,
    requests: 2,
  },
  'answers 401 to every token': {
    react:
      ({ host }) =>
      (received) =>
        received.url.startsWith('/token')
          ? { body: '{"token":"good"}' }
          : challenge(`Bearer realm="https://${host}/token"`),
    cause: 'unauthenticated',
    message: /returned HTTP 401 .*, requested with pull secret/,
    requests: 3,
  },
  'answers 401 and does not say how to answer': {
    react: () => always({ status: 401 }),
    cause: 'unauthenticated',
    message: /returned HTTP 401/,
    requests: 1,
  },
  'wants only what nobody here speaks': {
    react: () => always(challenge(['Negotiate', 'NTLM TlRMTVNTUAAC, Digest realm="a", nonce="b"'])),
    cause: 'unauthenticated',
    message: /returned HTTP 401/,
    requests: 1,
  },
  denies: {
    react: () => (received) =>
      received.headers.authorization === undefined
        ? challenge('Basic')
        : { status: 403, body: error('DENIED', 'requested access is denied') },
    how: 'details',
    cause: 'forbidden',
    message:
      /^HOST returned HTTP 403 for "team\/app:1", requested with pull secret "regcred" \(user ci\): DENIED "requested access is denied"$/,
    remedy: /grant the account of pull secret "regcred" \(user ci\) pull access to "team\/app"/,
  },
  'has nothing': {
    react: () => always({ status: 404, body: error('NAME_UNKNOWN', 'repository name not known') }),
    how: 'details',
    cause: 'notFound',
    message: /^HOST does not have "team\/app:1": NAME_UNKNOWN "repository name not known"$/,
  },
  'limits the rate, and gives seconds': {
    react: () => always({ status: 429, headers: { 'retry-after': '30' } }),
    cause: 'rateLimited',
    message: /^HOST returned HTTP 429; retry after 30 s$/,
    retryAfterMs: 30_000,
    requests: 1,
  },
  'limits the rate, and gives a date': {
    react: () => always({ status: 429, headers: { 'retry-after': 'Fri, 02 Jan 2026 03:05:05 GMT' } }),
    cause: 'rateLimited',
    message: /retry after 60 s$/,
    retryAfterMs: 60_000,
  },
  'limits the rate, and gives no time': {
    react: () => always({ status: 429 }),
    cause: 'rateLimited',
    message: /^HOST returned HTTP 429$/,
    requests: 1,
  },
  'limits the rate again after the wait that it asked for': {
    react: () => always({ status: 429, headers: { 'retry-after': '0' } }),
    cause: 'rateLimited',
    message: /429; retry after 0 s$/,
    retryAfterMs: 0,
    requests: 2,
  },
  'is broken twice': {
    react: () => always({ status: 500 }),
    cause: 'serverError',
    message: /^HOST returned HTTP 500$/,
    requests: 2,
  },
  'is broken for longer than there is time': {
    react: () => always({ status: 503, headers: { 'retry-after': '600' } }),
    cause: 'serverError',
    message: /^HOST returned HTTP 503; retry after 600 s$/,
    retryAfterMs: 600_000,
    requests: 1,
  },
  'tells of a status that means nothing here': {
    react: () => always({ status: 418 }),
    cause: 'protocol',
    message: /^HOST returned HTTP 418$/,
  },
  'does not answer': {
    react: () => always({ how: 'hang' }),
    cause: 'timeout',
    message: /^HOST did not respond in time$/,
    deadlineMs: 300,
  },
  drips: {
    react: () => always({ headers: { 'content-type': mediaType }, how: 'drip' }),
    how: 'details',
    cause: 'timeout',
    message: /^HOST did not respond in time$/,
    deadlineMs: 400,
  },
  'cuts each connection': {
    react: () => always({ how: 'cut' }),
    cause: 'unreachable',
    message: /^HOST closed the connection \(\w+\)$/,
    requests: 2,
  },
  'cuts the answer': {
    react: () => always({ headers: { 'content-type': mediaType, 'content-length': '4000' }, how: 'cut-body' }),
    how: 'details',
    cause: 'unreachable',
    message: /^HOST closed the connection/,
  },
  'sends other content than its own digest says': {
    react: () => always(serving({ bytes, digest: OTHER, mediaType })),
    how: 'details',
    cause: 'protocol',
    message: new RegExp(`returned content for "1" that does not match: its digest is ${OTHER}$`),
  },
  'sends other content than was asked for': {
    react: () => always({ headers: { 'content-type': mediaType }, body: bytes }),
    reference: (host) => `${host}/team/app@${OTHER}`,
    cause: 'protocol',
    message: new RegExp(`returned content for ${OTHER} that does not match: its digest is ${digest}$`),
  },
  'says another digest than was asked for': {
    react: () => always(serving(IMAGE.manifest)),
    reference: (host) => `${host}/team/app@${OTHER}`,
    cause: 'protocol',
    message: new RegExp(`returned content for ${OTHER}`),
    requests: 1,
  },
  'answers with a page': {
    react: () => always({ headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>Log in' }),
    cause: 'protocol',
    message: /^HOST returned "text\/html"; expected a manifest$/,
    remedy: /a proxy may require a login/,
  },
  'says no type, neither outside nor inside': {
    react: () => always({ body: '{"schemaVersion":2}' }),
    cause: 'protocol',
    message: /returned a manifest without a media type/,
  },
  'has only schema 1': {
    react: () => always({ headers: { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' } }),
    cause: 'protocol',
    message: /^HOST has only a schema 1 manifest/,
    remedy: /push the image again/,
  },
  'has only schema 1, and says JSON': {
    react: () => always({ headers: { 'content-type': 'application/json' }, body: '{"schemaVersion":1,"fsLayers":[]}' }),
    cause: 'protocol',
    message: /^HOST has only a schema 1 manifest/,
    remedy: /push the image again/,
  },
  'has only schema 1, and says so inside': {
    react: () =>
      always({
        headers: { 'content-type': 'text/plain' },
        body: '{"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"}',
      }),
    cause: 'protocol',
    message: /^HOST has only a schema 1 manifest/,
  },
  'says JSON, and sends a configuration': {
    react: () =>
      always({ headers: { 'content-type': 'application/json' }, body: '{"architecture":"amd64","os":"linux"}' }),
    cause: 'protocol',
    message: /^HOST returned a manifest without a media type$/,
  },
  'says one type outside and another inside': {
    react: () => always({ headers: { 'content-type': INDEX.manifest.mediaType }, body: bytes }),
    cause: 'protocol',
    message:
      /returned a manifest that has the mediaType "application\/vnd.oci.image.manifest.v1\+json", but the Content-Type ".*index.*"$/,
  },
  'sends an index that is an image as well': {
    react: () => () => {
      const both = { ...JSON.parse(bytes.toString()), mediaType: undefined, manifests: [] };
      return { headers: { 'content-type': mediaType }, body: JSON.stringify(both) };
    },
    cause: 'protocol',
    message: /is both an index and an image$/,
  },
  'sends no end of a manifest': {
    react: () => always({ headers: { 'content-type': mediaType }, how: 'flood' }),
    how: 'details',
    cause: 'protocol',
    message: /^HOST returned more than \d+ bytes$/,
  },
  'sends a bomb': {
    react: () =>
      always({ headers: { 'content-type': mediaType, 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(5e7)) }),
    how: 'details',
    cause: 'protocol',
    message: /^HOST returned a compressed response/,
  },
  'says that its configuration is huge': {
    react: () => (received) => {
      const manifest = Buffer.from(bytes.toString().replace(/"size": \d+/, '"size": 99999999'));
      return received.url.includes('/manifests/')
        ? serving({ bytes: manifest, digest: digestOf(manifest), mediaType })
        : { how: 'flood' };
    },
    how: 'details',
    cause: 'protocol',
    message: /has an image configuration of 99999999 bytes/,
    requests: 1,
  },
  'sends a configuration that is another': {
    react: () => (received) =>
      received.url.includes('/manifests/')
        ? serving(IMAGE.manifest)
        : { body: Buffer.alloc(IMAGE.blobs[0]?.bytes.length ?? 0, ' ') },
    how: 'details',
    cause: 'protocol',
    message: /does not match: its digest is/,
  },
  'has an index and not what it names': {
    react: () => (received) => (received.url.endsWith('/1') ? serving(INDEX.manifest) : { status: 404 }),
    how: 'details',
    cause: 'protocol',
    message: /^HOST does not have all parts of "team\/app:1"$/,
  },
  'repeats the password': {
    react: () => (received) =>
      received.headers.authorization === undefined
        ? challenge('Basic')
        : { status: 403, body: error('DENIED', `${atob(received.headers.authorization.slice(6))} is wrong`) },
    how: 'details',
    cause: 'forbidden',
    message: /: DENIED$/,
  },
  'repeats the header': {
    react: () => (received) =>
      received.headers.authorization === undefined
        ? challenge('Basic')
        : { status: 403, body: error('X', `got ${received.headers.authorization}`) },
    how: 'details',
    cause: 'forbidden',
    message: /: X$/,
  },
  'writes to the terminal': {
    react: () => always({ status: 403, body: error('A B', `\u001b[31m"${'x'.repeat(500)}`) }),
    how: 'details',
    cause: 'forbidden',
    message:
      /: "\\u001b\[31m\\"x{50,120}…"; pull secret "regcred" \(user ci\) was not sent: the registry did not request it$/,
  },
  'redirects to a metadata address': {
    react: () => always(redirect('https://169.254.169.254/latest/meta-data/')),
    cause: 'blocked',
    message:
      /^169\.254\.169\.254 \(redirect from HOST\) was not contacted: .* has the metadata address 169\.254\.169\.254$/,
    requests: 1,
  },
  'redirects to a metadata address in other clothes': {
    react: () => always(redirect('https://[::ffff:a9fe:a9fe]/')),
    cause: 'blocked',
    message: /has the metadata address/,
  },
  'redirects to a number that is an address': {
    react: () => always(redirect('https://2130706433/')),
    cause: 'blocked',
    message: /has the loopback address 127\.0\.0\.1$/,
  },
  'redirects to a name that stands for a metadata address': {
    react: () => always(redirect('https://metadata.test/')),
    cause: 'blocked',
    message: /"metadata\.test" resolves to the metadata address 169\.254\.169\.254$/,
  },
  'redirects to a name that stands for a private address': {
    react: () => always(redirect('https://mapped.test/')),
    cause: 'blocked',
    message: /"mapped\.test" resolves to the private address ::ffff:10\.0\.0\.1$/,
    remedy: /add \{host: "mapped\.test", allowPrivate: true\} to "registries"/,
  },
  'redirects to another private host': {
    react: ({ strangerHost }) => always(redirect(`https://${strangerHost}/`)),
    cause: 'blocked',
    message: /"stranger\.test:\d+" resolves to the loopback address/,
  },
  'redirects to plain HTTP': {
    react: ({ plainHost }) => always(redirect(`http://${plainHost}/`)),
    cause: 'blocked',
    message: /^HOST redirects to plain HTTP at plain\.test:\d+, which is not allowed$/,
    remedy: /set "insecure: true" for "plain\.test:\d+"/,
  },
  'redirects to its own port without TLS': {
    react: ({ host }) => always(redirect(`http://${host}/`)),
    cause: 'blocked',
    message: /redirects to plain HTTP/,
  },
  'redirects to another scheme': {
    react: () => always(redirect('file:///etc/passwd')),
    cause: 'protocol',
    message: /redirects to a URL with the scheme "file:"$/,
  },
  'redirects with a user': {
    react: ({ elsewhereHost }) => always(redirect(`https://user:secret@${elsewhereHost}/`)),
    cause: 'protocol',
    message: /redirects to a URL with a user name$/,
  },
  'redirects nowhere': {
    react: () => always({ status: 302 }),
    cause: 'protocol',
    message: /^HOST redirects to an invalid URL$/,
    requests: 1,
  },
  'redirects in circles': {
    react: ({ host }) => always(redirect(`https://${host}/again`)),
    cause: 'protocol',
    message: /^HOST redirects more than 5 times$/,
    requests: 6,
  },
  'redirects to who wants the credential': {
    react:
      ({ elsewhereHost }) =>
      (received) =>
        received.headers.authorization === undefined ? challenge('Basic') : redirect(`https://${elsewhereHost}/x`),
    elsewhere: always(challenge('Basic realm="give it to me"')),
    cause: 'unauthenticated',
    message: /^elsewhere\.test:\d+ \(redirect from HOST\) returned HTTP 401/,
  },
  'redirects to who sends it to a token server of its own': {
    react: ({ elsewhereHost }) => always(redirect(`https://${elsewhereHost}/x`)),
    elsewhere: ({ headers }) => challenge(`Bearer realm="https://${headers.host}/token"`),
    cause: 'unauthenticated',
    message: /^elsewhere\.test:\d+ \(redirect from HOST\) returned HTTP 401/,
    requests: 1,
  },
  'has its tokens at a private host that nobody configured': {
    react: ({ strangerHost }) => behindToken(`https://${strangerHost}/token`),
    cause: 'blocked',
    message: /^the token server stranger\.test:\d+ of HOST was not contacted/,
  },
  'has its tokens at a metadata address': {
    react: () => behindToken('https://169.254.170.2/token'),
    cause: 'blocked',
    message: /has the metadata address 169\.254\.170\.2$/,
  },
  'has its tokens at plain HTTP': {
    react: ({ plainHost }) => behindToken(`http://${plainHost}/token`),
    cause: 'blocked',
    message: /^HOST points to plain HTTP at plain\.test:\d+/,
  },
  'has its tokens at a URL with a user': {
    react: ({ elsewhereHost }) => behindToken(`https://a:b@${elsewhereHost}/token`),
    cause: 'protocol',
    message: /^HOST points to a URL with a user name$/,
  },
  'has its tokens nowhere': {
    react: () => behindToken('not a url'),
    cause: 'protocol',
    message: /names the token server "not a url", which is not a valid URL$/,
  },
  'has a token server that redirects away': {
    react: ({ host, elsewhereHost }) =>
      behindToken(`https://${host}/token`, always(redirect(`https://${elsewhereHost}/x`))),
    elsewhere: always({ status: 401 }),
    cause: 'unauthenticated',
    message: /^elsewhere\.test:\d+ \(redirect from the token server of HOST\) returned HTTP 401/,
  },
  'has a token server that redirects a refresh token away': {
    react: ({ host, elsewhereHost }) =>
      behindToken(`https://${host}/token`, always(redirect(`https://${elsewhereHost}/x`))),
    credential: identityToken(CREDENTIAL.secret.kind === 'basic' ? CREDENTIAL.secret.password() : ''),
    cause: 'protocol',
    message: /redirects a request that contains a credential$/,
  },
  'has a token server that knows no such user': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ status: 401 })),
    cause: 'unauthenticated',
    message: /^the token server of HOST returned HTTP 401 for "team\/app:1", requested with pull secret/,
  },
  'has a token server that denies': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ status: 403 })),
    cause: 'forbidden',
    message: /^the token server of HOST returned HTTP 403/,
  },
  'has no token server where it says': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ status: 404 })),
    cause: 'protocol',
    message: /returned HTTP 404$/,
  },
  'has a token server that limits the rate': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ status: 429, headers: { 'retry-after': '9' } })),
    cause: 'rateLimited',
    message: /^the token server of HOST returned HTTP 429; retry after 9 s$/,
    retryAfterMs: 9000,
  },
  'has a token server that is broken': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ status: 502 })),
    cause: 'serverError',
    message: /^the token server of HOST returned HTTP 502$/,
  },
  'has a token server that is broken, and may have used up the refresh token': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ status: 502 })),
    credential: identityToken('refresh'),
    cause: 'serverError',
    message: /^the token server of HOST returned HTTP 502$/,
    requests: 2,
  },
  'has a token server that hangs': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ how: 'hang' })),
    cause: 'timeout',
    message: /^the token server of HOST did not respond in time$/,
    deadlineMs: 300,
  },
  'has a token server without end': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ how: 'flood' })),
    cause: 'protocol',
    message: /^the token server of HOST returned more than 65536 bytes$/,
  },
  'has a token server that sends no token': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ body: '{"token":"a\\r\\nb"}' })),
    cause: 'protocol',
    message: /returned no token$/,
  },
};

describe('a registry that', () => {
  test.each(Object.entries(ROWS))('%s', async (_name, row) => {
    const { react, elsewhere, how, reference = tag, deadlineMs = 10_000, credential = CREDENTIAL } = row;
    world.registry.reactWith(react(world));
    world.elsewhere.reactWith(elsewhere ?? always({ status: 500 }));
    world.plain.reactWith(always({ status: 500 }));
    const client = world.client({}, { now: () => NOW });
    const wanted = target(reference(world.host), credential);
    const signal = AbortSignal.timeout(deadlineMs);
    const asked = how === 'details' ? client.details(wanted, signal) : client.manifest(wanted, signal);
    const { failure, retryAfterMs } = await failureOf(asked);

    expect(failure.message.replaceAll(world.host, 'HOST')).toMatch(row.message);
    expect(failure.cause).toBe(row.cause);
    if (row.remedy !== undefined) expect(failure.remedy).toMatch(row.remedy);
    expect(retryAfterMs).toBe(row.retryAfterMs);
    if (row.requests !== undefined) expect(world.registry.received).toHaveLength(row.requests);
    expectNoCredentialAt(world.elsewhere);
    expectNoCredentialAt(world.plain);
    if (elsewhere === undefined) expect(world.elsewhere.received).toEqual([]);
    expect(world.plain.received).toEqual([]);
  });
});
