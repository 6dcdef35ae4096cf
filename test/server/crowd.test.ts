/** A flood of one namespace while the API server is slow, and the reviews of other namespaces beside it. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClusterFacts } from '../../src/cluster/facts/cluster-facts.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { type Reply, startAdmissionServer, type TestServer } from '../support/admission-server.ts';
import { apiClient } from '../support/api-client.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { createReview } from '../support/review.ts';

let api: ApiServer;
let server: TestServer;
let stop: () => Promise<void>;

const POLICY = policyOf('{rules: [{rule: pull-secret-usable}]}');
const FLOOD = 'flood';
const TENANTS = ['bank', 'shop', 'blog'];

/** The API server never returns the Secrets of one namespace, and those of others after `othersMs`. */
let othersMs = 0;

beforeEach(async () => {
  api = await startApiServer();
  api.scripts.push(async ({ path }) => {
    if (path.includes(`/namespaces/${FLOOD}/`)) return true;
    await delay(othersMs);
    return false;
  });
  const auths = { 'registry.example.com': { username: 'ci', password: 'example' } };
  const data = { '.dockerconfigjson': btoa(JSON.stringify({ auths })) };
  for (const namespace of TENANTS)
    api.put(`/api/v1/namespaces/${namespace}/secrets`, 'pull', { type: 'kubernetes.io/dockerconfigjson', data });
  const client = apiClient(api.url);
  const facts = createClusterFacts(client, { count: () => undefined, logDetail: () => undefined });
  const world = facts.sourcesFor(new Set(['secrets']));
  server = await startAdmissionServer({ kinds, policies: [POLICY], world });
  stop = async () => {
    await server.stop();
    facts.close();
    await client.close();
    await api.close();
  };
});

afterEach(() => stop());

interface Answer {
  readonly allowed: boolean;
  /** Of the denial, and of the warnings. */
  readonly text: string;
}

async function review(namespace: string, secret: string, more: object = {}): Promise<Answer> {
  const metadata = { name: 'p', namespace };
  const spec = { imagePullSecrets: [{ name: secret }], containers: [{ name: 'a', image: 'registry.example.com/a:1' }] };
  const body = createReview({ apiVersion: 'v1', kind: 'Pod', metadata, spec, ...more });
  const reply: Reply = await server.post('/validate?timeout=10s', JSON.stringify(body));
  const { response } = JSON.parse(reply.text) as {
    response: { allowed: boolean; status?: { message: string }; warnings?: readonly string[] };
  };
  return { allowed: response.allowed, text: [response.status?.message, ...(response.warnings ?? [])].join(' ') };
}

/** Takes more than 1 MiB of memory, so that a few fill what all waiting reviews can have. */
const LARGE = { x: Array.from({ length: 18_000 }, () => ({})) };
const MANY = 40;

test.each([
  ['fast', 0],
  ['slow', 400],
])(
  'a namespace that floods the server is denied, and others get a yes or a no, if the API server is %s for them',
  async (_what, ms) => {
    othersMs = ms;
    const flood = Array.from({ length: MANY }, (_, index) => review(FLOOD, `s${index}`, LARGE));
    // Some of them are turned away, so the memory is used up.
    await Promise.race(flood);
    const answers = await Promise.all(
      TENANTS.flatMap((namespace) => [review(namespace, 'pull', LARGE), review(namespace, 'missing')]),
    );
    for (const [index, { allowed, text }] of answers.entries()) {
      expect({ allowed, text }).toEqual(
        index % 2 === 0
          ? { allowed: true, text: '' }
          : { allowed: false, text: expect.stringContaining('pull secret "missing" does not exist') as string },
      );
    }
    const denied = (await Promise.all(flood)).filter(({ allowed }) => !allowed);
    expect(denied.length).toBeLessThan(MANY);
    expect(denied.length).toBeGreaterThan(MANY / 4);
    for (const { text } of denied) expect(text).toContain('too many reviews of this namespace wait for lookups');
  },
);
