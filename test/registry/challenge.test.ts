import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseChallenges } from '../../src/registry/challenge.ts';

function parsed(...headers: readonly string[]): readonly (readonly [string, Readonly<Record<string, string>>])[] {
  return parseChallenges(headers).map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);
}

describe('challenges', () => {
  test.each<[readonly string[], ReturnType<typeof parsed>]>([
    [[], []],
    [[''], []],
    [['Basic'], [['basic', {}]]],
    [['Basic realm="a, b"'], [['basic', { realm: 'a, b' }]]],
    [['BEARER Realm="https://a/t",SERVICE="s"'], [['bearer', { realm: 'https://a/t', service: 's' }]]],
    [
      ['Bearer realm=https://a/t,scope=repository:a:pull'],
      [['bearer', { realm: 'https://a/t', scope: 'repository:a:pull' }]],
    ],
    [['Bearer realm = "r" , service\t=\ts'], [['bearer', { realm: 'r', service: 's' }]]],
    [
      ['Bearer realm="r",scope="repository:a:pull,push repository:b:pull"'],
      [['bearer', { realm: 'r', scope: 'repository:a:pull,push repository:b:pull' }]],
    ],
    [['Basic realm="say \\"hi\\" \\\\"'], [['basic', { realm: 'say "hi" \\' }]]],
    [
      ['Negotiate, Basic realm="x"'],
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      ['NTLM TlRMTVNTUAAC==, Bearer realm="r"'],
      [
        ['ntlm', {}],
        ['bearer', { realm: 'r' }],
      ],
    ],
    [
      ['Digest realm="d", nonce=abc, Bearer realm="r", service="s"'],
      [
        ['digest', { realm: 'd', nonce: 'abc' }],
        ['bearer', { realm: 'r', service: 's' }],
      ],
    ],
    [
      ['Basic realm="x"', 'Bearer realm="r"'],
      [
        ['basic', { realm: 'x' }],
        ['bearer', { realm: 'r' }],
      ],
    ],
    [
      [', ,Basic realm="x",, ,Bearer realm="r",'],
      [
        ['basic', { realm: 'x' }],
        ['bearer', { realm: 'r' }],
      ],
    ],
    [['Bearer realm="first",realm="second"'], [['bearer', { realm: 'first' }]]],
    [['Bearer realm=""'], [['bearer', { realm: '' }]]],
    [['realm="of nobody", Basic'], [['basic', {}]]],
    [['Bearer realm="not ended'], [['bearer', { realm: '' }]]],
    [['"Basic realm=x", Bearer realm=r'], [['bearer', { realm: 'r' }]]],
    [['(Basic) Bearer realm=r'], []],
    [['Bearer __proto__="a",realm="r"'], [['bearer', JSON.parse('{"__proto__":"a","realm":"r"}')]]],
  ])('%j', (headers, expected) => {
    expect(parsed(...headers)).toEqual(expected);
  });

  const token = fc.stringMatching(/^[A-Za-z!#$%&'*+.^_`|~0-9-]{1,8}$/);
  const value = fc.string({ unit: fc.constantFrom(...'ab ,="\\;:/\t'.split('')), maxLength: 12 });
  const written = fc.array(
    fc.record({
      scheme: token,
      params: fc.uniqueArray(fc.tuple(token, value), {
        minLength: 1,
        maxLength: 4,
        selector: ([name]) => name.toLowerCase(),
      }),
    }),
    { maxLength: 4 },
  );

  test('are parsed as they were written, with any text in the quotes', () => {
    fc.assert(
      fc.property(written, fc.boolean(), (challenges, isOneHeader) => {
        const texts = challenges.map(
          ({ scheme, params }) =>
            `${scheme} ${params.map(([name, text]) => `${name}="${text.replaceAll(/[\\"]/g, '\\$&')}"`).join(', ')}`,
        );
        const expected = challenges.map(({ scheme, params }) => ({
          scheme: scheme.toLowerCase(),
          params: new Map(params.map(([name, text]) => [name.toLowerCase(), text])),
        }));
        expect(parseChallenges(isOneHeader ? [texts.join(',')] : texts)).toEqual(expected);
      }),
    );
  });

  test('of any text are parsed without an error', () => {
    const any = fc.string({ unit: fc.constantFrom(...'aB ,="\\\t/é('.split('')), maxLength: 200 });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 3 }), (headers) => {
        for (const { scheme } of parseChallenges(headers)) expect(scheme).toMatch(/^[^A-Z ,="]+$/);
      }),
    );
  });

  test.each(['"\\', '"', ',"', 'a="', 'a ', '\\"', '=,', 'a b=', ' ='])(
    'of many %j are parsed in linear time',
    (piece) => {
      // A quadratic parser would take hours.
      expect(parseChallenges([piece.repeat(1_000_000)]).length).toBeLessThan(1_000_001);
    },
  );
});
