/** Registries that fail, lie, or attack: each is reported correctly and in time, and gets no credential of another. */
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
  'always returns 401 to Basic': {
    react: () => always(challenge('Basic realm="x"')),
    cause: 'unauthenticated',
    message: /^HOST returned HTTP 401 for "team\/app:1", requested with pull secret "regcred" \(user ci\)$/,
    requests: 2,
  },
  'returns 401 to every token': {
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
  'returns 401 without a challenge': {
    react: () => always({ status: 401 }),
    cause: 'unauthenticated',
    message: /returned HTTP 401/,
    requests: 1,
  },
  'requires an unsupported authentication scheme': {
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
  'does not have the image': {
    react: () => always({ status: 404, body: error('NAME_UNKNOWN', 'repository name not known') }),
    how: 'details',
    cause: 'notFound',
    message: /^HOST does not have "team\/app:1": NAME_UNKNOWN "repository name not known"$/,
  },
  'limits the rate, with seconds': {
    react: () => always({ status: 429, headers: { 'retry-after': '30' } }),
    cause: 'rateLimited',
    message: /^HOST returned HTTP 429; retry after 30 s$/,
    retryAfterMs: 30_000,
    requests: 1,
  },
  'limits the rate, with a date': {
    react: () => always({ status: 429, headers: { 'retry-after': 'Fri, 02 Jan 2026 03:05:05 GMT' } }),
    cause: 'rateLimited',
    message: /retry after 60 s$/,
    retryAfterMs: 60_000,
  },
  'limits the rate, without a time': {
    react: () => always({ status: 429 }),
    cause: 'rateLimited',
    message: /^HOST returned HTTP 429$/,
    requests: 1,
  },
  'limits the rate again after its Retry-After': {
    react: () => always({ status: 429, headers: { 'retry-after': '0' } }),
    cause: 'rateLimited',
    message: /429; retry after 0 s$/,
    retryAfterMs: 0,
    requests: 2,
  },
  'returns 5xx twice': {
    react: () => always({ status: 500 }),
    cause: 'serverError',
    message: /^HOST returned HTTP 500$/,
    requests: 2,
  },
  'returns 5xx until the deadline': {
    react: () => always({ status: 503, headers: { 'retry-after': '600' } }),
    cause: 'serverError',
    message: /^HOST returned HTTP 503; retry after 600 s$/,
    retryAfterMs: 600_000,
    requests: 1,
  },
  'returns an unexpected status': {
    react: () => always({ status: 418 }),
    cause: 'protocol',
    message: /^HOST returned HTTP 418$/,
  },
  'does not respond': {
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
  'closes each connection': {
    react: () => always({ how: 'cut' }),
    cause: 'unreachable',
    message: /^HOST closed the connection \(\w+\)$/,
    requests: 2,
  },
  'closes the connection during the response': {
    react: () => always({ headers: { 'content-type': mediaType, 'content-length': '4000' }, how: 'cut-body' }),
    how: 'details',
    cause: 'unreachable',
    message: /^HOST closed the connection/,
  },
  'returns content with another digest than it states': {
    react: () => always(serving({ bytes, digest: OTHER, mediaType })),
    how: 'details',
    cause: 'protocol',
    message: new RegExp(`returned content for "1" that does not match: its digest is ${OTHER}$`),
  },
  'returns content with another digest than requested': {
    react: () => always({ headers: { 'content-type': mediaType }, body: bytes }),
    reference: (host) => `${host}/team/app@${OTHER}`,
    cause: 'protocol',
    message: new RegExp(`returned content for ${OTHER} that does not match: its digest is ${digest}$`),
  },
  'states another digest than requested': {
    react: () => always(serving(IMAGE.manifest)),
    reference: (host) => `${host}/team/app@${OTHER}`,
    cause: 'protocol',
    message: new RegExp(`returned content for ${OTHER}`),
    requests: 1,
  },
  'returns a web page': {
    react: () => always({ headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>Log in' }),
    cause: 'protocol',
    message: /^HOST returned "text\/html"; expected a manifest$/,
    remedy: /a proxy may require a login/,
  },
  'states no type in header and document': {
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
  'has only schema 1, with the type JSON': {
    react: () => always({ headers: { 'content-type': 'application/json' }, body: '{"schemaVersion":1,"fsLayers":[]}' }),
    cause: 'protocol',
    message: /^HOST has only a schema 1 manifest/,
    remedy: /push the image again/,
  },
  'has only schema 1, stated in the document': {
    react: () =>
      always({
        headers: { 'content-type': 'text/plain' },
        body: '{"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"}',
      }),
    cause: 'protocol',
    message: /^HOST has only a schema 1 manifest/,
  },
  'returns a configuration with the type JSON': {
    react: () =>
      always({ headers: { 'content-type': 'application/json' }, body: '{"architecture":"amd64","os":"linux"}' }),
    cause: 'protocol',
    message: /^HOST returned a manifest without a media type$/,
  },
  'states one type in the header and another in the document': {
    react: () => always({ headers: { 'content-type': INDEX.manifest.mediaType }, body: bytes }),
    cause: 'protocol',
    message:
      /returned a manifest that has the mediaType "application\/vnd.oci.image.manifest.v1\+json", but the Content-Type ".*index.*"$/,
  },
  'returns an index that is also an image': {
    react: () => () => {
      const both = { ...JSON.parse(bytes.toString()), mediaType: undefined, manifests: [] };
      return { headers: { 'content-type': mediaType }, body: JSON.stringify(both) };
    },
    cause: 'protocol',
    message: /is both an index and an image$/,
  },
  'returns an endless manifest': {
    react: () => always({ headers: { 'content-type': mediaType }, how: 'flood' }),
    how: 'details',
    cause: 'protocol',
    message: /^HOST returned more than \d+ bytes$/,
  },
  'returns a decompression bomb': {
    react: () =>
      always({ headers: { 'content-type': mediaType, 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(5e7)) }),
    how: 'details',
    cause: 'protocol',
    message: /^HOST returned a compressed response/,
  },
  'states that its configuration is huge': {
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
  'returns another configuration': {
    react: () => (received) =>
      received.url.includes('/manifests/')
        ? serving(IMAGE.manifest)
        : { body: Buffer.alloc(IMAGE.blobs[0]?.bytes.length ?? 0, ' ') },
    how: 'details',
    cause: 'protocol',
    message: /does not match: its digest is/,
  },
  'has an index, but not the images in it': {
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
  'returns terminal control characters': {
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
  'redirects to a metadata address in another form': {
    react: () => always(redirect('https://[::ffff:a9fe:a9fe]/')),
    cause: 'blocked',
    message: /has the metadata address/,
  },
  'redirects to a number that is an address': {
    react: () => always(redirect('https://2130706433/')),
    cause: 'blocked',
    message: /has the loopback address 127\.0\.0\.1$/,
  },
  'redirects to a name that resolves to a metadata address': {
    react: () => always(redirect('https://metadata.test/')),
    cause: 'blocked',
    message: /"metadata\.test" resolves to the metadata address 169\.254\.169\.254$/,
  },
  'redirects to a name that resolves to a private address': {
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
  'redirects to a URL with a user': {
    react: ({ elsewhereHost }) => always(redirect(`https://user:secret@${elsewhereHost}/`)),
    cause: 'protocol',
    message: /redirects to a URL with a user name$/,
  },
  'redirects without a location': {
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
  'redirects to a host that requests the credential': {
    react:
      ({ elsewhereHost }) =>
      (received) =>
        received.headers.authorization === undefined ? challenge('Basic') : redirect(`https://${elsewhereHost}/x`),
    elsewhere: always(challenge('Basic realm="give it to me"')),
    cause: 'unauthenticated',
    message: /^elsewhere\.test:\d+ \(redirect from HOST\) returned HTTP 401/,
  },
  'redirects to a host that names its own token server': {
    react: ({ elsewhereHost }) => always(redirect(`https://${elsewhereHost}/x`)),
    elsewhere: ({ headers }) => challenge(`Bearer realm="https://${headers.host}/token"`),
    cause: 'unauthenticated',
    message: /^elsewhere\.test:\d+ \(redirect from HOST\) returned HTTP 401/,
    requests: 1,
  },
  'has its token server at a private host that is not configured': {
    react: ({ strangerHost }) => behindToken(`https://${strangerHost}/token`),
    cause: 'blocked',
    message: /^the token server stranger\.test:\d+ of HOST was not contacted/,
  },
  'has its token server at a metadata address': {
    react: () => behindToken('https://169.254.170.2/token'),
    cause: 'blocked',
    message: /has the metadata address 169\.254\.170\.2$/,
  },
  'has its token server at plain HTTP': {
    react: ({ plainHost }) => behindToken(`http://${plainHost}/token`),
    cause: 'blocked',
    message: /^HOST points to plain HTTP at plain\.test:\d+/,
  },
  'has its token server at a URL with a user': {
    react: ({ elsewhereHost }) => behindToken(`https://a:b@${elsewhereHost}/token`),
    cause: 'protocol',
    message: /^HOST points to a URL with a user name$/,
  },
  'has its token server at an invalid URL': {
    react: () => behindToken('not a url'),
    cause: 'protocol',
    message: /names the token server "not a url", which is not a valid URL$/,
  },
  'has a token server that redirects to another host': {
    react: ({ host, elsewhereHost }) =>
      behindToken(`https://${host}/token`, always(redirect(`https://${elsewhereHost}/x`))),
    elsewhere: always({ status: 401 }),
    cause: 'unauthenticated',
    message: /^elsewhere\.test:\d+ \(redirect from the token server of HOST\) returned HTTP 401/,
  },
  'has a token server that redirects a refresh token to another host': {
    react: ({ host, elsewhereHost }) =>
      behindToken(`https://${host}/token`, always(redirect(`https://${elsewhereHost}/x`))),
    credential: identityToken(CREDENTIAL.secret.kind === 'basic' ? CREDENTIAL.secret.password() : ''),
    cause: 'protocol',
    message: /redirects a request that contains a credential$/,
  },
  'has a token server that does not know the user': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ status: 401 })),
    cause: 'unauthenticated',
    message: /^the token server of HOST returned HTTP 401 for "team\/app:1", requested with pull secret/,
  },
  'has a token server that returns 403': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ status: 403 })),
    cause: 'forbidden',
    message: /^the token server of HOST returned HTTP 403/,
  },
  'has a token server that returns 404': {
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
  'has a token server that returns 5xx': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ status: 502 })),
    cause: 'serverError',
    message: /^the token server of HOST returned HTTP 502$/,
  },
  'has a token server that returns 5xx, and may have used up the refresh token': {
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
    deadlineMs: 2000,
  },
  'has a token server with an endless response': {
    react: ({ host }) => behindToken(`https://${host}/token`, always({ how: 'flood' })),
    cause: 'protocol',
    message: /^the token server of HOST returned more than 65536 bytes$/,
  },
  'has a token server that returns no token': {
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
    const pending = how === 'details' ? client.details(wanted, signal) : client.manifest(wanted, signal);
    const { failure, retryAfterMs } = await failureOf(pending);

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
