/** One table of cases, three doors: the core function, HTTPS on the listening server, and the command line. All must agree. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { applyPatch, type Operation } from 'rfc6902';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerText, readReview, decisionReview } from '../src/admission/review.ts';
import { validate } from '../src/admission/validate.ts';
import { compose, type Environment } from '../src/wiring.ts';
import { loadManifests } from '../src/files/manifests.ts';
import { loadSuites, type Suite } from '../src/files/suites.ts';
import { clusterObjectsIn } from '../src/files/cluster-objects.ts';
import { parseDocuments } from '../src/files/yaml/yaml.ts';
import { kindTable } from '../src/pod/kinds.ts';
import type { CheckReport } from '../src/report/check.ts';
import type { FindingRow } from '../src/report/rows.ts';
import type { TestReport } from '../src/report/test.ts';
import { runCommand } from './support/command.ts';
import { recordedReview } from './recording/lines.ts';
import { ORIGIN_OBJECTS, ORIGIN_SOURCES, type RecordedOrigin } from '../src/recording/origin.ts';
import { createReview } from './support/review.ts';
import { startAdmissionServer, type TestServer } from './support/admission-server.ts';
import { suiteRegistry } from '../src/admission/facts/suite-registry.ts';

const RULES = path.join(import.meta.dirname, 'fixtures/rules');
const kinds = kindTable();

/**
 * The first document is judged; what stands behind it is the cluster around it, which `check` sees in the same file. What
 * registries say stands in the suite, where `test` sees it.
 */
async function clusterOf(manifest: string, suite: Suite): Promise<Environment> {
  const { manifests } = await loadManifests([manifest], { kinds, namespace: 'default', stdin: process.stdin });
  const { namespaces, secrets, serviceAccounts } = clusterObjectsIn(manifests);
  const responses = suite.cases.find(({ resources }) => resources.includes(manifest))?.registry;
  const now = suite.now === undefined ? {} : { now: (): number => suite.now ?? 0 };
  const sources = responses === undefined ? {} : suiteRegistry(responses);
  return { ...now, world: { namespaces, secrets, serviceAccounts, ...sources } };
}

async function suiteOf(rule: string): Promise<Suite> {
  const { suites } = await loadSuites([path.join(RULES, rule, 'suite.yaml')], { stdin: process.stdin });
  const [suite] = suites;
  if (suite === undefined) throw new Error(`${rule} has no suite`);
  return suite;
}

/** By `check`, or by `test` where answers of registries are needed. */
async function judgedFile(manifest: string, policy: string, suite: Suite): Promise<readonly FindingRow[]> {
  if (suite.cases.every(({ registry }) => registry === undefined)) {
    const { code, out } = await runCommand(['check', manifest, '--policy', policy, '-o', 'json']);
    const { findings } = JSON.parse(out) as CheckReport;
    expect(code).toBe(findings.some(({ action }) => action === 'deny') ? 1 : 0);
    return findings;
  }
  const { out } = await runCommand(['test', suite.file, '-o', 'json']);
  const [row] = (JSON.parse(out) as TestReport).suites;
  const index = suite.cases.findIndex(({ resources }) => resources.includes(manifest));
  expect(row?.cases[index]?.outcome).toBe('passed');
  return row?.cases[index]?.findings ?? [];
}

const yamlFiles = (folder: string): readonly string[] => readdirSync(folder).filter((file) => file.endsWith('.yaml'));

