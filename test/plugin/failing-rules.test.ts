/** The server goes on, whatever a rule of a plugin does, and says so in its metrics and its log. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compose } from '../../src/wiring.ts';
import { createLog } from '../../src/server/log.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import { createReview } from '../support/review.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-serve-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PLUGIN = `import { defineRule } from 'tidewaiter';
const rule = (name: string, check: () => never) =>
  defineRule({ name, description: 'For tests', parameters: { type: 'object', additionalProperties: false, properties: {} }, needs: [], check });
export default [
  rule('hangs', () => { for (;;); }),
  rule('throws', () => { throw new RangeError('boom'); }),
  rule('nonsense', () => 7 as never),
];
`;

const POLICY = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: ours}
spec: {rules: [{rule: image-tag, parameters: {required: true}}, {rule: hangs, onUnknown: warn}, {rule: throws}, {rule: nonsense, onUnknown: audit}]}
`;

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { containers: [{ name: 'web', image: 'nginx:1' }] },
};

const plugin = path.join(folder, 'rules.ts');

describe('a server with rules that fail', () => {
  let server: TestServer;
  beforeAll(async () => {
    writeFileSync(plugin, PLUGIN);
    writeFileSync(path.join(folder, 'policy.yaml'), POLICY);
    const policies = [path.join(folder, 'policy.yaml')];
    const { context } = await compose({ kinds: kindTable(), policies, plugins: [plugin], pluginTimeoutMs: 100 });
    server = await startAdmissionServer(context);
  });
  afterAll(() => server.stop());

  const post = async (): Promise<{ allowed: boolean; status?: { message: string }; warnings?: readonly string[] }> => {
    const reply = await server.post('/validate', JSON.stringify(createReview(POD)));
    expect(reply.status).toBe(200);
    return (JSON.parse(reply.text) as { response: { allowed: boolean } }).response;
  };

  test('answers each review, lets onUnknown decide, and stops asking a rule that never answers', async () => {
    const hangs = (of: { readonly warnings?: readonly string[] }): string | undefined => of.warnings?.[0];
    const first = await post();
    expect(first).toMatchObject({
      allowed: false,
      status: {
        message: `Pod shop/web: 1 problem
  the rule failed: it threw an error (see the log of tidewaiter) [ours/throws, unknown -> deny]
    report it to the author of the rule; the object is not at fault`,
      },
      warnings: ['the rule failed: the rule did not return within 100 ms [ours/hangs, unknown -> warn]'],
    });
    await post();
    expect(hangs(await post())).toContain(
      'the rule did not return within 100 ms, 3 times in a row, so it is suspended for 60 s',
    );
    for (let index = 0; index < 20; index++) {
      expect(hangs(await post())).toContain('the rule is suspended: it did not return within 100 ms, 3 times in a row');
    }
    expect(server.failures).toEqual([]);
  });

  test('counts every failure by rule and reason', async () => {
    const { text } = await server.operations.metrics.exposition();
    const lines = text.split('\n').filter((line) => line.startsWith('tidewaiter_rule_failures_total{'));
    expect(lines.sort()).toEqual([
      'tidewaiter_rule_failures_total{rule="hangs",reason="suspended"} 20',
      'tidewaiter_rule_failures_total{rule="hangs",reason="timeout"} 3',
      'tidewaiter_rule_failures_total{rule="nonsense",reason="bad-answer"} 23',
      'tidewaiter_rule_failures_total{rule="throws",reason="threw"} 23',
    ]);
  });

  test('names rule, file and reason in the log, and says nothing twice within a minute', () => {
    const lines: string[] = [];
    const log = createLog('warn', { write: (line) => void lines.push(line) });
    for (const record of server.reviews) log.review(record);
    const written = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const uid = '5d6f3c1e-8f5b-4a53-9e0b-0f2d9f7d3c11';
    const line = (rule: string, reason: string, problem: string): object => ({
      level: 'error',
      time: expect.any(String),
      uid,
      rule,
      reason,
      plugin,
      msg: `a rule failed: ${problem}`,
    });
    expect(written).toEqual([
      line('hangs', 'timeout', 'the rule did not return within 100 ms'),
      line('throws', 'threw', 'the rule threw "RangeError: boom"'),
      line('nonsense', 'bad-answer', 'the rule returned a number instead of a list of problems'),
      line('hangs', 'timeout', 'the rule did not return within 100 ms, 3 times in a row, so it is suspended for 60 s'),
      line('hangs', 'suspended', 'the rule is suspended: it did not return within 100 ms, 3 times in a row'),
    ]);
  });
});
