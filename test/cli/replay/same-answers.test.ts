/** Serves, records, and replays: the answers of a replay are those of the server, byte for byte. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Context } from '../../../src/admission/context.ts';
import { generationOf } from '../../../src/cli/generation-hash.ts';
import { loadConfig } from '../../../src/config/config.ts';
import type { JsonObject } from '../../../src/pod/pointer.ts';
import type { ReplayDocument } from '../../../src/report/replay/json.ts';
import { createRecorder } from '../../../src/server/recording/recorder.ts';
import { compose } from '../../../src/wiring.ts';
import { settingsFor } from '../../recording/batches.ts';
import { startAdmissionServer } from '../../support/admission-server.ts';
import { runCommand } from '../../support/command.ts';
import { FIXTURE_RULES, fixturesOf, loadFixture } from '../../support/rule-fixtures.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-same-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ENDPOINTS = ['validate', 'mutate'] as const;

interface Sent {
  readonly review: JsonObject;
  readonly context: Context;
}

/** Returns the answers of a server to each review, and what a replay of its recording says. */
async function servedAndReplayed(
  sent: readonly Sent[],
  policies: readonly string[],
): Promise<{ readonly served: readonly string[]; readonly report: ReplayDocument }> {
  const directory = mkdtempSync(path.join(folder, 'r-'));
  const loaded = await loadConfig({ policy: policies }, {});
  const generation = generationOf(loaded, await compose(loaded.config), '');
  const recorder = createRecorder(settingsFor(directory, { each: 'review' }), {
    version: '0.1.0',
    log: { info: () => undefined, error: () => undefined },
    metrics: { count: () => undefined, setFailing: () => undefined },
  });
  const server = await startAdmissionServer({ kinds: loaded.config.kinds, policies: [] }, { recorder });
  const served: string[] = [];
  for (const { review, context } of sent) {
    server.current.change(() => ({ ...context, generation }));
    for (const endpoint of ENDPOINTS)
      served.push((await server.post(`/${endpoint}?timeout=10s`, JSON.stringify(review))).text);
  }
  await server.stop();
  await recorder.close(60_000);
  const argv = policies.flatMap((policy) => ['-p', policy]);
  const { out } = await runCommand(['replay', directory, ...argv, '--all', '-o', 'json']);
  return { served, report: JSON.parse(out) as ReplayDocument };
}

function expectSame({ served, report }: Awaited<ReturnType<typeof servedAndReplayed>>): void {
  const replayed = report.reviews.map(({ answers, endpoint }) => answers?.[endpoint ?? 'validate']);
  expect(replayed).toEqual(served);
  expect(report.reviews.filter(({ change }) => change !== 'same')).toEqual([]);
}

test.each(FIXTURE_RULES)('the fixtures of %s', async (rule) => {
  const fixtures = await Promise.all(fixturesOf(rule).map((file) => loadFixture(rule, file)));
  const policy = path.resolve('test/fixtures/rules', rule, 'policy.yaml');
  const result = await servedAndReplayed(fixtures, [policy]);
  expect(result.served).toHaveLength(2 * fixtures.length);
  expectSame(result);
});

const RECORDINGS = 'test/recordings';
const reviews = readdirSync(RECORDINGS)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(path.join(RECORDINGS, name), 'utf8')) as JsonObject);

const PIN = path.join(folder, 'pin.yaml');
writeFileSync(
  PIN,
  'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: pin}\nspec: {pin: {}, rules: [{rule: image-digest}]}\n',
);
const FOUND = {
  state: 'yes',
  value: {
    digest: `sha256:${'0123456789abcdef'.repeat(4)}`,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    credential: 'anonymous',
    mirror: undefined,
    provesPull: true,
    stale: undefined,
  },
} as const;

test.each([
  ['the built-in policy', []],
  ['a policy that pins', [PIN]],
])('the reviews of an API server, with %s', async (_name, policies) => {
  const loaded = await loadConfig({ policy: policies }, {});
  const { context } = await compose(loaded.config, { world: { images: { lookUp: () => FOUND } } });
  const result = await servedAndReplayed(
    reviews.map((review) => ({ review, context })),
    policies,
  );
  expectSame(result);
  expect(result.served.some((text) => text.includes('"patch"'))).toBe(policies.length > 0);
});
