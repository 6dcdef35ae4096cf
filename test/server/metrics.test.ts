import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/policy/finding.ts';
import { createMetrics, type Metrics } from '../../src/server/metrics.ts';
import { podOf, requestOf } from '../admission/decide.ts';
import { change, digestOf, no, PIN_ALL, registryOf, yes } from '../admission/pinning.ts';
import { secretFor } from '../credential/pull-secrets.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { SecretSource } from '../../src/admission/context.ts';
import { policyOf } from '../policy/fixtures.ts';

const finding: Finding = {
  policy: 'baseline',
  rule: 'image-tag',
  action: 'deny',
  outcome: 'violation',
  existing: false,
  container: undefined,
  pointer: '',
  message: '',
  remedy: undefined,
};

const secrets: SecretSource = {
  secret: (_namespace, name) =>
    name === 'gone' ? { state: 'no' } : { state: 'yes', value: secretFor(name, 'mirror.example.com') },
};

async function samples(metrics: Metrics): Promise<Readonly<Record<string, number>>> {
  const { text } = await metrics.exposition();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

const VALIDATED = 'tidewaiter_reviews_total{endpoint="validate",operation="CREATE",decision="deny"}';
const MUTATED = 'tidewaiter_reviews_total{endpoint="mutate",operation="UPDATE",decision="allow"}';
const FOUND = 'tidewaiter_findings_total{policy="baseline",rule="image-tag",action="deny",outcome="violation"}';
const TIMED = 'tidewaiter_review_duration_seconds_count{endpoint="validate"}';
const SECONDS = 'tidewaiter_review_duration_seconds_sum{endpoint="validate"}';

describe('the metrics', () => {
  // Below, at and above the number of reviews that are handed on at once, and several times of it.
  test.each([1, 511, 512, 513, 1300])('count %i reviews once, however often they are read', async (reviews) => {
    const metrics = createMetrics('0.0.0');
    for (let index = 0; index < reviews; index++) {
      metrics.countReview('validate', 'CREATE', 'deny', 0.25);
      metrics.countFindings([finding, finding]);
    }
    metrics.countReview('mutate', 'UPDATE', 'allow', 1);
    const expected = {
      [VALIDATED]: reviews,
      [MUTATED]: 1,
      [FOUND]: 2 * reviews,
      [TIMED]: reviews,
      [SECONDS]: reviews / 4,
    };
    expect(await samples(metrics)).toMatchObject(expected);
    expect(await samples(metrics)).toMatchObject(expected);
    metrics.countReview('validate', 'CREATE', 'deny', 0.25);
    expect(await samples(metrics)).toMatchObject({ [VALIDATED]: reviews + 1, [TIMED]: reviews + 1, [MUTATED]: 1 });
  });

  test('count what became of images that wanted a digest', async () => {
    const metrics = createMetrics('0.0.0');
    const images = registryOf({ 'docker.io/library/gone:1': no('notFound') });
    const pod = podOf(
      '{containers: [{name: a, image: "nginx:1"}, {name: b, image: "b:1"}, {name: c, image: "gone:1"}]}',
    );
    metrics.countMutation(await change(requestOf(pod), [PIN_ALL], { images }));
    expect(await samples(metrics)).toMatchObject({
      'tidewaiter_pins_total{policy="test",outcome="pinned",cause=""}': 2,
      'tidewaiter_pins_total{policy="test",outcome="failed",cause="notFound"}': 1,
      'tidewaiter_findings_total{policy="test",rule="pin",action="warn",outcome="violation"}': 1,
    });
  });

  test('count what was written for images that were rewritten', async () => {
    const metrics = createMetrics('0.0.0');
    const mirror = policyOf(
      '{rewrite: [{from: "docker.io/**", to: "mirror.example.com/**"}], pullPolicy: [{images: ["mirror.example.com/**"], set: Always}, {set: Never}]}',
    );
    const adds = (name: string, names: string): Policy => ({
      ...policyOf(`{pullSecrets: [{images: ["mirror.example.com/**"], add: [${names}]}]}`),
      name,
    });
    const policies = [mirror, adds('first', 'a, gone, b'), adds('second', 'b, c')];
    const spec =
      '{containers: [{name: a, image: "nginx:1"}, {name: b, image: "redis:1"}, {name: c, image: "quay.io/c:1"}]}';
    for (const image of [yes(digestOf('1')), no('unreachable')])
      metrics.countMutation(await change(requestOf(podOf(spec)), policies, { images: registryOf({}, image), secrets }));
    const counted = await samples(metrics);
    const ours = Object.entries(counted).filter(([name]) => /^tidewaiter_(rewrites|pull)/.test(name));
    expect(Object.fromEntries(ours)).toEqual({
      'tidewaiter_rewrites_total{policy="test",outcome="rewritten",cause=""}': 2,
      'tidewaiter_rewrites_total{policy="test",outcome="failed",cause="unreachable"}': 2,
      'tidewaiter_pull_secrets_added_total{policy="first"}': 2,
      'tidewaiter_pull_secrets_added_total{policy="second"}': 1,
      'tidewaiter_pull_policies_set_total{policy="test",pull_policy="Always"}': 2,
      'tidewaiter_pull_policies_set_total{policy="test",pull_policy="Never"}': 4,
    });
    expect(counted).toMatchObject({
      'tidewaiter_findings_total{policy="first",rule="pull-secrets",action="warn",outcome="violation"}': 1,
    });
  });

  test('are all in the documentation', async () => {
    const { text: exposition } = await createMetrics('0.0.0').exposition();
    const names = [...exposition.matchAll(/^# HELP (\S+)/gm)].map(([, name = '']) => name);
    const folder = path.join(import.meta.dirname, '../../docs');
    const text = ['configuration.md', 'recordings.md']
      .map((file) => readFileSync(path.join(folder, file), 'utf8'))
      .join();
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => name.startsWith('tidewaiter_') && !text.includes(`\`${name}`))).toEqual([]);
  });

  test('count requests to the API server, and show how long watches are idle when they are read', async () => {
    const metrics = createMetrics('0.0.0');
    let seconds = 3;
    metrics.cluster.countRequest('secrets', 'found');
    metrics.cluster.countRequest('secrets', 'found');
    metrics.cluster.countOld('secrets');
    metrics.cluster.setIdle(() => new Map([['namespaces', seconds]]));
    const REQUESTS = 'tidewaiter_cluster_requests_total{resource="secrets",result="found"}';
    const IDLE = 'tidewaiter_watch_idle_seconds{resource="namespaces"}';
    const OLD = 'tidewaiter_cluster_old_objects_total{resource="secrets"}';
    expect(await samples(metrics)).toMatchObject({ [REQUESTS]: 2, [IDLE]: 3, [OLD]: 1 });
    seconds = 7;
    expect(await samples(metrics)).toMatchObject({ [REQUESTS]: 2, [IDLE]: 7 });
  });
});
