/** Messages of the webhook to tenants, and the details in the operator's log. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { configuredCredentials } from '../../src/node/configured-credentials.ts';
import { loadDockerConfig } from '../../src/node/docker-config-file.ts';
import { withTenantMessages, limitedDetailLog } from '../../src/lookup/tenant-messages.ts';
import { createRegistryClient } from '../../src/registry/http-client.ts';
import { type ImageSourceOptions, createRegistrySources } from '../../src/lookup/image-source.ts';
import type { RegistryEntry } from '../../src/registry/settings.ts';
import { secretOf } from '../credential/pull-secrets.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { type React, serving } from '../support/fault-registry.ts';
import { startAdmissionServer } from '../support/admission-server.ts';
import { entry } from '../support/registry-settings.ts';
import { createReview } from '../support/review.ts';
import { CACHE } from './fake-client.ts';
import { createWorld, type World } from '../registry/test-hosts.ts';
import { folderOf } from '../node/program-directory.ts';
import { always, behindToken, challenge, IMAGE, redirect } from '../registry/fault-reactions.ts';

const folder = folderOf();
let world: World;
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  world = await createWorld();
}, 30_000);
afterAll(() => world.close());
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const basic: React = ({ headers }) => (headers.authorization === undefined ? challenge('Basic') : { status: 401 });
const mirrors = (): RegistryEntry['mirrors'] => [{ location: `${world.elsewhereHost}/hub`, forwardCredentials: false }];

/** A docker config file of nodes, with a user for the registry. */
const nodeFile = (text = JSON.stringify({ auths: { [world.host]: { username: 'node-user', password: 'x' } } })) =>
  configuredCredentials(
    {
      dockerConfig: loadDockerConfig(folder.file('c4nary/config.json', text)),
      helpers: ['c4nary-helper'],
      providers: undefined,
      timeoutMs: 1000,
    },
    { env: {}, now: Date.now },
  );

interface Row {
  readonly react?: () => React;
  readonly elsewhere?: React;
  readonly more?: () => Partial<RegistryEntry>;
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: () => ImageSourceOptions['node'];
  readonly image?: () => string;
  readonly withSecret?: true;
  /** Only the operator may see it. */
  readonly canary: () => string | RegExp;
  readonly message: RegExp;
}

const ROWS: Readonly<Record<string, Row>> = {
  'the user and the file of a node credential': {
    react: () => basic,
    node: () => nodeFile(),
    canary: () => /node-user|c4nary\/config/,
    message: /HOST accepts none of the credentials \(401\) \(see the tidewaiter log\)/,
  },
  'a node file that cannot be read': {
    react: () => always(challenge('Basic')),
    node: () => nodeFile('{'),
    canary: () => /c4nary\/config/,
    message: /HOST accepts none of the credentials \(401\)/,
  },
  'a credential helper': {
    react: () => always(challenge('Basic')),
    node: () => nodeFile(JSON.stringify({ auths: {}, credHelpers: { [world.host]: 'c4nary-helper' } })),
    canary: () => /c4nary-helper/,
    message: /HOST accepts none of the credentials \(401\)/,
  },
  'a mirror, if the registry is unavailable': {
    react: () => always({ status: 500 }),
    elsewhere: always({ status: 404 }),
    more: () => ({ mirrors: mirrors() }),
    canary: () => world.elsewhereHost,
    message: /HOST is unavailable \(5xx\)/,
  },
  'the host that a registry redirects to': {
    react: () => always(redirect(`https://${world.elsewhereHost}/x`)),
    elsewhere: always({ status: 403 }),
    canary: () => world.elsewhereHost,
    message: /HOST does not allow the pull \(403\)/,
  },
  'a private host that a registry redirects to': {
    react: () => always(redirect('https://mapped.test/')),
    canary: () => /mapped\.test|10\.0\.0\.1/,
    message: /HOST was not contacted: the configuration does not allow it/,
  },
  'plain HTTP that a registry redirects to': {
    react: () => always(redirect(`http://${world.plainHost}/`)),
    canary: () => 'plain.test',
    message: /HOST was not contacted: the configuration does not allow it/,
  },
  'the token server': {
    react: () => behindToken(`https://${world.strangerHost}/token`),
    canary: () => 'stranger.test',
    message: /HOST was not contacted: the configuration does not allow it/,
  },
  'the address of a name': {
    image: () => 'mapped.test/app:1',
    canary: () => '10.0.0.1',
    message: /mapped\.test was not contacted: the configuration does not allow it/,
  },
  'an unavailable proxy': {
    more: () => ({ proxy: 'http://c4nary-proxy:secret@127.0.0.1:9' }),
    canary: () => /c4nary-proxy|127\.0\.0\.1:9|PROXY/,
    message: /HOST cannot be reached \(see the tidewaiter log\)/,
  },
};

