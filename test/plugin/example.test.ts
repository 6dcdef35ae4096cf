/** The example in manifests/examples/plugin, in every command, with the built-in rules. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerText, readReview, decisionReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { compose } from '../../src/wiring.ts';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import { createReview } from '../support/review.ts';

const EXAMPLE = path.join(import.meta.dirname, '../../manifests/examples/plugin');
const BASELINE = path.join(import.meta.dirname, '../../manifests/policies/baseline.yaml');
const plugins = [path.join(EXAMPLE, 'rules.ts')];
const policies = [path.join(EXAMPLE, 'policy.yaml'), BASELINE];
const flags = ['--plugin', ...plugins, ...policies.flatMap((file) => ['--policy', file])];

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-example-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NAMESPACE = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: shop}}\n';
const DIGEST = `@sha256:${'1'.repeat(64)}`;
const pod = (container: string, namespace = 'shop'): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: ${namespace}}\nspec: {containers: [{name: web, ${container}}]}\n`;

const UNKNOWN = 'cannot determine the team of the namespace: ';

/** What `check` says, where the namespace is among the files. */
const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ['its own image', pod(`image: "registry.example.com/shop/web:1${DIGEST}"`), []],
  [
    'the image of another team',
    pod(`image: "registry.example.com/pay/web:1${DIGEST}"`),
    [
      `deny /spec/containers/0/image image "registry.example.com/pay/web:1${DIGEST}" is not in the registry path of team "shop"`,
    ],
  ],
  [
    'a team whose name only begins alike',
    pod(`image: "registry.example.com/shop2/web:1${DIGEST}"`),
    [
      `deny /spec/containers/0/image image "registry.example.com/shop2/web:1${DIGEST}" is not in the registry path of team "shop"`,
    ],
  ],
  [
    'a privileged container',
    pod(`image: "registry.example.com/shop/web:1${DIGEST}", securityContext: {privileged: true}`),
    ['deny /spec/containers/0/securityContext/privileged the container is privileged and has full access to the node'],
  ],
  [
    'an unknown namespace',
    pod(`image: "registry.example.com/shop/web:1${DIGEST}"`, 'elsewhere'),
    [`warn /metadata/namespace ${UNKNOWN}namespace "elsewhere" is not in the input files`],
  ],
  ['a namespace that is left out', pod(`image: "a${DIGEST}", securityContext: {privileged: true}`, 'kube-system'), []],
];

