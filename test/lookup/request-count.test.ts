/** Counts the requests at a registry on loopback: rules that need the same fact about an image share one request. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRegistrySources } from '../../src/lookup/image-source.ts';
import { createRegistryClient, type HttpRegistryClient } from '../../src/registry/http-client.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import { loopback } from '../support/registry-settings.ts';
import { createReview } from '../support/review.ts';
import { CACHE } from './fake-client.ts';

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const CONFIG = JSON.stringify({ os: 'linux', architecture: 'amd64', created: '2026-01-01T00:00:00Z' });
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(CONFIG), size: CONFIG.length },
  layers: [],
});
const DIGEST = digestOf(MANIFEST);

const POLICY = policyOf(
  '{rules: [{rule: image-exists}, {rule: image-digest, parameters: {drift: true}}, {rule: image-age, parameters: {maxAgeDays: 90000}}, {rule: image-platform, parameters: {platforms: [linux/amd64]}}]}',
);

let registry: Server;
let host: string;
let client: HttpRegistryClient;
let server: TestServer;
let requests: string[] = [];

function respond({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
  requests.push(`${method} ${url}`);
  if (url.includes('/blobs/')) response.writeHead(200, { 'content-length': CONFIG.length }).end(CONFIG);
  else {
    const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json', 'docker-content-digest': DIGEST };
    response.writeHead(200, { ...headers, 'content-length': MANIFEST.length }).end(method === 'HEAD' ? '' : MANIFEST);
  }
}

beforeAll(async () => {
  registry = createServer(respond);
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const address = registry.address();
  host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  client = createRegistryClient(loopback(host), { env: {} });
});
beforeEach(async () => {
  requests = [];
  const world = createRegistrySources({ client, settings: CACHE, now: Date.now });
  server = await startAdmissionServer({ kinds, policies: [POLICY], world, now: Date.now });
  return () => server.stop();
});
afterAll(async () => {
  await client.close();
  registry.closeAllConnections();
  registry.close();
});

async function review(...images: readonly string[]): Promise<string> {
  const containers = images.map((image, index) => ({ name: `c${index}`, image: `${host}/${image}` }));
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers } };
  return (await server.post('/validate', JSON.stringify(createReview(object)))).text;
}

test('four rules about one tag send one request for each resource', async () => {
  expect(await review('app:1')).not.toContain('cannot determine');
  expect(requests.toSorted()).toEqual([
    `GET /v2/app/blobs/${digestOf(CONFIG)}`,
    'GET /v2/app/manifests/1',
    'HEAD /v2/app/manifests/1',
  ]);
});

test('existence and drift of the same tag are one request', async () => {
  await review('app:1', `app:1@${DIGEST}`);
  expect(requests.filter((line) => line.startsWith('HEAD')).toSorted()).toEqual([
    'HEAD /v2/app/manifests/1',
    `HEAD /v2/app/manifests/${DIGEST}`,
  ]);
});

test('a second review sends no request', async () => {
  await Promise.all([review('app:1'), review('app:1')]);
  expect(requests).toHaveLength(3);
  await review('app:1');
  expect(requests).toHaveLength(3);
});

describe('a review of images at a mirror', () => {
  const TAG = ['HEAD /v2/hub/app/manifests/1', 'HEAD /v2/original/app/manifests/1'];

  beforeEach(() => {
    const spec = `{rewrite: [{from: "${host}/original/**", to: "${host}/hub/**"}], rules: [{rule: mirror-differs}]}`;
    server.current.change((context) => ({ ...context, policies: [policyOf(spec)] }));
  });

  test.each<[what: string, images: readonly string[], requests: readonly string[]]>([
    ['a tag', ['hub/app:1'], TAG],
    ['a digest', [`hub/app:1@${DIGEST}`], [`HEAD /v2/original/app/manifests/${DIGEST}`]],
    ['the same image twice', ['hub/app:1', 'hub/app:1'], TAG],
    ['an image that no rewrite leads to', ['own/app:1', 'original/app:1'], []],
  ])('%s', async (_what, images, expected) => {
    expect(await review(...images)).toContain('"allowed":true');
    expect(requests.toSorted()).toEqual(expected);
    await review(...images);
    expect(requests).toHaveLength(expected.length);
  });
});
