import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { schemaText } from '../../src/cli/schema.ts';
import { readRecorded, readRecordedReview } from '../../src/recording/read-line.ts';
import { recordedAnswer, recordedResponse } from '../../src/recording/response.ts';
import type { RecordedReview } from '../../src/recording/format.ts';
import { recordedReview, repeats } from './lines.ts';

function problemsOf(value: unknown): readonly string[] {
  const read = readRecorded(value);
  return read.ok ? [] : read.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`);
}

function imported(): RecordedReview {
  const { response: _response, durationMs: _duration, ...rest } = recordedReview();
  const said = [{ by: 'kyverno', policy: 'tags', rule: 'no-latest', result: 'fail', action: 'deny' }] as const;
  return {
    ...rest,
    origin: { source: 'audit-log', object: 'sent', hasOldObject: false, admitted: false },
    said,
  };
}

function deep(levels: number): readonly unknown[] {
  return levels === 1 ? ['x'] : [deep(levels - 1)];
}

describe('a line of a recording', () => {
  const lines: readonly (readonly [string, object])[] = [
    ['a review', recordedReview()],
    ['repeats', repeats(3)],
    ['a review with keys of a later version', { ...recordedReview(), cluster: 'a' }],
    ['a review that serve did not record', imported()],
    ['a patch that is nested', recordedReview({ response: { allowed: true, patch: deep(100) } })],
  ];

  test.each(lines)('is read and fits the published schema: %s', (_name, line) => {
    expect(problemsOf(line)).toEqual([]);
    const check = new Ajv2020({ strict: false }).compile(JSON.parse(schemaText('recording') ?? '') as object);
    expect(check(line), JSON.stringify(check.errors)).toBe(true);
  });

  const { time: _time, ...untimed } = recordedReview();
  const faults: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['no line', [], [': expected a line of a recording, with "format" and "type"']],
    ['a manifest', { kind: 'Pod' }, [': expected a line of a recording, with "format" and "type"']],
    [
      'another version',
      { ...recordedReview(), format: 'tidewaiter.dev/recording/v9' },
      ['/format: expected "tidewaiter.dev/recording/v1", found "tidewaiter.dev/recording/v9"'],
    ],
    ['another type', { ...recordedReview(), type: 'note' }, ['/type: expected "review" or "repeats", found "note"']],
    ['a missing key', untimed, [': "time" is required']],
    [
      'a wrong fact',
      recordedReview({ facts: { sources: [], pullSecrets: [{ name: 'a' } as never] } }),
      ['/facts/pullSecrets/0: "fact" is required'],
    ],
    ...['2027-13-01T00:00:00Z', '2027-01-32T00:00:00Z', '2027-01-01T24:00:01Z', '9999-99-99T99:99:99Z'].map(
      (time) =>
        [
          `the time ${time}`,
          recordedReview({ time }),
          [`/time: invalid value "${time}": expected a time in UTC, for example 2027-01-31T12:00:00.000Z`],
        ] as const,
    ),
    ['too many repeats', repeats(1e308), ['/count: invalid value 1e+308: must be at most 1000000000000']],
    ['a negative number', recordedReview({ dropped: -1 }), ['/dropped: invalid value -1: must be at least 0']],
    [
      'a deep patch',
      recordedReview({ response: { allowed: true, patch: deep(101) } }),
      ['/response/patch: must not be nested more than 100 levels deep'],
    ],
    [
      'an unknown result of another policy',
      recordedReview({ said: [{ by: 'kyverno', result: 'failed' as never }] }),
      ['/said/0/result: invalid value "failed" (expected "pass", "fail", "warn", "error", or "skip")'],
    ],
  ];

  test.each(faults)('is rejected with its reason: %s', (_name, line, expected) => {
    expect(problemsOf(line)).toEqual(expected);
  });
});

describe('the review of a line', () => {
  const lines: readonly (readonly [string, RecordedReview, boolean])[] = [
    ['serve', recordedReview(), true],
    ['an object as it is stored', recordedReview({ origin: { source: 'cluster', object: 'stored' } }), true],
    ['an object as a client sent it', imported(), false],
  ];

  test.each(lines)('tells whether admission plugins changed the object: %s', (_name, line, pluginsRan) => {
    const read = readRecordedReview(line);
    expect(read.ok && read.review.request.pluginsRan).toBe(pluginsRan);
  });
});

describe('a response', () => {
  const uid = '5d6f3c1e-8f5b-4a53-9e0b-0f2d9f7d3c11';
  const responses: readonly (readonly [string, object])[] = [
    ['allowed', { uid, allowed: true, auditAnnotations: { decision: 'allow' } }],
    ['denied', { uid, allowed: false, status: { code: 403, message: 'é "\n' }, warnings: ['w'] }],
    ['patched', { uid, allowed: true, patchType: 'JSONPatch', patch: btoa('[{"op":"add","path":"/a","value":"b"}]') }],
  ];

  test.each(responses)('is recorded and written again byte for byte: %s', (_name, response) => {
    const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
    const recorded = recordedReview({ response: recordedResponse(answer) });
    expect(recordedAnswer(recorded)).toBe(JSON.stringify(answer));
  });

  test('that is unknown is not invented', () => {
    expect(recordedAnswer(imported())).toBeUndefined();
  });
});
