/** Registries that are slow, old, or unusual, and still work. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type React, serving } from '../support/fault-registry.ts';
import { digestOf, makeImage } from '../support/push-image.ts';
import { identityToken, soon, target } from '../support/registry-settings.ts';
import { CREDENTIAL, createWorld, expectNoCredentialAt, failureOf, type World } from './test-hosts.ts';
import { IMAGE, INDEX, NOW, always, redirect, challenge, behindToken, tag } from './fault-reactions.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 30_000);
afterAll(() => world.close());

const { bytes, digest, mediaType } = IMAGE.manifest;
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const IMAGE_TYPE = 'application/vnd.oci.image.manifest.v1+json';

describe('a registry that works', () => {
  const found = { digest, mediaType, mirror: undefined };
  const lookUp = async (text = tag(world.host)): Promise<unknown> =>
    world.client().manifest(target(text, CREDENTIAL), soon());

  test.each<[string, React]>([
    ['says no digest', always({ headers: { 'content-type': mediaType }, body: bytes })],
    ['says a digest that is none', always(serving({ bytes, digest: 'sha256:short', mediaType }))],
    ['says no type on HEAD', ({ method }) => (method === 'HEAD' ? {} : serving(IMAGE.manifest))],
    ['has no HEAD', ({ method }) => (method === 'HEAD' ? { status: 405 } : serving(IMAGE.manifest))],
    ['finds HEAD bad', ({ method }) => (method === 'HEAD' ? { status: 400 } : serving(IMAGE.manifest))],
    ['is broken once', (_, before) => (before === 0 ? { status: 503 } : serving(IMAGE.manifest))],
    ['cuts once', (_, before) => (before === 0 ? { how: 'cut' } : serving(IMAGE.manifest))],
    [
      'limits the rate for a second',
      (_, before) => (before === 0 ? { status: 429, headers: { 'retry-after': '1' } } : serving(IMAGE.manifest)),
    ],
    [
      'adds parameters to the type',
      always({ ...serving(IMAGE.manifest, { 'content-type': `${mediaType}; charset=utf-8` }) }),
    ],
  ])('%s', async (_name, react) => {
    world.registry.reactWith(react);
    expect(await lookUp()).toEqual(found);
  });

  const without = (document: Buffer): Buffer => {
    const { mediaType: _, ...rest } = JSON.parse(document.toString()) as Record<string, unknown>;
    return Buffer.from(JSON.stringify(rest));
  };

  /** What a storage that knows nothing of images says. */
  test.each<[string, string | undefined, Buffer, string]>([
    ['an index as JSON', 'application/json', INDEX.manifest.bytes, INDEX.manifest.mediaType],
    [
      'an index as JSON, with parameters',
      'Application/JSON; charset=utf-8',
      INDEX.manifest.bytes,
      INDEX.manifest.mediaType,
    ],
    ['an index as nothing', undefined, INDEX.manifest.bytes, INDEX.manifest.mediaType],
    ['an index that does not say so itself', 'application/json', without(INDEX.manifest.bytes), INDEX_TYPE],
    ['an image as JSON', 'application/json', bytes, mediaType],
    ['an image as bytes', 'binary/octet-stream', bytes, mediaType],
    ['an image as text', 'text/plain', bytes, mediaType],
    ['an image that does not say so itself', 'application/octet-stream', without(bytes), IMAGE_TYPE],
  ])('states in the document the type of %s', async (_what, type, body, expected) => {
    const headers = {
      'docker-content-digest': digestOf(body),
      ...(type === undefined ? {} : { 'content-type': type }),
    };
    world.registry.reactWith(always({ headers, body }));
    expect(await lookUp()).toEqual({ digest: digestOf(body), mediaType: expected, mirror: undefined });
  });

  test.each(['sha384', 'sha512'])('states sha256 for a request with %s', async (algorithm) => {
    world.registry.reactWith(always(serving(IMAGE.manifest)));
    const wanted = digestOf(bytes, algorithm);
    expect(await lookUp(`${world.host}/team/app@${wanted}`)).toEqual({ ...found, digest: wanted });
  });

  test.each<[string, (realm: string) => string | readonly string[]]>([
    ['one that is plain', (realm) => `Bearer realm="${realm}",service="s",scope="repository:team/app:pull"`],
    ['another spelling', (realm) => `bEARER  Realm = "${realm}" , SERVICE=s`],
    ['no quotes', (realm) => `Bearer realm=${realm},service=s`],
    ['escapes and commas', (realm) => `Bearer service="a, \\"b\\", c", realm="${realm}", error="invalid, token"`],
    ['others before it', (realm) => `Negotiate, NTLM abc==, Digest realm="x, y", Bearer realm="${realm}"`],
    ['several headers', (realm) => ['Negotiate', 'Basic realm="b"', `Bearer realm="${realm}"`]],
    ['Basic after it', (realm) => `Bearer realm="${realm}", Basic realm="b"`],
  ])('can send a challenge with %s', async (_name, header) => {
    const realm = `https://${world.host}/token?keep=1&a=b`;
    world.registry.reactWith((received) => {
      if (received.url.startsWith('/token?keep=1&a=b')) return { body: '{"access_token":"good","expires_in":100}' };
      return received.headers.authorization === 'Bearer good' ? serving(IMAGE.manifest) : challenge(header(realm));
    });
    expect(await lookUp()).toEqual(found);
    const [tokenRequest] = world.registry.received.filter(({ url }) => url.startsWith('/token'));
    expect(new URL(`https://x${tokenRequest?.url}`).searchParams.getAll('scope')).toEqual(['repository:team/app:pull']);
  });

  test('can request each scope separately', async () => {
    const realm = `https://${world.host}/token`;
    world.registry.reactWith((received) => {
      if (received.url.startsWith('/token')) return { body: '{"token":"good"}' };
      return received.headers.authorization === 'Bearer good'
        ? serving(IMAGE.manifest)
        : challenge(`Bearer realm="${realm}",scope="repository:a:pull,push repository:h.test:5000/b:pull"`);
    });
    await lookUp();
    const [tokenRequest] = world.registry.received.filter(({ url }) => url.startsWith('/token'));
    expect(new URL(`https://x${tokenRequest?.url}`).searchParams.getAll('scope')).toEqual([
      'repository:a:pull,push',
      'repository:h.test:5000/b:pull',
    ]);
  });

  test.each<[string, () => string]>([
    ['at another host', () => world.elsewhereHost],
    ['at another port', () => `registry.test:${world.elsewhere.port}`],
  ])('can have its images and blobs %s: they are fetched there without the credential', async (_where, elsewhere) => {
    const [config] = IMAGE.blobs;
    world.registry.reactWith(({ url, headers }) => {
      if (headers.authorization === undefined) return challenge('Basic realm="r"');
      return redirect(`https://${elsewhere()}${url}?signature=abc`);
    });
    world.elsewhere.reactWith(({ url }) =>
      url.includes('/manifests/') ? serving(IMAGE.manifest) : { body: config?.bytes ?? '' },
    );
    const details = await world.client().details(target(tag(world.host), CREDENTIAL), soon());
    expect(details).toMatchObject({ digest, createdMs: Date.parse('2024-02-03T04:05:06Z') });
    expect(world.elsewhere.received).toHaveLength(2);
    expectNoCredentialAt(world.elsewhere);
  });

  test('gets no credential after a redirect to another host and back', async () => {
    world.registry.reactWith(({ url, headers }) => {
      if (url === '/back') return serving(IMAGE.manifest);
      return headers.authorization === undefined ? challenge('Basic') : redirect(`https://${world.elsewhereHost}/away`);
    });
    world.elsewhere.reactWith(always(redirect(`https://${world.host}/back`)));
    expect(await lookUp()).toEqual(found);
    expect(world.registry.received.find(({ url }) => url === '/back')?.headers.authorization).toBeUndefined();
  });

  test('gets a new token, once, if it rejects the cached one', async () => {
    let good = 'first';
    world.registry.reactWith(({ url, headers }) => {
      if (url.startsWith('/token')) return { body: JSON.stringify({ token: good, expires_in: 3000 }) };
      return headers.authorization === `Bearer ${good}`
        ? serving(IMAGE.manifest)
        : challenge(`Bearer realm="https://${world.host}/token"`);
    });
    const client = world.client();
    const wanted = target(tag(world.host), CREDENTIAL);
    await client.manifest(wanted, soon());
    good = 'second';
    await client.manifest(wanted, soon());
    const kinds = world.registry.received.map(({ url }) => (url.startsWith('/token') ? 'token' : 'image'));
    expect(kinds).toEqual(['image', 'token', 'image', 'image', 'image', 'token', 'image']);
  });

  test('is queried first without a credential, as by nodes, and then with it for the rest of the lookup', async () => {
    const [config] = IMAGE.blobs;
    world.registry.reactWith(({ url, headers }) => {
      if (url.startsWith('/token')) return { body: '{"token":"good"}' };
      if (headers.authorization !== 'Bearer good') return challenge(`Bearer realm="https://${world.host}/token"`);
      return url.includes('/blobs/') ? { body: config?.bytes ?? '' } : serving(IMAGE.manifest);
    });
    const client = world.client();
    await client.details(target(tag(world.host), CREDENTIAL), soon());
    await client.manifest(target(tag(world.host), CREDENTIAL), soon());
    const sent = world.registry.received.map(({ method, url, headers }) => {
      const what = url.startsWith('/token') ? 'token' : url.includes('/blobs/') ? 'blob' : 'manifest';
      return `${method} ${what} ${headers.authorization?.split(' ')[0] ?? 'nothing'}`;
    });
    expect(sent).toEqual([
      'GET manifest nothing',
      'GET token Basic',
      'GET manifest Bearer',
      'GET blob Bearer',
      'HEAD manifest nothing',
      'HEAD manifest Bearer',
    ]);
  });

  test('is queried without a token if it has none for the user and requires none', async () => {
    world.registry.reactWith(({ url, headers }) => {
      if (url.startsWith('/token'))
        return headers.authorization === undefined ? { status: 401 } : { body: '{"token":"t"}' };
      if (url.includes('/public/') || headers.authorization === 'Bearer t') return serving(IMAGE.manifest);
      return challenge(`Bearer realm="https://${world.host}/token"`);
    });
    const client = world.client();
    await client.manifest(target(`${world.host}/private/a:1`, CREDENTIAL), soon());
    expect(await client.manifest(target(`${world.host}/public/a:1`), soon())).toEqual(found);
  });

  test.each([
    ['60 s where it does not say', '{"token":"good"}', 55_000, 61_000],
    ['as long as it says', '{"token":"good","expires_in":300}', 280_000, 301_000],
    ['an hour at most', '{"token":"good","expires_in":999999}', 3_500_000, 3_601_000],
  ])('can have tokens that live %s', async (_name, body, good, over) => {
    let now = NOW;
    world.registry.reactWith(behindToken(`https://${world.host}/token`, always({ body })));
    const client = world.client({}, { now: () => now });
    const tokensAfter = async (ms: number): Promise<number> => {
      now = NOW + ms;
      await client.manifest(target(tag(world.host)), soon());
      return world.registry.received.filter(({ url }) => url.startsWith('/token')).length;
    };
    expect([await tokensAfter(0), await tokensAfter(good - 10_000), await tokensAfter(over)]).toEqual([1, 1, 2]);
  });

  test.each([400, 401, 404, 405])('can have tokens for an identity token by GET if POST returns %d', async (status) => {
    const credential = identityToken('refresh');
    world.registry.reactWith(({ method, url, headers, body }) => {
      if (headers.authorization === 'Bearer good') return serving(IMAGE.manifest);
      if (!url.startsWith('/token')) return challenge(`Bearer realm="https://${world.host}/token",service="s"`);
      if (method === 'POST') {
        const form = Object.fromEntries(new URLSearchParams(body));
        expect(form).toEqual({
          grant_type: 'refresh_token',
          refresh_token: 'refresh',
          client_id: 'tidewaiter',
          service: 's',
          scope: 'repository:team/app:pull',
        });
        return { status };
      }
      return headers.authorization === `Basic ${btoa(':refresh')}` ? { body: '{"token":"good"}' } : { status: 401 };
    });
    expect(await world.client().manifest(target(tag(world.host), credential), soon())).toEqual(found);
    expect(world.registry.received.map(({ method }) => method)).toEqual(['HEAD', 'POST', 'GET', 'HEAD']);
  });

  test('gets a rejected credential only once in a lookup', async () => {
    world.registry.reactWith(always(challenge('Basic')));
    const client = world.client();
    const fail = (): Promise<unknown> => failureOf(client.manifest(target(tag(world.host), CREDENTIAL), soon()));
    await fail();
    await fail();
    const sent = world.registry.received.map(({ headers }) => headers.authorization !== undefined);
    expect(sent).toEqual([false, true, false, true]);
  });

  test('shares no token between credentials', async () => {
    world.registry.reactWith(({ url, headers }) => {
      if (url.startsWith('/token'))
        return { body: `{"token":"${headers.authorization === undefined ? 'none' : 'good'}"}` };
      return headers.authorization === 'Bearer good'
        ? serving(IMAGE.manifest)
        : challenge(`Bearer realm="https://${world.host}/token"`);
    });
    const client = world.client();
    await client.manifest(target(tag(world.host), CREDENTIAL), soon());
    const { failure } = await failureOf(client.manifest(target(tag(world.host)), soon()));
    expect(failure.cause).toBe('unauthenticated');
  });

  describe('with an index of twenty platforms', () => {
    const day = (index: number): string => `2025-01-${String(index + 1).padStart(2, '0')}T00:00:00Z`;
    const images = Array.from({ length: 20 }, (_, index) =>
      makeImage({ os: 'linux', architecture: `cpu${index}` }, day(index)),
    );
    const all = new Map(
      images.flatMap(({ manifest, blobs }) => [manifest, ...blobs]).map((part) => [part.digest, part]),
    );
    const serve = (annotated: boolean): void => {
      const manifests = images.map(({ manifest, platform }, index) => ({
        mediaType: manifest.mediaType,
        digest: manifest.digest,
        size: manifest.bytes.length,
        platform,
        ...(annotated ? { annotations: { 'org.opencontainers.image.created': day(index) } } : {}),
      }));
      const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
      world.registry.reactWith(({ url }) => {
        const part = all.get(url.slice(url.lastIndexOf('/') + 1));
        if (part !== undefined) return { headers: { 'content-type': mediaType }, body: part.bytes };
        return serving({ bytes: index, digest: digestOf(index), mediaType: INDEX.manifest.mediaType });
      });
    };
    const details = (): Promise<unknown> => world.client().details(target(tag(world.host)), soon());

    test('and their times needs two requests', async () => {
      serve(true);
      const { sizeBytes } = images[0] ?? { sizeBytes: 0 };
      expect(await details()).toMatchObject({ createdMs: Date.parse(day(19)), sizeBytes });
      expect(world.registry.received).toHaveLength(2);
    });

    test('without times gets no request for some, so the age is unknown', async () => {
      serve(false);
      const platforms = images.map(({ platform }) => ({ ...platform, variant: undefined }));
      expect(await details()).toMatchObject({ createdMs: undefined, platforms });
      expect(world.registry.received).toHaveLength(1 + 2 * 16);
    });
  });

  describe('with a slow token server', () => {
    const slowly = (
      answer: Promise<void> | 'never',
    ): { readonly hasStarted: Promise<void>; readonly tokens: () => number } => {
      const { promise: hasStarted, resolve } = Promise.withResolvers<void>();
      world.registry.reactWith(({ url, headers }) => {
        if (headers.authorization === 'Bearer good') return serving(IMAGE.manifest);
        if (!url.startsWith('/token')) return challenge(`Bearer realm="https://${world.host}/token"`);
        resolve();
        return answer === 'never' ? { how: 'hang' } : { after: answer, body: '{"token":"good"}' };
      });
      return { hasStarted, tokens: () => world.registry.received.filter(({ url }) => url.startsWith('/token')).length };
    };

    test('serves several callers, even if one gives up', async () => {
      const { promise: answer, resolve: release } = Promise.withResolvers<void>();
      const { hasStarted } = slowly(answer);
      const client = world.client();
      const impatient = new AbortController();
      const first = client.manifest(target(tag(world.host)), impatient.signal);
      const second = client.manifest(target(tag(world.host)), soon());
      await hasStarted;
      impatient.abort();
      expect((await failureOf(first)).failure.cause).toBe('timeout');
      release();
      expect(await second).toEqual(found);
    });

    test('ends the request if all callers give up', async () => {
      const { hasStarted, tokens } = slowly('never');
      const client = world.client();
      const impatient = new AbortController();
      const only = client.manifest(target(tag(world.host)), impatient.signal);
      await hasStarted;
      impatient.abort();
      expect((await failureOf(only)).failure.cause).toBe('timeout');
      await vi.waitFor(() => expect(world.registry.waiting).toBe(0), 2000);
      expect(tokens()).toBe(1);
      slowly(Promise.resolve());
      expect(await client.manifest(target(tag(world.host)), soon())).toEqual(found);
    });
  });
});
