/** Policies that begin and cease to need a registry under a running server. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { podOf } from '../../admission/decide.ts';
import { type BuiltServer, newFolder, startBuiltServer } from '../../support/built-server.ts';
import { type FaultServer, startFaultServer } from '../../support/fault-registry.ts';

const soon = { timeout: 10_000, interval: 50 };
const TAGS = '{rule: image-tag, parameters: {deny: [denied]}}';
const EXISTS = '{rule: image-exists, onUnknown: deny}';

let registry: FaultServer;
let server: BuiltServer;
beforeAll(async () => {
  registry = await startFaultServer();
  const folder = newFolder();
  const host = `127.0.0.1:${registry.port}`;
  writeFileSync(
    path.join(folder, 'tidewaiter.yaml'),
    `policies: [p.yaml]\nregistries: [{host: "${host}", insecure: true, allowPrivate: true}]\n`,
  );
  usePolicy(folder, [TAGS]);
  server = await startBuiltServer(folder, []);
}, 30_000);
afterAll(async () => {
  await server.stop();
  await registry.close();
});

function usePolicy(folder: string, rules: readonly string[]): void {
  writeFileSync(
    path.join(folder, 'p.yaml'),
    `{apiVersion: tidewaiter.dev/v1alpha1, kind: ImagePolicy, metadata: {name: ours}, spec: {rules: [${rules.join(', ')}]}}\n`,
  );
}

const MANIFEST = {
  headers: {
    'content-type': 'application/vnd.oci.image.manifest.v1+json',
    'docker-content-digest': 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  },
  body: '{}',
};

const review = (tag: string): ReturnType<BuiltServer['review']> =>
  server.review(podOf(`{containers: [{name: web, image: "127.0.0.1:${registry.port}/web:${tag}"}]}`));
const requests = (): number => registry.received.length;
/** Waits for policies with which this tag is allowed or denied. */
const becomes = (tag: string, allowed: boolean): Promise<void> =>
  vi.waitFor(async () => expect((await review(tag)).allowed).toBe(allowed), soon);

test('open the registry, close it after the last review that waits for it, and open it again', async () => {
  registry.reactWith(({ url }) => (url.includes('missing') ? { status: 404 } : MANIFEST));
  expect((await review('missing')).allowed).toBe(true);
  expect(requests()).toBe(0);
  usePolicy(server.folder, [TAGS, EXISTS]);
  await becomes('missing', false);
  expect((await review('present')).allowed).toBe(true);
  expect(requests()).toBeGreaterThan(0);

  const held = Promise.withResolvers<void>();
  registry.reactWith(({ url }) => (url.includes('slow') ? { ...MANIFEST, after: held.promise } : MANIFEST));
  const waiting = review('slow');
  await vi.waitFor(() => expect(requests()).toBeGreaterThan(0), soon);
  usePolicy(server.folder, [TAGS.replace('denied', 'old')]);
  await becomes('old', false);
  held.resolve();
  const slow = await waiting;
  expect(slow).toMatchObject({ allowed: true });
  expect(slow.generation).not.toBe((await review('missing')).generation);
  const before = requests();
  expect((await review('another')).allowed).toBe(true);
  expect(requests()).toBe(before);

  registry.reactWith(() => ({ status: 404 }));
  usePolicy(server.folder, [TAGS, EXISTS]);
  await becomes('gone', false);
  expect(requests()).toBeGreaterThan(0);
  expect(await server.metric('tidewaiter_reload_failures_total')).toBe('0');
}, 40_000);