describe.each(readdirSync(RULES))('the fixtures of %s', (rule) => {
  const policy = path.join(RULES, rule, 'policy.yaml');
  let server: TestServer;
  beforeAll(async () => {
    server = await startAdmissionServer((await compose({ kinds, policies: [policy] })).context);
  });
  afterAll(() => server.stop());

  const cases = (['pass', 'fail'] as const).flatMap((outcome) =>
    yamlFiles(path.join(RULES, rule, outcome)).map((file) => ({ outcome, file })),
  );

  test('exist for both outcomes', () => {
    expect(new Set(cases.map(({ outcome }) => outcome))).toEqual(new Set(['pass', 'fail']));
  });

  test.each(cases)(
    '$outcome/$file has the same answer through the core, HTTPS and the command line',
    async ({ outcome, file }) => {
      const manifest = path.join(RULES, rule, outcome, file);
      const [document] = parseDocuments(readFileSync(manifest, 'utf8'));
      if (document?.ok !== true) throw new Error(`${manifest} does not parse`);
      const body = createReview(document.value);
      const read = readReview(body);
      if (!read.ok) throw new Error(read.problem);
      const suite = await suiteOf(rule);
      const { context } = await compose({ kinds, policies: [policy] }, await clusterOf(manifest, suite));

      const decision = await validate(read.review.request, context, new AbortController().signal);
      if (decision.outcome === 'malformed') throw new Error(decision.problem);
      expect(decision.allowed, JSON.stringify(decision.findings.map(({ message }) => message))).toBe(
        outcome === 'pass',
      );

      // A server of its own where the answer depends on what the fixture says about the cluster.
      const own = context.policies.some(({ needs }) => needs.size > 0) ? await startAdmissionServer(context) : server;
      const reply = await own.post('/validate', JSON.stringify(body));
      if (own !== server) await own.stop();
      expect(reply).toMatchObject({ status: 200, text: answerText(decisionReview(read.review, decision)) });

      const found = await judgedFile(manifest, policy, suite);
      // `check` reports in the order of lines.
      const texts = (rows: readonly object[]): readonly string[] => rows.map((row) => JSON.stringify(row)).toSorted();
      expect(
        texts(found.map(({ message, pointer, action, container }) => ({ message, pointer, action, container }))),
      ).toEqual(
        texts(
          decision.findings.map(({ message, pointer, action, container }) => ({
            message,
            pointer,
            action,
            container: container?.name ?? null,
          })),
        ),
      );
    },
  );

  test('name the line on which each value stands', async () => {
    for (const { outcome, file } of cases) {
      const manifest = path.join(RULES, rule, outcome, file);
      const lines = readFileSync(manifest, 'utf8').split('\n');
      const { out } = await runCommand(['check', manifest, '--policy', policy, '-o', 'json']);
      for (const { image, line } of (JSON.parse(out) as CheckReport).images) {
        expect(lines[(line ?? 0) - 1]).toContain(image.split(/\n|:\*\*\*/, 1)[0]);
      }
    }
  });
});

test('every built-in rule has fixtures', async () => {
  const { RULES: rules } = await import('../src/policy/rules/index.ts');
  expect(readdirSync(RULES)).toEqual(rules.map(({ name }) => name));
});

test('manifests of the fixtures load without errors', async () => {
  const { errors } = await loadManifests([RULES], { kinds, namespace: 'default', stdin: process.stdin });
  expect(errors).toEqual([]);
});

/** Objects that policies change: the decision is about the object as it would run. */
interface Changed {
  readonly what: string;
  readonly spec: string;
  readonly object: string;
  readonly raw: boolean;
  readonly asRun: boolean;
}

const HUB = 'rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**", when: always}]';
const podWith = (fields: string): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {containers: [{name: web, ${fields}}]}}`;
const deploymentWith = (fields: string): string =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: {spec: {containers: [{name: web, ${fields}}]}}}}`;

