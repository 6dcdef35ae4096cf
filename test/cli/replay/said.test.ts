import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RecordedReview } from '../../../src/recording/format.ts';
import type { Said } from '../../../src/recording/said.ts';
import { unpack } from '../../../src/report/html/pack.ts';
import { plainText } from '../../../src/report/html/sentence.ts';
import type { ReplayDocument } from '../../../src/report/replay/json.ts';
import { POD, recordedReview, repeats } from '../../recording/lines.ts';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { createReview } from '../../support/review.ts';

inOwnFolders('replay-said');

function line(id: string, image: string, said: readonly Said[] | undefined): RecordedReview {
  const { response: _response, ...rest } = recordedReview();
  const pod = { ...POD, metadata: { name: id, namespace: 'shop' }, spec: { containers: [{ name: 'web', image }] } };
  return { ...rest, id, shape: id, review: createReview(pod), origin: { source: 'cluster', object: 'stored' }, said };
}

const kyverno = (result: Said['result']): Said => ({
  by: 'kyverno',
  policy: 'tags',
  rule: 'no-latest',
  result,
  message: 'no tag',
});
const PINNED = `registry.example.com/web:1@sha256:${'0'.repeat(64)}`;
const LINES = [
  line('both', 'nginx', [kyverno('fail')]),
  { ...repeats(9), of: 'both' },
  line('neither', PINNED, [kyverno('pass')]),
  line('theirs', PINNED, [kyverno('fail')]),
  line('ours', 'nginx', [kyverno('pass')]),
  line('nothing', 'nginx', undefined),
];

function writeRecording(): void {
  writeFileSync('r.ndjson', LINES.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

describe('replay --compare-annotations', () => {
  test('counts where the policies agree, by policy and rule', async () => {
    writeRecording();
    const { code, out } = await runCommand(['replay', 'r.ndjson', '--compare-annotations', '--all', '-o', 'json']);
    const { agreement, summary, reviews } = JSON.parse(out) as ReplayDocument;
    expect({ code, agreement }).toEqual({
      code: 1,
      agreement: {
        bothAllow: 1,
        bothDeny: 10,
        onlyPeers: 1,
        onlyOurs: 1,
        unknown: 0,
        peersUnknown: 1,
        pairs: [
          { peer: 'kyverno/tags/no-latest', rule: 'baseline/image-tag', reviews: 10 },
          { peer: 'kyverno/tags/no-latest', rule: null, reviews: 1 },
          { peer: null, rule: 'baseline/image-tag', reviews: 1 },
        ],
      },
    });
    expect(summary.changes).toMatchObject({ same: 11, 'newly-denied': 1, 'newly-allowed': 1 });
    expect(reviews.map(({ comparedWith }) => comparedWith)).toEqual(['said', 'said', 'said', 'said', null]);
  });

  test('has the same result with threads', async () => {
    writeRecording();
    const args = ['replay', 'r.ndjson', '--compare-annotations', '--all', '-o', 'json'];
    expect((await runCommand([...args, '-j', '2'])).out).toBe((await runCommand([...args, '-j', '1'])).out);
  });

  test.each([
    ['pretty', /compared with other policies\n {2} 1 {2}allowed by both\n {2}10 {2}denied by both\n/],
    ['pretty', /^kyverno\/tags\/no-latest +baseline\/image-tag +\(10\)$/m],
    ['pretty', /^policy: built-in, compared with what other policies said$/m],
    ['pretty', /newly allowed\n {2}Pod shop\/theirs .*\n {4}deny -> none {2}no tag \[kyverno\/tags\/no-latest\]/],
    ['markdown', /\| kyverno\/tags\/no-latest \| baseline\/image-tag \| 10 \|/],
  ])('shows it as %s: %s', async (format, expected) => {
    writeRecording();
    const { out } = await runCommand(['replay', 'r.ndjson', '--compare-annotations', '-o', format]);
    expect(out).toMatch(expected);
  });

  test('shows it as HTML', async () => {
    writeRecording();
    const { out } = await runCommand(['replay', 'r.ndjson', '--compare-annotations', '-o', 'html']);
    const [run] = unpack(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(out)?.[1] ?? '').runs;
    expect(run?.agreement).toEqual({
      counts: [
        [1, 'allowed by both'],
        [10, 'denied by both'],
        [1, 'denied only by the other policies'],
        [1, 'denied only by these policies'],
        [1, 'without a decision of other policies'],
      ],
      pairs: [
        { peer: 'kyverno/tags/no-latest', rule: 'baseline/image-tag', reviews: 10 },
        { peer: 'kyverno/tags/no-latest', rule: null, reviews: 1 },
        { peer: null, rule: 'baseline/image-tag', reviews: 1 },
      ],
    });
    expect(plainText(run?.verdict ?? [])).toBe(
      'These policies decide as the other policies do for 11 of 13 reviews; 1 is denied only by the other policies; 1 is denied only by these policies.',
    );
    // Without scripts, too.
    expect(out).toContain('<li>10 denied by both</li>');
  });

  test('is not in other reports', async () => {
    writeRecording();
    const { code, out } = await runCommand(['replay', 'r.ndjson', '-o', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).not.toHaveProperty('agreement');
  });

  test('cannot be combined with --against', async () => {
    const { code, note } = await runCommand(['replay', 'r.ndjson', '--compare-annotations', '--against', 'p.yaml']);
    expect({ code, note }).toMatchObject({ code: 2, note: expect.stringContaining('--against') as string });
  });
});
