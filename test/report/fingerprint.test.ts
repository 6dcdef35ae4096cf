/** Fingerprints are the same as long as workload, container, rule, and value are. */
import { describe, expect, test } from 'vitest';
import { createFingerprints, hashOf } from '../../src/report/fingerprint.ts';
import { FINDING } from './hostile-report.ts';

const of = (row: typeof FINDING, value: unknown = 'envoy', ...texts: readonly string[]): string =>
  createFingerprints()(hashOf(row, { value, seen: () => texts.map((text) => ({ text })) }));
const BEFORE = of(FINDING);
const CEL = { ...FINDING, rule: 'cel' };

describe('a fingerprint', () => {
  test.each<readonly [string, Partial<typeof FINDING>]>([
    ['file', { file: 'other.yaml' }],
    ['line', { line: 99 }],
    ['document', { document: 7 }],
    ['message', { message: 'other words' }],
    ['remedy', { remedy: null }],
    ['action', { action: 'warn' }],
    ['policy', { policy: 'other' }],
    ['version of the API', { apiVersion: 'apps/v2' }],
    ['place in a list', { pointer: '/spec/template/spec/containers/7/image' }],
  ])('does not depend on the %s', (_what, change) => {
    expect(of({ ...FINDING, ...change })).toBe(BEFORE);
  });

  test.each<readonly [string, Partial<typeof FINDING>]>([
    ['group of the API', { apiVersion: 'example.com/v1' }],
    ['kind', { kind: 'StatefulSet' }],
    ['namespace', { namespace: null }],
    ['name', { name: 'other' }],
    ['container', { container: 'web' }],
    ['kind of the container', { containerKind: 'init' }],
    ['rule', { rule: 'image-digest' }],
    ['outcome', { outcome: 'unknown' }],
    ['field', { pointer: '/spec/template/spec/containers/1/imagePullPolicy' }],
  ])('depends on the %s', (_what, change) => {
    expect(of({ ...FINDING, ...change })).not.toBe(BEFORE);
  });

  const UNKNOWN = {
    ...FINDING,
    outcome: 'unknown',
    message: 'registry.example.com:443 returned HTTP 503 after 1.5 s',
  } as const;
  test.each<readonly [reason: string, isSame: boolean]>([
    ['registry.example.com:443 returned HTTP 503 after 12 s', true],
    ['registry.example.com:443 returned HTTP 401 after 1.5 s', false],
    ['registry.example.com:443 refused the connection', false],
    ['other.example.com:443 returned HTTP 503 after 1.5 s', false],
  ])('of an unknown result depends on its reason without numbers: %s', (message, isSame) => {
    expect(of({ ...UNKNOWN, message }) === of(UNKNOWN)).toBe(isSame);
  });

  test('depends on a value that is a text or a number, and not on the content of an object', () => {
    expect(of(FINDING, 'envoy:1')).not.toBe(BEFORE);
    expect(of(FINDING, { a: 1 })).toBe(of(FINDING, { a: 2 }));
    expect(of(FINDING, undefined)).not.toBe(of(FINDING, null));
  });

  test('depends on the policy and the message of a CEL expression', () => {
    expect(of({ ...CEL, policy: 'other' })).not.toBe(of(CEL));
    expect(of({ ...CEL, message: 'other words' })).not.toBe(of(CEL));
  });

  test('depends on what a custom rule read', () => {
    expect(of(CEL, {}, '"a"')).not.toBe(of(CEL, {}, '"b"'));
    expect(of(CEL, {}, '"a"', '"b"')).not.toBe(of(CEL, {}, '"a""b"'));
  });

  test('has a number among equal ones', () => {
    const identify = createFingerprints();
    const numbers = ['a', 'a', 'b'].map((value) => identify(hashOf(FINDING, { value })).slice(33));
    expect(numbers).toEqual(['1', '2', '1']);
  });
});
