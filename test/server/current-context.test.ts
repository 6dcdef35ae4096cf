/** A running server gets another context and another certificate; each review is decided with one whole context. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCurrentContext } from '../../src/server/current-context.ts';
import { ensureCertificate } from '../../src/certificate/generated-certificate.ts';
import { podOf } from '../admission/decide.ts';
import { digestOf, yes } from '../admission/pinning.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { startAdmissionServer, type TestServer } from '../support/admission-server.ts';
import { createReview } from '../support/review.ts';
import { open } from './raw-http.ts';

const noLatest = [policyOf('{rules: [{rule: image-tag, parameters: {deny: [latest]}}]}')];
const exists = [policyOf('{rules: [{rule: image-exists}]}')];

let server: TestServer;
beforeAll(async () => {
  server = await startAdmissionServer({ kinds, policies: [] });
});
afterAll(() => server.stop());

const body = JSON.stringify(createReview(podOf('{containers: [{name: web, image: "nginx:latest"}]}')));
const isAllowed = async (): Promise<boolean> => {
  const reply = await server.post('/validate', body);
  return (JSON.parse(reply.text) as { response: { allowed: boolean } }).response.allowed;
};

test('a review that starts after a change is decided with the new context', async () => {
  expect(await isAllowed()).toBe(true);
  server.current.change((context) => ({ ...context, policies: noLatest }));
  expect(await isAllowed()).toBe(false);
});

test('a review in progress keeps its context, and earlier reviews have ended when it has', async () => {
  const { promise, resolve } = Promise.withResolvers<ReturnType<typeof yes>>();
  const lookup = Promise.withResolvers<void>();
  const images = {
    lookUp: () => {
      lookup.resolve();
      return promise;
    },
  };
  server.current.change((context) => ({ ...context, policies: exists, world: { images } }));
  const pending = isAllowed();
  await lookup.promise;
  server.current.change((context) => ({ ...context, policies: noLatest, world: undefined }));
  let ended = false;
  const drained = server.current.earlierReviews().then(() => (ended = true));
  expect(await isAllowed()).toBe(false);
  expect(ended).toBe(false);
  resolve(yes(digestOf('1')));
  expect(await pending).toBe(true);
  await drained;
});

test('earlier reviews are those of all earlier contexts, and not those of the current one', async () => {
  const current = createCurrentContext({ kinds, policies: [] });
  const ends = [current.wait(current.context), current.wait(current.context)];
  await current.earlierReviews();
  current.change((context) => ({ ...context }));
  ends.push(current.wait(current.context));
  current.change((context) => ({ ...context }));
  const endCurrent = current.wait(current.context);
  let ended = false;
  const drained = current.earlierReviews().then(() => (ended = true));
  for (const end of ends) {
    await new Promise(setImmediate);
    expect(ended).toBe(false);
    end();
  }
  await drained;
  endCurrent();
});

test('connections that begin after a change get the new certificate; others stay open', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-tls-'));
  const before = await open(server);
  const next = await ensureCertificate(folder, []);
  rmSync(folder, { recursive: true });
  server.tls.change((settings) => ({ ...settings, cert: next.cert, key: next.key }));
  await expect(open(server)).rejects.toThrow(/certificate/);
  const after = await open({ url: server.url, certificate: next });
  for (const connection of [before, after]) {
    connection.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
    expect((await connection.reply()).status).toBe(200);
    connection.end();
  }
  server.tls.change((settings) => ({ ...settings, cert: server.certificate.cert, key: server.certificate.key }));
});

test('a certificate that does not match its key changes nothing', async () => {
  const { settings } = server.tls;
  const change = (): void => server.tls.change((now) => ({ ...now, cert: server.certificate.ca ?? '' }));
  expect(change).toThrow(/key values mismatch/);
  expect(server.tls.settings).toBe(settings);
  const connection = await open(server);
  connection.end();
});
