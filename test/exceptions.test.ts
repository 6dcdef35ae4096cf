/**
 * Exceptions through all doors: the core function, HTTPS on the listening server, `check`, `replay`; the log, the metrics,
 * the audit annotations.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Review, readReview, decisionReview, answerText } from '../src/admission/review.ts';
import { validate, type Decision } from '../src/admission/validate.ts';
import { type Composed, compose } from '../src/wiring.ts';
import { createLog } from '../src/server/log.ts';
import type { JsonObject } from '../src/pod/pointer.ts';
import { exceptionBook } from '../src/policy/exception-book.ts';
import type { CheckReport } from '../src/report/check.ts';
import type { ReplayDocument } from '../src/report/replay/json.ts';
import { ask, contextOf, podOf, requestOf, decisionTexts } from './admission/decide.ts';
import { AFTER, exceptionOf, kinds, LAST_DAY, policyOf } from './policy/fixtures.ts';
import { runCommand } from './support/command.ts';
import { type TestServer, startAdmissionServer } from './support/admission-server.ts';
import { createReview } from './support/review.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-exceptions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | object): string {
  const full = path.join(folder, name);
  writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content));
  return full;
}

const policies = file(
  'policies.yaml',
  `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: base}
spec: {rules: [{rule: image-digest}, {rule: image-tag, parameters: {deny: [latest]}}]}
---
apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicyException
metadata: {name: legacy}
spec:
  policy: base
  rules: [image-digest]
  match: {namespaces: [shop], containers: [web]}
  owner: team-shop
  reason: the vendor has no digests
  expires: 2027-01-31
`,
);

const IN_FORCE = '2027-01-31';
const LAPSED = '2027-02-01';
const EXPIRED = '; exception legacy (owner team-shop) expired on 2027-01-31';
const pod = podOf('{containers: [{name: web, image: "nginx:1"}]}', '{name: web, namespace: shop}');

const composed = (now: string): Promise<Composed> =>
  compose({ kinds, policies: [policies] }, { now: () => Date.parse(now) });

function reviewOf(object: JsonObject, extra: JsonObject = {}): Review {
  const read = readReview(createReview(object, extra));
  if (!read.ok) throw new Error(read.problem);
  return read.review;
}

async function decisionOn(review: Review, now: string): Promise<Decision> {
  const { context } = await composed(now);
  const decision = await validate(review.request, context, new AbortController().signal);
  if (decision.outcome === 'malformed') throw new Error(decision.problem);
  return decision;
}

async function checked(...argv: readonly string[]): Promise<{ readonly code: number; readonly report: CheckReport }> {
  const manifest = file('pod.json', pod);
  const { code, out } = await runCommand(['check', manifest, '-p', policies, '-o', 'json', ...argv]);
  return { code, report: JSON.parse(out) as CheckReport };
}

async function withServer<T>(now: string, use: (server: TestServer) => Promise<T>): Promise<T> {
  const { context, loaded } = await composed(now);
  const server = await startAdmissionServer(context);
  server.operations.metrics.setExceptions(loaded.exceptions);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

describe('an exception in force', () => {
  const review = reviewOf(pod);

  test('lets the object in without a word to the user, and tells the audit log who answers for it', async () => {
    const decision = await decisionOn(review, IN_FORCE);
    expect(decisionReview(review, decision).response).toEqual({
      uid: review.request.uid,
      allowed: true,
      auditAnnotations: {
        decision: 'allow',
        findings:
          'excused by legacy (team-shop, until 2027-01-31) [base/image-digest] container "web": image "nginx:1" has no digest, so its content can change',
      },
    });
  });

  test('has the same answer over HTTPS, and each use is counted', async () => {
    const expected = answerText(decisionReview(review, await decisionOn(review, IN_FORCE)));
    await withServer(IN_FORCE, async (server) => {
      const before = (await server.operations.metrics.exposition()).text;
      expect(before).toContain('tidewaiter_exceptions_used_total{exception="legacy"} 0\n');
      const body = JSON.stringify(createReview(pod));
      expect(await server.post('/validate', body)).toMatchObject({ status: 200, text: expected });
      await server.post('/validate', body);
      const { text } = await server.operations.metrics.exposition();
      expect(text).toContain('tidewaiter_exceptions_used_total{exception="legacy"} 2\n');
      expect(text).toContain(`tidewaiter_exception_expiry_timestamp_seconds{exception="legacy"} ${AFTER / 1000}\n`);
      expect(text).toContain(
        'tidewaiter_findings_total{policy="base",rule="image-digest",action="excused",outcome="violation"} 2\n',
      );
    });
  });

  test('stands in the log line of the review', async () => {
    const decision = await decisionOn(review, IN_FORCE);
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => void lines.push(line) });
    log.review({ endpoint: 'validate', review, decision, durationMs: 1 });
    log.flush();
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      allowed: true,
      findings: ['base/image-digest: excused'],
      excused: ['legacy base/image-digest: web'],
      unknown: 0,
    });
  });

  test('cannot hide behind many others in the log line and the annotation', async () => {
    const policy = policyOf('{rules: [{rule: image-digest}]}');
    const all = [exceptionOf('{containers: ["c*"]}'), exceptionOf('{containers: [last]}', { name: 'other' })];
    const containers = Array.from({ length: 60 }, (_, index) => `{name: c${index}, image: "a:1"}`).join(', ');
    const many = podOf(`{containers: [${containers}, {name: last, image: "a:1"}]}`);
    const decision = await ask(
      requestOf(many),
      contextOf([policy], { exceptions: exceptionBook(all, () => LAST_DAY) }),
    );
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => void lines.push(line) });
    log.review({ endpoint: 'validate', review, decision, durationMs: 1 });
    log.flush();
    const { excused } = JSON.parse(lines[0] ?? '') as { excused: readonly string[] };
    const named = exceptionBook(all.slice(1), () => LAST_DAY);
    const audited = await ask(requestOf(many), contextOf([policy], { exceptions: named }));
    const { response } = decisionReview(review, audited);
    expect(response.auditAnnotations?.['findings']?.split('\n')[0]).toMatch(/^excused by other \(team-x, until /);
    expect(excused).toEqual([
      expect.stringMatching(/^x test\/image-digest: c0, c1, .*, c49, and 10 more$/),
      'other test/image-digest: last',
    ]);
  });

  test('is visible in check, as an action of its own that no reader can take for a denial or for nothing', async () => {
    const { code, report } = await checked('--now', IN_FORCE, '--fail-on', 'unknown');
    expect(code).toBe(0);
    expect(report.summary).toMatchObject({ denied: 0, warned: 0, unknown: 0, excused: 1 });
    expect(report.findings).toMatchObject([
      {
        action: 'excused',
        rule: 'image-digest',
        exception: {
          name: 'legacy',
          owner: 'team-shop',
          reason: 'the vendor has no digests',
          expires: '2027-01-31',
          insteadOf: 'deny',
        },
      },
    ]);
    expect(report.notices).toEqual([
      {
        file: policies,
        line: 15,
        column: 12,
        kind: 'ImagePolicyException',
        name: 'legacy',
        rule: null,
        message: 'exception "legacy" (owner team-shop) expires today, 2027-01-31',
      },
    ]);
  });

  test('is printed for people in place of the remedy', async () => {
    const { code, out } = await runCommand(['check', file('pretty.json', pod), '-p', policies, '--now', '2026-12-01']);
    expect(code).toBe(0);
    expect(out).toBe(`${path.join(folder, 'pretty.json')}
  1:122  excused  image "nginx:1" has no digest, so its content can change  Pod shop/web > web  image-digest
                  would deny; excused by exception legacy (owner team-shop, expires 2027-01-31): the vendor has no digests

1 file, 1 workload, 1 image: 0 denied, 0 warned, 0 unknown, 1 excused (policy: ${policies})
`);
  });

  test('that is needed by nothing is told by check, and the exit code stays', async () => {
    const other = file(
      'other.json',
      podOf('{containers: [{name: web, image: "nginx:1"}]}', '{name: web, namespace: other}'),
    );
    const { code, out } = await runCommand(['check', other, '-p', policies, '--now', '2026-12-01']);
    expect(code).toBe(1);
    expect(out).toContain(`\n\n${policies}:8:18  notice  exception "legacy" matched no findings\n\n1 file, `);
  });
});

describe('an exception that has expired', () => {
  const review = reviewOf(pod);
  const message = `image "nginx:1" has no digest, so its content can change${EXPIRED}`;

  test('excuses nothing, and the denial says why that is new', async () => {
    const answer = decisionReview(review, await decisionOn(review, LAPSED));
    const { response } = answer;
    expect(response).toMatchObject({ allowed: false });
    expect(response.status?.message).toBe(
      `Pod shop/web: 1 problem\n  container "web": ${message} [base/image-digest]\n    pin the image: nginx:1@sha256:… (tidewaiter pin FILE --write adds the digest)`,
    );
    await withServer(LAPSED, async (server) => {
      const reply = await server.post('/validate', JSON.stringify(createReview(pod)));
      expect(reply.text).toBe(answerText(answer));
      expect((await server.operations.metrics.exposition()).text).toContain(
        'tidewaiter_exceptions_used_total{exception="legacy"} 0\n',
      );
    });
  });

  test('is told by check, with what is back', async () => {
    const { code, report } = await checked('--now', LAPSED);
    expect(code).toBe(1);
    expect(report.summary).toMatchObject({ denied: 1, excused: 0 });
    expect(report.findings).toMatchObject([{ action: 'deny', message, exception: null }]);
    expect(report.notices.map((notice) => notice.message)).toEqual([
      'exception "legacy" (owner team-shop) expired on 2027-01-31 and has no effect; it would have excused 1 finding',
    ]);
  });

  test('is told by replay, which judges as of now or as of the day that is asked for', async () => {
    const recording = file('recording.json', {
      review: createReview(pod),
      expected: { allowed: true, findings: [{ action: 'excused', rule: 'image-digest' }] },
    });
    const replayed = async (now: string): Promise<readonly [number, ReplayDocument]> => {
      const { code, out } = await runCommand([
        'replay',
        recording,
        '-p',
        policies,
        '-o',
        'json',
        '--all',
        '--now',
        now,
      ]);
      return [code, JSON.parse(out) as ReplayDocument];
    };
    const [same, inForce] = await replayed(IN_FORCE);
    expect([same, inForce.reviews[0]?.change]).toEqual([0, 'same']);
    const answer = inForce.reviews[0]?.answers?.validate;
    const generation = /"generation":"([0-9a-f]{12})"/.exec(answer ?? '')?.[1];
    expect(answer).toBe(answerText(decisionReview(review, await decisionOn(review, IN_FORCE), generation)));
    const [changed, lapsed] = await replayed(LAPSED);
    expect(changed).toBe(1);
    expect(lapsed.reviews[0]?.differences?.[0]?.text).toBe(
      `expected to be allowed, is denied: container "web": ${message} [base/image-digest]`,
    );
    expect(lapsed.notices.map((notice) => notice.message)).toEqual([
      'exception "legacy" (owner team-shop) expired on 2027-01-31 and has no effect',
    ]);
    const { out } = await runCommand(['replay', recording, '-p', policies, '--now', LAPSED]);
    expect(out).toContain(`${policies}:15:12  notice  exception "legacy" (owner team-shop) expired on 2027-01-31`);
  });
});

describe('an update', () => {
  const policy = policyOf('{rules: [{rule: image-digest}, {rule: image-reference}, {rule: container-ports}]}');
  const update = async (
    spec: string,
    oldSpec: string,
    match: string,
    { now = LAST_DAY, rules = ['image-digest'] } = {},
  ) => {
    const request = requestOf(podOf(spec), { operation: 'UPDATE', oldObject: podOf(oldSpec) });
    const exceptions = exceptionBook([exceptionOf(match, { rules })], () => now);
    const decision = await ask(request, contextOf([policy], { exceptions }));
    return [...decisionTexts(decision), decision.outcome === 'evaluated' && decision.allowed];
  };
  const web = '{containers: [{name: web, image: "nginx:1"}]}';

  test('of what is excused stays excused, instead of a warning now', async () => {
    expect(await update(web, web, '{names: [p]}')).toEqual(['+web image-digest excused', true]);
    const request = requestOf(podOf(web), { operation: 'UPDATE', oldObject: podOf(web) });
    const exceptions = exceptionBook([exceptionOf('{names: [p]}')], () => LAST_DAY);
    const decision = await ask(request, contextOf([policy], { exceptions }));
    expect(decision.outcome === 'evaluated' && decision.findings[0]?.excuse?.insteadOf).toBe('warn');
  });

  test('of what has lost its exception is forgiven as anything that was there', async () => {
    expect(await update(web, web, '{names: [p]}', { now: AFTER })).toEqual(['+web image-digest warn', true]);
    expect(await update(web, '{containers: [{name: web, image: "nginx:0"}]}', '{names: [p]}', { now: AFTER })).toEqual([
      'web image-digest deny',
      false,
    ]);
  });

  test('to an image that the exception does not name is judged as if there were none', async () => {
    expect(await update(web, '{containers: [{name: web, image: "old:1"}]}', '{images: [old]}')).toEqual([
      'web image-digest deny',
      false,
    ]);
    // The clash was there before, whatever excused it.
    const clash = (image: string): string =>
      `{containers: [{name: web, image: "${image}@sha256:${'1'.repeat(64)}", ports: [{containerPort: 1}, {containerPort: 1}]}]}`;
    for (const now of [LAST_DAY, AFTER]) {
      expect(await update(clash('new'), clash('old'), '{images: [old]}', { now, rules: ['container-ports'] })).toEqual([
        '+web container-ports warn',
        true,
      ]);
    }
  });

  test('of an image that nobody can read compares the rules that are left', async () => {
    const bad = '{containers: [{name: web, image: "x:"}]}';
    expect(await update(bad, bad, '{names: [p]}')).toEqual([
      '+web image-digest excused',
      '+web image-reference warn',
      true,
    ]);
  });
});

describe('whatever exceptions there are', () => {
  const policy = policyOf(
    '{rules: [{rule: image-digest}, {rule: image-reference, action: warn}, {rule: image-pull-policy, action: audit}, {rule: container-ports}, {rule: image-registry, parameters: {allow: ["a.io/**"]}}]}',
  );
  const image = fc.constantFrom('a.io/x:1', 'a.io/x', 'b.io/y:1', `a.io/x@sha256:${'1'.repeat(64)}`, 'x:', '', 'UPPER');
  const container = fc.record({
    name: fc.constantFrom('c', 'd'),
    image,
    ports: fc.constantFrom([], [{ containerPort: 1 }, { containerPort: 1 }]),
  });
  const spec = fc.record({
    containers: fc.array(container, { maxLength: 3 }),
    initContainers: fc.array(container, { maxLength: 1 }),
  });
  // Mostly the object as it was, or nearly so: else nothing would be forgiven.
  const pair = fc.oneof(
    spec.map((now) => [now, now] as const),
    fc.tuple(spec, fc.option(spec)),
  );
  const match = fc
    .record(
      {
        namespaces: fc.constantFrom(['shop'], ['other']),
        kinds: fc.constantFrom(['Pod'], ['Job']),
        names: fc.constantFrom(['p'], ['q*']),
        containers: fc.constantFrom(['c'], ['*']),
        images: fc.constantFrom(['a.io/**'], ['**'], ['b.io/y']),
      },
      { requiredKeys: [] },
    )
    .filter((clause) => Object.keys(clause).length > 0);
  const exception = fc
    .record({
      match,
      rules: fc.subarray(
        ['image-digest', 'image-reference', 'image-pull-policy', 'container-ports', 'image-registry'],
        { minLength: 1 },
      ),
      expires: fc.constantFrom('2027-01-30', '2027-01-31'),
    })
    .map(({ match: clause, ...more }) => exceptionOf(JSON.stringify(clause), more));
  const object = (value: object): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: value,
  });

  test('what is allowed without them is allowed with them, and every finding is still told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(exception, { maxLength: 4 }), pair, async (all, [now, old]) => {
        const request = requestOf(object(now), old === null ? {} : { operation: 'UPDATE', oldObject: object(old) });
        const without = await ask(request, contextOf([policy]));
        const withThem = await ask(request, contextOf([policy], { exceptions: exceptionBook(all, () => LAST_DAY) }));
        if (without.outcome !== 'evaluated' || withThem.outcome !== 'evaluated') throw new Error('not evaluated');
        if (without.allowed) expect(withThem.allowed).toBe(true);
        const places = ({ policy: of, rule, pointer }: { policy: string; rule: string; pointer: string }): string =>
          `${of} ${rule} ${pointer}`;
        expect(withThem.findings.map(places)).toEqual(expect.arrayContaining(without.findings.map(places)));
        for (const { action, excuse } of withThem.findings) expect(excuse !== undefined).toBe(action === 'excused');
        if (!without.allowed && withThem.allowed)
          expect(withThem.findings.some(({ action }) => action === 'excused')).toBe(true);
      }),
      { numRuns: 1000 },
    );
  }, 60_000);

  test('none of them leaves every decision as it was', async () => {
    await fc.assert(
      fc.asyncProperty(spec, spec, async (now, old) => {
        const request = requestOf(object(now), { operation: 'UPDATE', oldObject: object(old) });
        const findings = async (context: ReturnType<typeof contextOf>): Promise<readonly unknown[]> =>
          (await ask(request, context)).findings.map((one) => ({ ...one, seen: one.seen?.() }));
        const none = await findings(contextOf([policy], { exceptions: exceptionBook([], () => LAST_DAY) }));
        expect(none).toEqual(await findings(contextOf([policy])));
      }),
      { numRuns: 200 },
    );
  });
});