async function reply(row: Row) {
  world.registry.reactWith(row.react?.() ?? always({ status: 500 }));
  world.elsewhere.reactWith(row.elsewhere ?? always({ status: 500 }));
  const reachable = { ca: world.authority.cert, allowPrivate: true };
  const registries = [world.entry(row.more?.()), entry(world.elsewhereHost, reachable)];
  const client = createRegistryClient({ registries, access: 'any' }, { env: {}, resolve: world.resolve });
  const log: string[] = [];
  const source = createRegistrySources({ client, node: row.node?.(), settings: CACHE, now: Date.now });
  const { images } = withTenantMessages(
    source,
    limitedDetailLog((detail) => void log.push(detail), Date.now),
  );
  const secret = secretOf('s', JSON.stringify({ auths: { [world.host]: { username: 'team-user', password: 'x' } } }));
  const server = await startAdmissionServer({
    kinds,
    world: { images, secrets: { secret: () => Promise.resolve({ state: 'yes', value: secret }) } },
    policies: [
      policyOf(
        '{pin: {onFailure: warn}, rules: [{rule: image-exists}, {rule: pull-secret-coverage, parameters: {prove: true}}]}',
      ),
    ],
  });
  ends.push(
    () => server.stop(),
    () => client.close(),
  );
  const image = row.image?.() ?? `${world.host}/team/app:1`;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: {
      containers: [{ name: 'c', image }],
      ...(row.withSecret ? { imagePullSecrets: [{ name: 's' }] } : {}),
    },
  };
  const replies = [];
  for (const path of ['/validate?timeout=20s', '/mutate?timeout=20s', '/validate?timeout=20s'])
    replies.push((await server.post(path, JSON.stringify(createReview(pod)))).text);
  return { answers: replies.join('\n').replaceAll(world.host, 'HOST'), log };
}

describe('messages of the webhook do not contain', () => {
  test.each(Object.entries(ROWS))('%s; the log contains it once', async (_what, row) => {
    const { answers, log } = await reply(row);
    const canary = row.canary();
    expect(answers).toMatch(row.message);
    expect(typeof canary === 'string' ? answers.includes(canary) : canary.test(answers)).toBe(false);
    const hits = log.filter((line) => (typeof canary === 'string' ? line.includes(canary) : canary.test(line)));
    expect(hits.length).toBeGreaterThan(0);
    expect(new Set(log).size).toBe(log.length);
  });
});

describe('messages of the webhook say', () => {
  test.each<[string, () => React, RegExp]>([
    [
      'that an own secret was refused',
      () => basic,
      /HOST returned HTTP 401 for \\+"team\/app:1\\+", requested with pull secret \\+"s\\+", key/,
    ],
    ['that the image does not exist', () => always({ status: 404 }), /HOST does not have \\+"team\/app:1/],
    ['that the registry fails', () => always({ status: 503 }), /HOST returned HTTP 503/],
    ['that the rate is limited', () => always({ status: 429 }), /HOST returned HTTP 429/],
    [
      'that the registry has only schema 1',
      () => always({ body: '{"schemaVersion":1}' }),
      /HOST has only a schema 1 manifest/,
    ],
  ])('%s, with the message of the registry', async (_what, react, message) => {
    const { answers, log } = await reply({ react, withSecret: true, canary: () => '', message });
    expect(answers).toMatch(message);
    expect(log).toEqual([]);
  });

  test('that a mirror responded, but not which', async () => {
    const row: Row = {
      more: () => ({ mirrors: mirrors() }),
      elsewhere: always(serving(IMAGE.manifest)),
      canary: () => '',
      message: /x/,
    };
    const { answers } = await reply(row);
    expect(answers).not.toContain(world.elsewhereHost);
  });
});

describe('the log', () => {
  const writing = () => {
    const lines: string[] = [];
    const clock = { ms: 0 };
    const tell = limitedDetailLog(
      (line) => void lines.push(line),
      () => clock.ms,
    );
    return { lines, clock, tell };
  };

  test('has each text once in ten minutes for all requesters', () => {
    const { lines, clock, tell } = writing();
    for (let at = 0; at < 2000; at += 1) tell(`x${at % 20}`, `team-${at % 7}`);
    expect(lines).toHaveLength(20);
    clock.ms = 600_000;
    tell('x1', 'team-1');
    tell('x1', 'team-2');
    expect(lines).toHaveLength(21);
  });

  test('has fifty texts about one namespace, a notice of more, and the texts of other namespaces', () => {
    const { lines, tell } = writing();
    for (let at = 0; at < 2000; at += 1) tell(`x${at}`, 'mallory');
    tell('y', 'shop');
    tell('z', '');
    expect(lines).toHaveLength(53);
    expect(lines.slice(-3)).toEqual([
      'more registry failures in namespace "mallory" are not logged until 1970-01-01T00:10:00.000Z',
      'y',
      'z',
    ]);
  });

  test('has a limited number of texts', () => {
    const { lines, tell } = writing();
    for (let at = 0; at < 5000; at += 1) tell(`x${at}`, `team-${at % 1000}`);
    expect(lines).toHaveLength(501);
    expect(lines.at(-1)).toBe('more registry failures are not logged until 1970-01-01T00:10:00.000Z');
  });
});
