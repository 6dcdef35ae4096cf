/** Sends reviews with secrets in many places to a real server, and searches all that it recorded. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { Context, World } from '../../src/admission/context.ts';
import { pullSecret } from '../../src/credential/pull-secret.ts';
import { recordingFiles } from '../../src/files/recording-files.ts';
import { cel } from '../../src/policy/rules/cel.ts';
import { createRecorder } from '../../src/server/recording/recorder.ts';
import { kindFixtures } from '../pod/fixtures.ts';
import { everyRule, kinds, policyOf } from '../policy/fixtures.ts';
import { startAdmissionServer } from '../support/admission-server.ts';
import { settingsFor } from './batches.ts';
import { leaksIn, planted } from './canaries.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-canaries-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rules whose messages quote what they read. */
const QUOTES: readonly (readonly [expression: string, message: string])[] = [
  ['!has(container.env)', 'container.env.map(e, string(e.?value.orValue(e))).join(" ")'],
  ['!has(container.args)', 'container.args.join(",").upperAscii()'],
  ['!has(container.command)', 'container.command.join(" ").substring(3)'],
  ['!has(container.lifecycle)', 'string(container.lifecycle)'],
  [
    '!has(object.metadata.annotations)',
    'object.metadata.annotations.map(k, object.metadata.annotations[k]).join("; ")',
  ],
  ['!has(object.extra0)', 'string(object.extra0.?config.orValue(""))'],
  ['!has(object.status)', 'string(object.status)'],
];

await cel.ready?.();
const quoting = policyOf(
  `{match: {}, rules: ${JSON.stringify(
    QUOTES.map(([expression, messageExpression]) => ({ rule: 'cel', parameters: { expression, messageExpression } })),
  )}}`,
);
/** A pull secret with a secret in each place. */
const SECRETS = ['password', 'user', 'auth', 'token', 'email', 'host', 'other'].map((name) => `canary${name}ofasecret`);
const [password = '', user = '', auth = '', token = '', email = '', host = '', other = ''] = SECRETS;
const DOCKER_CONFIG = {
  auths: {
    'registry.example.com': { username: user, password, email },
    'ghcr.io': { auth: Buffer.from(`${user}:${auth}`).toString('base64') },
    [`https://u:${host}@quay.io/v1/`]: { identitytoken: token, registrytoken: token },
    [`u:${host}@docker.io`]: { username: user, password: user },
    'broken.example.com': { auth: 'no base64' },
  },
};
const regcred = pullSecret({
  name: 'regcred',
  type: 'kubernetes.io/dockerconfigjson',
  data: new Map([
    ['.dockerconfigjson', Buffer.from(JSON.stringify(DOCKER_CONFIG))],
    ['other', Buffer.from(other)],
  ]),
});
const malformed = pullSecret({
  name: 'malformed',
  type: 'kubernetes.io/dockercfg',
  data: new Map([['.dockercfg', Buffer.from(`{"${password}": ${token}`)]]),
});
const world: World = {
  secrets: { secret: (_namespace, name) => ({ state: 'yes', value: name === 'malformed' ? malformed : regcred }) },
  serviceAccounts: { pullSecretsOf: () => ({ state: 'yes', value: ['regcred', 'malformed'] }) },
};
const context: Context = { kinds, policies: [everyRule, quoting], world };
const objects = kindFixtures().map(({ object }) => object);

const SEEDS = Array.from({ length: 4 }, () => Math.trunc(Math.random() * 2 ** 31));

test.each(SEEDS)('has no planted secret, in any encoding (seed %i)', { timeout: 240_000 }, async (seed) => {
  const sent = fc.sample(planted(objects), { seed, numRuns: 150 });
  const { recorded, dropped } = await recordingOf(sent.map(({ review }) => review));
  expect(recorded.split('\n')).toHaveLength(2 * sent.length + 1 - dropped);
  // A busy machine drops some.
  expect(dropped).toBeLessThan(sent.length);
  expect(recorded).toContain('"pullSecrets":[{"name":"regcred"');
  const planned = sent.flatMap((one) => [...one.canaries]);
  const canaries = new Map([...planned, ...SECRETS.map((secret) => [secret, `pull secret: ${secret}`] as const)]);
  expect([...new Set(leaksIn(recorded, canaries))]).toEqual([]);
});

interface WholeRecording {
  readonly recorded: string;
  readonly dropped: number;
}

async function recordingOf(reviews: readonly object[]): Promise<WholeRecording> {
  const directory = mkdtempSync(path.join(folder, 'r-'));
  const errors: unknown[] = [];
  let dropped = 0;
  const recorder = createRecorder(settingsFor(directory, { each: 'review' }), {
    version: '0.1.0',
    log: { info: () => undefined, error: (...error) => void errors.push(error) },
    metrics: { count: (counts) => void (dropped += counts.dropped), setFailing: () => undefined },
  });
  const server = await startAdmissionServer(context, { recorder });
  for (const review of reviews) {
    for (const endpoint of ['/validate', '/mutate']) {
      const { status } = await server.post(endpoint, JSON.stringify(review));
      expect(status).toBe(200);
    }
  }
  await server.stop();
  await recorder.close(60_000);
  expect([...errors, ...server.failures]).toEqual([]);
  const recorded = recordingFiles(directory).map((file) => zstdDecompressSync(readFileSync(file)).toString());
  return { recorded: recorded.join(''), dropped };
}
