/** Measure 5: what a rule costs, and what many policies add to a review. */
import { writeFileSync } from 'node:fs';
import { readReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { compose } from '../../src/wiring.ts';
import { pullSecret } from '../../src/credential/pull-secret.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { type Workload, workloadOf } from '../../src/pod/workload.ts';
import type { Facts } from '../../src/policy/fact.ts';
import type { Rule } from '../../src/policy/rule.ts';
import { atMost, median, type Outcome } from './outcome.ts';
import { type Reach, writePolicySet } from './policy-set.ts';
import { type Answering, fileIn, folderIn, listening, startGate } from './program.ts';
import { type Body, reviewBodies } from './reviews.ts';
import { expectAllowed, oneRound, type Round, type ServeOptions, WARM_SECONDS } from './serve.ts';
import { tenContainers } from './ten-containers.ts';
import { nanoseconds } from './time.ts';
import { NO_FACTS } from '../../src/policy/fact.ts';

const RULE_GOAL_US = 10;
const SET_GOAL = 1.5;
const BODY = '10 KB';

export async function measureRules(options: ServeOptions): Promise<readonly Outcome[]> {
  return [...(await ruleCosts()), ...(await engineCosts()), ...(await gateCosts(options))];
}

/** Parameters under which a rule has most to do; of others the ones of its own example. */
const PARAMETERS: Readonly<Record<string, object>> = {
  'container-ports': { hostPort: false, namesRequired: true, namesUnique: true },
  'container-probes': { require: ['readiness', 'liveness'] },
  'container-resources': {
    requests: ['cpu', 'memory'],
    limits: ['memory'],
    maxRatio: { cpu: 10, memory: 8 },
    min: { cpu: '10m' },
    max: { memory: '4Gi' },
  },
  'image-pull-policy': { when: 'mutable' },
  'image-registry': { allow: ['registry.example.com/**', 'docker.io/library/*'], deny: ['evil.io/**'] },
  'image-tag': { required: true, deny: ['latest', '*-dev'] },
  'image-volume': { mounted: true, readOnly: true },
};

const KINDS = kindTable();
const UNKNOWN = { state: 'unknown', reason: 'not asked here' } as const;
const AUTHS = {
  'registry.example.com': { username: 'ci', password: 'example' },
  'docker.io': { username: 'ci', password: 'example' },
};
const SECRET = pullSecret({
  name: 'regcred',
  type: 'kubernetes.io/dockerconfigjson',
  data: new Map([['.dockerconfigjson', new TextEncoder().encode(JSON.stringify({ auths: AUTHS }))]]),
});
/** A cluster with the one pull secret that the Pod needs. */
const FACTS: Facts = {
  ...NO_FACTS,
  namespaceLabels: UNKNOWN,
  pullSecrets: new Map([
    [
      '/spec',
      {
        from: 'pod',
        serviceAccount: 'default',
        secrets: { state: 'yes', value: [{ name: 'regcred', secret: { state: 'yes', value: SECRET } }] },
      },
    ],
  ]),
};

interface Cost {
  readonly name: string;
  readonly us: number;
  readonly problems: number;
}

async function ruleCosts(): Promise<readonly Outcome[]> {
  const type = { group: '', version: 'v1', kind: 'Pod' };
  const read = workloadOf(tenContainers(), type, KINDS);
  if (read?.ok !== true) throw new Error('the Pod of ten containers cannot be read');
  const all: Cost[] = [];
  for (const rule of RULES) all.push(await costOf(rule, read.workload));
  const costs = all.sort((left, right) => right.us - left.us);
  const passing = costs.filter(({ problems }) => problems === 0);
  const others = costs.filter(({ problems }) => problems > 0);
  const shown = (list: readonly Cost[]): string => list.map(({ name, us }) => `${name} ${us.toFixed(1)}`).join(', ');
  return [
    {
      measure: 'rules: the slowest of all on a passing Pod of 10 containers',
      value: passing[0]?.us ?? Number.NaN,
      unit: 'us',
      goal: atMost(RULE_GOAL_US),
      detail: `${shown(passing)}${others.length === 0 ? '' : `; with findings: ${shown(others)}`}`,
    },
  ];
}

async function costOf(rule: Rule, workload: Workload): Promise<Cost> {
  await rule.ready?.();
  const bound = rule.bind(PARAMETERS[rule.name] ?? rule.docs?.example.parameters ?? {});
  if (!bound.ok) throw new Error(`${rule.name} does not take its parameters`);
  const { pods, containers } = workload;
  const request = { name: 'web', subResource: '', user: undefined, oldObject: undefined, dryRun: false };
  const about = { operation: 'CREATE', namespace: 'shop', workload, pods, containers } as const;
  const subject = { ...about, request, facts: FACTS };
  const problems = bound.value.run(subject).length;
  return { name: rule.name, problems, us: nanoseconds(() => bound.value.run(subject)) / 1000 };
}

/** The decision alone, without HTTP and JSON. */
async function engineCosts(): Promise<readonly Outcome[]> {
  const builtIn = await engineUs(undefined);
  const sets = await Promise.all(REACHES.map((reach) => engineUs(folderOf(reach))));
  return REACHES.map((reach, index) => ({
    measure: `rules: ${TITLE[reach]}, decision alone`,
    value: sets[index] ?? Number.NaN,
    unit: 'us',
    goal: undefined,
    detail: `the built-in policy: ${builtIn.toFixed(1)} us; for information`,
  }));
}

async function engineUs(folder: string | undefined): Promise<number> {
  const { context } = await compose({ kinds: KINDS, policies: folder === undefined ? [] : [folder] });
  const read = readReview(JSON.parse(body().text));
  if (!read.ok) throw new Error(read.problem);
  const { signal } = new AbortController();
  return nanoseconds(() => validate(read.review.request, context, signal)) / 1000;
}

const REACHES: readonly Reach[] = ['each', 'all'];
const TITLE: Readonly<Record<Reach, string>> = {
  each: '100 policies, 1,000 rules, 10,000 patterns, one of them for the namespace',
  all: '100 policies, 1,000 rules, 10,000 patterns, all of them for the namespace',
};

const folderOf = (reach: Reach): string => writePolicySet(fileIn(`policies-${reach}`), reach);

function body(): Body {
  const found = reviewBodies().find(({ name }) => name === BODY);
  if (found === undefined) throw new Error(`there is no review of ${BODY}`);
  return found;
}

/** The whole server with each set of policies beside the one with the built-in policy. */
async function gateCosts(options: ServeOptions): Promise<readonly Outcome[]> {
  const certsDir = folderIn('certs');
  const servers: Answering[] = [];
  try {
    for (const folder of [undefined, ...REACHES.map(folderOf)]) {
      const server = await startGate(certsDir, { policies: folder });
      servers.push(server);
      await listening(server);
    }
    const [builtIn, ...sets] = await roundsOf(servers, options);
    return REACHES.map((reach, index) => outcomeOf(reach, builtIn ?? [], sets[index] ?? []));
  } finally {
    for (const server of servers) await server.stop();
  }
}

/** By gate, in turns. */
async function roundsOf(
  gates: readonly Answering[],
  { seconds, rounds, note }: ServeOptions,
): Promise<readonly (readonly Round[])[]> {
  const review = body();
  const bodyFile = fileIn('review-rules.json');
  writeFileSync(bodyFile, review.text);
  for (const server of gates) {
    await expectAllowed(server, review);
    await oneRound(server, { bodyFile }, WARM_SECONDS);
  }
  const done: Round[][] = gates.map(() => []);
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, gate] of gates.entries()) done[index]?.push(await oneRound(gate, { bodyFile }, seconds));
    note(`rules: round ${round} of ${rounds}: ${done.map((list) => list.at(-1)?.rps.toFixed(0)).join(', ')} reviews/s`);
  }
  return done;
}

/** By CPU time: what the server itself spends, whoever else has the core. */
function outcomeOf(reach: Reach, builtIn: readonly Round[], set: readonly Round[]): Outcome {
  const ratios = (of: (round: Round) => number): readonly number[] =>
    set.map((one, round) => of(one) / of(builtIn[round] ?? one));
  const byCpu = ratios(({ cpuUsPerRequest }) => cpuUsPerRequest);
  const us = (rounds: readonly Round[]): string => median(rounds.map((one) => one.cpuUsPerRequest)).toFixed(0);
  return {
    measure: `rules: ${TITLE[reach]}: a review of the whole server against the built-in policy`,
    value: median(byCpu),
    unit: 'x',
    goal: atMost(SET_GOAL),
    detail: `CPU time, rounds ${byCpu.map((one) => one.toFixed(2)).join(' ')}; ${us(set)} us against ${us(builtIn)} us; by time on the clock ${median(ratios(({ rps }) => 1 / rps)).toFixed(2)} x`,
  };
}