describe('the example of a plugin', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startAdmissionServer((await compose({ kinds: kindTable(), plugins, policies })).context);
  });
  afterAll(() => server.stop());

  test.each(CASES)('%s', async (_what, manifest, expected) => {
    const file = path.join(folder, 'web.yaml');
    writeFileSync(file, `${NAMESPACE}---\n${manifest}`);
    const { out, code } = await runCommand(['check', file, ...flags, '-o', 'json']);
    const { findings } = JSON.parse(out) as CheckReport;
    expect(findings.map(({ action, pointer, message }) => `${action} ${pointer} ${message}`)).toEqual(expected);
    expect(code).toBe(expected.some((finding) => finding.startsWith('deny')) ? 1 : 0);
  });

  test.each(CASES)('has one answer through the core, HTTPS and replay: %s', async (_what, manifest) => {
    const [document] = parseDocuments(manifest);
    if (document?.ok !== true) throw new Error('does not parse');
    const body = createReview(document.value);
    const read = readReview(body);
    if (!read.ok) throw new Error(read.problem);
    const { context } = await compose({ kinds: kindTable(), plugins, policies });
    const decision = await validate(read.review.request, context, new AbortController().signal);
    if (decision.outcome === 'malformed') throw new Error(decision.problem);
    const answer = answerText(decisionReview(read.review, decision));
    expect(await server.post('/validate', JSON.stringify(body))).toMatchObject({ status: 200, text: answer });
    const recording = path.join(folder, 'recording.json');
    writeFileSync(recording, JSON.stringify(body));
    const { out } = await runCommand(['replay', recording, ...flags, '-o', 'json', '--all']);
    const { reviews } = JSON.parse(out) as { reviews: { answers: { validate: string } }[] };
    // This server has no generation.
    const texts = reviews.map(({ answers }) => answers.validate.replace(/,"generation":"[0-9a-f]+"/, ''));
    expect(texts).toEqual([answer]);
  });

  test('takes nothing from the built-in rules', async () => {
    const file = path.join(folder, 'tag.yaml');
    writeFileSync(file, `${NAMESPACE}---\n${pod('image: registry.example.com/shop/web')}`);
    const { out } = await runCommand(['check', file, ...flags, '-o', 'json']);
    expect((JSON.parse(out) as CheckReport).findings.map(({ rule }) => rule)).toEqual(['image-tag', 'image-digest']);
  });

  test('compares policies under the same plugins in replay', async () => {
    const recording = path.join(folder, 'against.json');
    const [document] = parseDocuments(pod(`image: "a:1${DIGEST}", securityContext: {privileged: true}`));
    writeFileSync(recording, JSON.stringify(createReview(document?.ok === true ? document.value : undefined)));
    const against = ['--policy', BASELINE, '--plugin', ...plugins, '--against', policies[0] ?? ''];
    const { code, out, note } = await runCommand(['replay', recording, ...against]);
    expect({ code, note }).toEqual({ code: 1, note: '' });
    expect(out).toContain('not-privileged');
  });

  test('is named in full where a policy asks for a rule that is not there', async () => {
    const policy = path.join(folder, 'policy.yaml');
    writeFileSync(policy, readFileSync(policies[0] ?? '', 'utf8').replace('rule: team-images', 'rule: team-image'));
    const { note } = await runCommand(['check', folder, '--plugin', ...plugins, '--policy', policy]);
    expect(note).toMatch(/unknown rule "team-image"; did you mean "team-images"\? \(all rules: tidewaiter rules\)/);
  });
});

test('the rule that asks registries is tested as its suite says', async () => {
  const { code, out } = await runCommand(['test', path.join(EXAMPLE, 'size'), '--plugin', ...plugins]);
  expect(out).toContain('2 passed, 0 failed');
  expect(code).toBe(0);
});

test('the rule about originals reads what the rewrites of the policies tell', async () => {
  const policy = path.join(folder, 'originals.yaml');
  const rules = '[{rule: original-registry, parameters: {registries: [docker.io]}}]';
  const rewrite = ['docker.io/**', 'quay.io/**', 'ghcr.io/**'].map(
    (from, index) => `{from: "${from}", to: "${index === 2 ? 'g' : 'm'}.example.com/**"}`,
  );
  writeFileSync(
    policy,
    `{apiVersion: tidewaiter.dev/v1alpha1, kind: ImagePolicy, metadata: {name: o}, spec: {rewrite: [${rewrite.join(', ')}], rules: ${rules}}}`,
  );
  const file = path.join(folder, 'originals-web.yaml');
  const images = ['nginx', 'quay.io/a/b', 'g.example.com/a/b', 'm.example.com/a/b'];
  const containers = images.map((image, index) => `{name: c${index}, image: "${image}:1"}`);
  writeFileSync(
    file,
    `{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [${containers.join(', ')}]}}`,
  );
  const flagsHere = ['--plugin', ...plugins, '--policy', policy, '--offline'];
  const { out, code } = await runCommand(['check', file, ...flagsHere, '-o', 'json']);
  expect(code).toBe(1);
  expect((JSON.parse(out) as CheckReport).findings.map(({ action, message }) => `${action} ${message}`)).toEqual([
    'deny image "quay.io/a/b:1" is from quay.io',
    'deny image "g.example.com/a/b:1" is from ghcr.io',
    'deny cannot determine the registry of image "m.example.com/a/b:1": the rewrites of the policies turn several images into "m.example.com/a/b:1", for example "docker.io/a/b:1" and "quay.io/a/b:1"',
  ]);
});