const CHANGED: readonly Changed[] = [
  {
    what: 'an image that is allowed because it runs from the mirror',
    spec: `{${HUB}, rules: [{rule: image-registry, parameters: {allow: ["mirror.example.com/**"]}}]}`,
    object: podWith('image: "nginx:1.27"'),
    raw: false,
    asRun: true,
  },
  {
    what: 'the template of a Deployment',
    spec: `{${HUB}, rules: [{rule: image-registry, parameters: {allow: ["mirror.example.com/**"]}}]}`,
    object: deploymentWith('image: "nginx:1.27"'),
    raw: false,
    asRun: true,
  },
  {
    what: 'an image that is denied because it runs from the mirror',
    spec: `{${HUB}, rules: [{rule: image-registry, parameters: {allow: ["docker.io/library/*"]}}]}`,
    object: podWith('image: "nginx:1.27"'),
    raw: true,
    asRun: false,
  },
  {
    what: 'a template that only its Pods get from the mirror',
    spec: `{${HUB.replace('always', 'always, mode: pod')}, rules: [{rule: image-registry, parameters: {allow: ["mirror.example.com/**"]}}]}`,
    object: deploymentWith('image: "nginx:1.27"'),
    raw: false,
    asRun: false,
  },
  ...[
    { what: 'an original that is allowed', registry: 'docker.io', allowed: true },
    { what: 'an original that is denied', registry: 'quay.io', allowed: false },
  ].map(({ what, registry, allowed }) => ({
    what,
    spec: `{${HUB}, rules: [{rule: cel, parameters: {expression: "original.registry == '${registry}'"}}]}`,
    object: podWith('image: "nginx:1.27"'),
    raw: allowed,
    asRun: allowed,
  })),
  {
    what: 'an original that its author claims',
    spec: `{${HUB}, rules: [{rule: cel, parameters: {expression: "original.registry == 'docker.io'"}}]}`,
    object: podWith('image: "evil.example.com/nginx:1.27"').replace(
      'name: web,',
      `name: web, annotations: {tidewaiter.dev/original-images: '{"/spec/containers/web":"nginx:1.27"}'},`,
    ),
    raw: false,
    asRun: false,
  },
  {
    what: 'a pull policy that is set',
    spec: '{pullPolicy: [{set: Always}], rules: [{rule: image-pull-policy}]}',
    object: podWith('image: "registry.example.com/web:7", imagePullPolicy: Never'),
    raw: false,
    asRun: true,
  },
  {
    what: 'a new name that is not possible, which the policy denies',
    spec: '{rewrite: [{from: "**", to: "cache.example.com/**", when: always, onFailure: deny}], rules: [{rule: image-tag, parameters: {deny: [latest]}}]}',
    object: podWith('image: "registry.example.com:5000/web:7"'),
    raw: true,
    asRun: false,
  },
];

/** Changes that only a server can decide. They are left out, and the objects are evaluated as written. */
const UNDECIDED: readonly (Pick<Changed, 'what' | 'spec' | 'object'> & { readonly allowed: boolean })[] = [
  ...[true, false].map((allowed) => ({
    what: `an image that cannot be pinned without registries, and is ${allowed ? 'allowed' : 'denied'}`,
    spec: `{pin: {onFailure: deny}, rules: [{rule: ${allowed ? 'image-tag, parameters: {deny: [latest]}' : 'image-digest'}}]}`,
    object: podWith('image: "nginx:1.27"'),
    allowed,
  })),
  ...[true, false].map((allowed) => ({
    what: `an image that can be at a mirror, and is ${allowed ? 'allowed' : 'denied'}`,
    spec: `{${HUB.replace('when: always', 'onFailure: deny')}, rules: [{rule: image-registry, parameters: {allow: [${allowed ? '"docker.io/**", ' : ''}"mirror.example.com/**"]}}]}`,
    object: podWith('image: "nginx:1.27"'),
    allowed,
  })),
  {
    what: 'a pull secret that is not known',
    spec: '{pullSecrets: [{images: ["**"], add: [mirror-pull]}], rules: [{rule: image-tag, parameters: {deny: [latest]}}]}',
    object: podWith('image: "nginx:1.27"'),
    allowed: true,
  },
];

