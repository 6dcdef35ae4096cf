/** What a rule of a plugin throws or answers can hold paths and values of the server: the author of an object is not told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compose } from '../../src/wiring.ts';
import { createLog } from '../../src/server/log.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { startAdmissionServer } from '../support/admission-server.ts';
import { createReview } from '../support/review.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-failures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { containers: [{ name: 'web', image: 'nginx:1' }] },
};

const ROWS: Readonly<Record<string, string>> = {
  'a file that is not there': `() => { throw new Error("ENOENT: no such file or directory, open '/etc/c4nary/db.key'"); }`,
  'an address': `() => { throw new TypeError('connect ECONNREFUSED c4nary.corp.example:5432'); }`,
  'a text': `() => { throw 'c4nary'; }`,
  'an error with a name of its own': `() => { throw Object.assign(new Error('x'), { name: 'c4nary' }); }`,
  'a problem without a pointer': `() => [{ state: 'violation', message: 'm', pointer: 'c4nary' }]`,
  'a problem of an odd state': `() => [{ state: 'c4nary', message: 'm', pointer: '' }]`,
};

test.each(Object.entries(ROWS))('%s is in the log, and in no answer', async (what, check) => {
  const plugin = path.join(folder, `rule-${Object.keys(ROWS).indexOf(what)}.ts`);
  writeFileSync(
    plugin,
    `import { defineRule } from 'tidewaiter';
const parameters = { type: 'object', additionalProperties: false, properties: {} } as const;
export default [defineRule({ name: 'careless', description: 'For tests', parameters, needs: [], check: ${check} })];`,
  );
  for (const onUnknown of ['deny', 'warn', 'audit']) {
    const policy = path.join(folder, 'policy.yaml');
    writeFileSync(
      policy,
      `{apiVersion: tidewaiter.dev/v1alpha1, kind: ImagePolicy, metadata: {name: ours}, spec: {rules: [{rule: careless, onUnknown: ${onUnknown}}]}}`,
    );
    const { context } = await compose({ kinds: kindTable(), policies: [policy], plugins: [plugin] });
    const server = await startAdmissionServer(context);
    const { status, text } = await server.post('/validate', JSON.stringify(createReview(POD)));
    await server.stop();
    expect([status, text]).toEqual([200, expect.stringContaining('(see the log of tidewaiter)')]);
    expect(text).not.toContain('c4nary');
    const lines: string[] = [];
    const log = createLog('warn', { write: (line) => void lines.push(line) });
    for (const record of server.reviews) log.review(record);
    expect(lines.join('')).toContain('c4nary');
  }
});
