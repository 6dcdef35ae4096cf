import { describe, expect, test } from 'vitest';
import { createSaidBook } from '../../../src/files/said/said-book.ts';
import { SAID_RESULTS, type SaidResult } from '../../../src/recording/said.ts';
import { POLICY_REPORT } from './reports.ts';

const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } };

function saidAbout(results: readonly SaidResult[]): readonly SaidResult[] {
  const book = createSaidBook();
  const list = results.map((result, index) => ({ policy: `p-${index}`, rule: 'r', result, source: 'kyverno' }));
  book.add({
    ...POLICY_REPORT,
    scope: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'shop' },
    results: list,
  });
  return book.about(POD, 'shop', undefined).map(({ result }) => result);
}

const many = (result: SaidResult, count = 60): readonly SaidResult[] => Array.from({ length: count }, () => result);

describe('what is kept of many results about an object', () => {
  test.each<readonly [string, readonly SaidResult[], readonly SaidResult[]]>([
    ['all of few, in their order', SAID_RESULTS, SAID_RESULTS],
    ['a fail behind the others', [...many('pass'), 'fail'], ['fail', ...many('pass', 49)]],
    ['what decides, of what does not', [...many('skip'), ...many('error'), 'pass'], ['pass', ...many('error', 49)]],
    ['only fails, of as many', many('fail'), many('fail', 50)],
  ])('is %s', (_what, results, expected) => {
    expect(saidAbout(results)).toEqual(expected);
  });
});
