/** From an AdmissionReview over HTTPS to a registry that requires a password, and back, without test doubles. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLog } from '../../src/server/log.ts';
import { createRegistryClient, type HttpRegistryClient } from '../../src/registry/http-client.ts';
import { createRegistrySources } from '../../src/lookup/image-source.ts';
import { secretOf } from '../credential/pull-secrets.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { type Reply, type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import { loopback } from '../support/registry-settings.ts';
import { createReview } from '../support/review.ts';
import { CACHE, CANARY, INDEX } from './fake-client.ts';

const REVIEWS = 1000;
/** The API server has few connections; a TLS handshake takes a millisecond, and a server ends handshakes that take too long. */
const AT_ONCE = 50;
const IMAGES = 20;
const LOGIN = Buffer.from(`ci:${CANARY}`).toString('base64');

const digestAt = (path: string): string => `sha256:${createHash('sha256').update(path).digest('hex')}`;

let registry: Server;
let host: string;
let client: HttpRegistryClient;
let server: TestServer;
const requests: string[] = [];

/** Responds after a moment, so that all requests are concurrent. */
function respond({ method, url = '', headers }: IncomingMessage, response: ServerResponse): void {
  if (headers.authorization !== `Basic ${LOGIN}`) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end();
    return;
  }
  requests.push(`${method} ${url}`);
  const found = { 'content-type': INDEX, 'docker-content-digest': digestAt(url), 'content-length': 2 };
  setTimeout(() => response.writeHead(200, found).end(), 50);
}

beforeAll(async () => {
  registry = createServer(respond);
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const address = registry.address();
  host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  client = createRegistryClient(loopback(host), { env: {} });
  const { images } = createRegistrySources({ client, settings: CACHE, now: Date.now });
  const secret = secretOf('regcred', JSON.stringify({ auths: { [host]: { username: 'ci', password: CANARY } } }));
  server = await startAdmissionServer({
    kinds,
    policies: [policyOf('{pin: {onFailure: deny}}')],
    world: { images, secrets: { secret: () => Promise.resolve({ state: 'yes', value: secret }) } },
  });
});
afterAll(async () => {
  await server.stop();
  await client.close();
  registry.closeAllConnections();
  registry.close();
});

const imageOf = (index: number): string => `team/app-${index % IMAGES}`;

function podOf(index: number): object {
  const containers = [index, index + 7].map((at) => ({ name: `c${at}`, image: `${host}/${imageOf(at)}:1` }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `web-${index}` },
    spec: { imagePullSecrets: [{ name: 'regcred' }], containers },
  };
}

test('a thousand reviews of twenty images send twenty requests to the registry, and reveal no password', async () => {
  const replies: Reply[] = [];
  while (replies.length < REVIEWS) {
    const batch = Array.from({ length: AT_ONCE }, (_, at) => JSON.stringify(createReview(podOf(replies.length + at))));
    replies.push(...(await Promise.all(batch.map((review) => server.post('/mutate?timeout=30s', review)))));
  }
  for (const [index, { text }] of replies.entries()) {
    const { patch } = (JSON.parse(text) as { readonly response: { readonly patch: string } }).response;
    const wanted = [index, index + 7].map((at, container) => ({
      op: 'replace',
      path: `/spec/containers/${container}/image`,
      value: `${host}/${imageOf(at)}:1@${digestAt(`/v2/${imageOf(at)}/manifests/1`)}`,
    }));
    expect(JSON.parse(Buffer.from(patch, 'base64').toString())).toEqual(wanted);
  }
  const lookups = Array.from({ length: IMAGES }, (_, index) => `HEAD /v2/${imageOf(index)}/manifests/1`);
  expect(requests.toSorted()).toEqual(lookups.toSorted());

  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  for (const review of server.reviews) log.review(review);
  log.flush();
  const { text: metrics } = await server.operations.metrics.exposition();
  const everything = [...lines, metrics, ...replies.map(({ text }) => text)].join('\n');
  expect(lines.join('').match(/"pinned":\["127/g)).toHaveLength(REVIEWS);
  expect(everything.includes(CANARY) || everything.includes(LOGIN)).toBe(false);
  expect(server.failures).toEqual([]);
}, 60_000);
