/** Measure 10: what reading remembered facts of a cluster adds to a review in this process, and that it costs no requests. */
import type { Context, World } from '../../src/admission/context.ts';
import type { ClusterApi } from '../../src/cluster/api.ts';
import { createClusterFacts } from '../../src/cluster/facts/cluster-facts.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { answer } from '../../src/server/answer.ts';
import { createCurrentContext } from '../../src/server/current-context.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { reviewIn } from '../../src/server/parse-review.ts';
import { compose } from '../../src/wiring.ts';
import { policyOf } from '../policy/fixtures.ts';
import { atMost, median, type Outcome } from './outcome.ts';
import { reviewBodies } from './reviews.ts';

const GOAL = 1.1;
const ROUNDS = 25;
const REVIEWS = 2000;
const BODY = '10 KB';
const RULES = `rules: [{rule: pull-secret-usable}, {rule: pull-secret-coverage, parameters: {nodeCredentials: ['**']}}]`;
const POLICY = policyOf(`{match: {namespaceSelector: {matchLabels: {env: prod}}}, ${RULES}}`);

export async function measureFacts(): Promise<readonly Outcome[]> {
  const api = fakeApi();
  const facts = createClusterFacts(api, { count: () => undefined, logDetail: () => undefined, now: () => 0 });
  const world = facts.sourcesFor(new Set(['namespaces', 'secrets', 'serviceaccounts']));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { context } = await compose({ kinds: kindTable(), policies: [] });
  const plain = reviewer(context, undefined);
  const withFacts = reviewer({ ...context, policies: [...context.policies, POLICY] }, world);
  await withFacts(1);
  const given = reviewer({ ...context, policies: [...context.policies, POLICY] }, await givenFacts(world));
  const warm = api.requests();
  const ratios: number[] = [];
  const costs: number[] = [];
  const plainCosts: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const base = await cpuOf(given);
    const cost = await cpuOf(withFacts);
    const less = await cpuOf(plain);
    if (round < 3) continue;
    ratios.push(cost / base);
    costs.push(cost);
    plainCosts.push(less);
  }
  facts.close();
  const ratio = median(ratios);
  const us = (list: readonly number[]): string => (median(list) / REVIEWS).toFixed(1);
  return [
    {
      measure: `facts: CPU of a review with remembered facts (${BODY})`,
      value: ratio,
      unit: 'x',
      goal: atMost(GOAL),
      detail: `${us(costs)} us; ${us(plainCosts)} us without the two rules and the selector that need them`,
    },
    {
      measure: 'facts: requests to the API server for remembered facts',
      value: api.requests() - warm,
      unit: '',
      goal: atMost(0),
      detail: `${(ROUNDS * REVIEWS).toLocaleString('en')} reviews`,
    },
  ];
}

type Reviewer = (count: number) => Promise<void>;

/** The same facts as constants. */
async function givenFacts({ secrets, namespaces }: World): Promise<World> {
  const { signal } = new AbortController();
  const secret = (await secrets?.secret('shop', 'pull', signal)) ?? UNKNOWN;
  const labels = (await namespaces?.labelsOf('shop', signal)) ?? UNKNOWN;
  return { secrets: { secret: () => secret }, namespaces: { labelsOf: () => labels } };
}

const UNKNOWN = { state: 'unknown', reason: 'there is no source' } as const;

function reviewer(context: Context, world: World | undefined): Reviewer {
  const current = createCurrentContext({ ...context, world });
  const log = { review: () => undefined, rejected: fail, failed: fail };
  const services = { current, log, metrics: createMetrics('0.0.0') };
  const body = bodyWithPullSecret();
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const send = (code: number, text: string): void => {
        if (code === 200 && text.includes('"allowed":true') && !text.includes('cannot determine')) resolve();
        else reject(new Error(text));
      };
      const exchange = {
        endpoint: 'validate',
        url: '/validate?timeout=10s',
        send,
        mayWait: () => () => undefined,
      } as const;
      answer(reviewIn(body), exchange, services, undefined);
    });
  return async (count) => {
    for (let done = 0; done < count; done += 1) await one();
  };
}

function fail(...what: readonly unknown[]): void {
  throw new Error(what.map(String).join(' '));
}

async function cpuOf(run: Reviewer): Promise<number> {
  const before = process.threadCpuUsage();
  await run(REVIEWS);
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

function bodyWithPullSecret(): Buffer {
  const text = reviewBodies().find(({ name }) => name === BODY)?.text ?? '';
  const review = JSON.parse(text) as { request: { object: { spec: { imagePullSecrets: unknown } } } };
  review.request.object.spec.imagePullSecrets = [{ name: 'pull' }];
  return Buffer.from(JSON.stringify(review));
}

function fakeApi(): ClusterApi & { readonly requests: () => number } {
  const auths = { 'registry.example.com': { username: 'ci', password: 'example' } };
  const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
  let requests = 0;
  return {
    server: 'https://127.0.0.1:6443',
    namespace: 'default',
    requests: () => requests,
    async request() {
      requests += 1;
      return { metadata: { name: 'pull', namespace: 'shop' }, type: 'kubernetes.io/dockerconfigjson', data };
    },
    async *watch(_request, signal) {
      yield { type: 'ADDED', object: { metadata: { name: 'shop', resourceVersion: '1', labels: { env: 'prod' } } } };
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      yield { type: 'BOOKMARK', object: { metadata: { resourceVersion: '1', annotations } } };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    async close() {},
  };
}