describe('an object that policies change', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-changed-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const [policy, manifest, recording] = ['policy.yaml', 'object.yaml', 'reviews.yaml'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string];

  test.each(CHANGED)('$what has the same answer by check, by the server, and by replay', async (row) => {
    const document = `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: ${row.spec}\n`;
    writeFileSync(policy, document);
    writeFileSync(manifest, row.object);
    const [parsed] = parseDocuments(row.object);
    if (parsed?.ok !== true) throw new Error('the object does not parse');
    const { context } = await compose({ kinds, policies: [policy] });
    const server = await startAdmissionServer(context);
    const answer = async (endpoint: string, object: unknown): Promise<Answer['response']> =>
      (JSON.parse((await server.post(endpoint, JSON.stringify(createReview(object)))).text) as Answer).response;
    const raw = await answer('/validate', parsed.value);
    const mutation = await answer('/mutate', parsed.value);
    const changed = structuredClone(parsed.value);
    applyPatch(changed, JSON.parse(Buffer.from(mutation.patch ?? 'W10=', 'base64').toString()) as Operation[]);
    const validation = await answer('/validate', changed);
    await server.stop();
    const allowed = mutation.allowed && validation.allowed;
    expect({ raw: raw.allowed, asRun: allowed }).toEqual({ raw: row.raw, asRun: row.asRun });

    const { code, out } = await runCommand(['check', manifest, '--policy', policy, '-o', 'json', '--offline']);
    expect({ code, denied: (JSON.parse(out) as CheckReport).summary.denied }).toEqual(
      allowed ? { code: 0, denied: 0 } : { code: 1, denied: 1 },
    );

    writeFileSync(recording, JSON.stringify(createReview(parsed.value)));
    const replay = await runCommand(['replay', recording, '--policy', policy, '-o', 'json', '--all']);
    const [review] = (JSON.parse(replay.out) as { readonly reviews: readonly Replayed[] }).reviews;
    const { mutate, validate: validated } = review?.answers ?? {};
    expect(review?.allowed).toBe(allowed);
    expect(responseIn(mutate)).toEqual(mutation);
    expect(responseIn(validated)).toEqual(validation);
    expect(await replayedAsRun(parsed.value)).toEqual(replaysOf(allowed));
  });

  test.each(UNDECIDED)('$what has the same answer by check and by replay', async ({ spec, object, allowed }) => {
    writeFileSync(
      policy,
      `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: ${spec}\n`,
    );
    writeFileSync(manifest, object);
    const [parsed] = parseDocuments(object);
    if (parsed?.ok !== true) throw new Error('the object does not parse');
    const { code } = await runCommand(['check', manifest, '--policy', policy, '--offline']);
    expect(code).toBe(allowed ? 0 : 1);
    expect(await replayedAsRun(parsed.value)).toEqual(replaysOf(allowed));
  });

  /** The decisions of `replay` about the manifest, and about recordings that `serve` did not write. */
  async function replayedAsRun(object: unknown): Promise<Readonly<Record<string, boolean>>> {
    const found: Record<string, boolean> = {};
    for (const [name, text] of [['manifest', JSON.stringify(object)] as const, ...recordingsOf(object)]) {
      const file = path.join(folder, 'as-run.ndjson');
      writeFileSync(file, `${text}\n`);
      const { out } = await runCommand(['replay', file, '--policy', policy, '-o', 'json', '--all']);
      const { reviews } = JSON.parse(out) as { readonly reviews: readonly Replayed[] };
      expect(reviews).toHaveLength(1);
      found[name] = reviews[0]?.allowed === true;
    }
    return found;
  }
});

const ORIGINS: readonly RecordedOrigin[] = ORIGIN_SOURCES.flatMap((source) =>
  ORIGIN_OBJECTS.map((object) => ({ source, object })),
);

function recordingsOf(object: unknown): readonly (readonly [name: string, line: string])[] {
  const review = createReview(object);
  return ORIGINS.map((origin) => {
    const line = recordedReview({ review, origin, response: undefined });
    return [`${origin.source}, ${origin.object}`, JSON.stringify(line)] as const;
  });
}

function replaysOf(allowed: boolean): Readonly<Record<string, boolean>> {
  const names = ['manifest', ...ORIGINS.map(({ source, object }) => `${source}, ${object}`)];
  return Object.fromEntries(names.map((name) => [name, allowed]));
}

interface Answer {
  readonly response: {
    readonly allowed: boolean;
    readonly patch?: string;
    readonly auditAnnotations?: { readonly generation?: string } | undefined;
  };
}

/** Only a context of a configuration has a generation. */
function responseIn(answer = ''): Answer['response'] {
  const { response } = JSON.parse(answer) as Answer;
  const { generation: _generation, ...annotations } = response.auditAnnotations ?? {};
  const auditAnnotations = Object.keys(annotations).length === 0 ? undefined : annotations;
  return { ...response, auditAnnotations };
}

interface Replayed {
  readonly allowed: boolean;
  readonly answers: { readonly mutate?: string; readonly validate?: string };
}
