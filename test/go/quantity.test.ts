/** Kubernetes quantities. The numbers of the table are what apimachinery v0.37 says of these texts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/pod/pointer.ts';
import { exceeds, readQuantity } from '../../src/go/quantity.ts';
import { quantityAt } from '../../src/pod/resources.ts';

function nanoOf(text: string): bigint | string {
  const parsed = readQuantity(text);
  return parsed.ok ? parsed.quantity.nano : parsed.problem;
}

const ONE = 10n ** 9n;
const CAP = (2n ** 63n - 1n) * ONE;

describe('a quantity', () => {
  test.each<[string, bigint]>([
    ['0', 0n],
    ['1', ONE],
    ['+1', ONE],
    ['-1.5', -1_500_000_000n],
    ['007', 7n * ONE],
    ['.5', 500_000_000n],
    ['1.', ONE],
    [' 1 ', ONE],
    ['1n', 1n],
    ['1u', 1000n],
    ['100m', 100_000_000n],
    ['2k', 2000n * ONE],
    ['1M', 10n ** 15n],
    ['1G', 10n ** 18n],
    ['1T', 10n ** 21n],
    ['1P', 10n ** 24n],
    ['1E', 10n ** 27n],
    ['1Ki', 1024n * ONE],
    ['1.5Gi', 1_610_612_736n * ONE],
    ['.5Ki', 512n * ONE],
    ['0.0001Ki', 102_400_000n],
    ['1e3', 1000n * ONE],
    ['1E5', 100_000n * ONE],
    ['1e+3', 1000n * ONE],
    ['1e-3', 1_000_000n],
    ['1e003', 1000n * ONE],
    // finer than a billionth: rounded away from zero
    ['0.1n', 1n],
    ['-0.1n', -1n],
    ['1e-40', 1n],
    ['-1e-40', -1n],
    // only what has a binary suffix is capped
    ['16Ei', CAP],
    ['-16Ei', -CAP],
    ['12345678901234567890Ki', CAP],
    ['9223372036854775808', 9_223_372_036_854_775_808n * ONE],
    ['1e40', 10n ** 49n],
  ])('%s', (text, nano) => {
    expect(nanoOf(text)).toBe(nano);
  });

  test.each<[string, string]>([
    ['', 'it is empty'],
    [' ', 'it is empty'],
    ['1 GB', 'quantities do not end in "B"'],
    ['128MiB', 'quantities do not end in "B"'],
    ['1K', '"k" is 1000, "Ki" is 1024'],
    ['1mi', 'binary suffixes are Ki, Mi, Gi, Ti, Pi, and Ei'],
    ['1gi', 'binary suffixes are Ki, Mi, Gi, Ti, Pi, and Ei'],
    ['1g', 'decimal suffixes are n, u, m, k, M, G, T, P, and E'],
    ['1 Gi', 'quantities cannot contain spaces'],
    ['1 core', 'quantities cannot contain spaces'],
    ['1,5', 'the decimal point is "."'],
    ['1e257', 'its exponent is not between -256 and 256'],
    ['1e-9999999999', 'its exponent is not between -256 and 256'],
    ['9'.repeat(257), 'it is longer than 256 characters'],
    ...[
      '.',
      '+',
      '-',
      'Ki',
      'm',
      'e3',
      '1e',
      '1i',
      '1Ki5',
      '1+5',
      '1-',
      '1..5',
      '1.5.5',
      '1_000',
      '0x10',
      '1e3.5',
      '1e5k',
      '1\n',
      '１',
      'NaN',
      'Infinity',
      '{{cpu}}',
    ].map((text): [string, string] => [text, 'expected a number with an optional suffix such as m, k, M, Mi, or Gi']),
  ])('is not %j', (text, problem) => {
    expect(nanoOf(text)).toBe(problem);
  });

  test('can be a number in YAML, and null is 0', () => {
    const text = (value: unknown): string => {
      const parsed = quantityAt(value, '/x');
      return parsed.ok ? `${parsed.quantity.text} ${parsed.quantity.nano}` : parsed.problem;
    };
    expect([2, 0.5, 1e21, 1e-7, -0, null].map(text)).toEqual([
      `2 ${2n * ONE}`,
      '0.5 500000000',
      `1e+21 ${10n ** 30n}`,
      '1e-7 100',
      '0 0',
      '0 0',
    ]);
    expect([Number.NaN, Infinity].map(text)).toEqual(
      Array.from({ length: 2 }, () => 'expected a number with an optional suffix such as m, k, M, Mi, or Gi'),
    );
  });

  test.each([true, [], {}, undefined])('cannot have another type: %j', (value) => {
    expect(() => quantityAt(value, '/x/y')).toThrow(ShapeError);
  });

  test('is rounded up to thousandths, as the API server does in a list of resources', () => {
    const milli = (text: string): bigint | undefined => {
      const parsed = readQuantity(text);
      return parsed.ok ? parsed.quantity.milli : undefined;
    };
    expect(['1', '0.1m', '-0.1m', '1.0001', '0', '0.0001Ki'].map(milli)).toEqual([1000n, 1n, -1n, 1001n, 0n, 103n]);
  });
});

describe('whatever the text', () => {
  const digits = fc.integer({ min: 0, max: 1e12 });

  test('a suffix multiplies the number', () => {
    const units = {
      n: 1n,
      u: 1000n,
      m: 10n ** 6n,
      k: 1000n * ONE,
      M: 10n ** 15n,
      G: 10n ** 18n,
      Ki: 1024n * ONE,
      Mi: 1024n ** 2n * ONE,
    };
    fc.assert(
      fc.property(digits, fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])), (number, unit) => {
        expect(nanoOf(`${number}${unit}`)).toBe(BigInt(number) * units[unit]);
        expect(nanoOf(`-${number}${unit}`)).toBe(-BigInt(number) * units[unit]);
      }),
    );
  });

  test('moving the point equals an exponent', () => {
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: 9 }), (number, places) => {
        const text = String(number).padStart(places + 1, '0');
        const cut = text.length - places;
        expect(nanoOf(`${text.slice(0, cut)}.${text.slice(cut)}`)).toBe(nanoOf(`${number}e-${places}`));
      }),
    );
  });

  test('comparison is exact, also in the last of many digits', () => {
    const large = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    fc.assert(
      fc.property(large, fc.bigInt({ min: -2n, max: 2n }), (number, difference) => {
        const [left, right] = [readQuantity(`${number}m`), readQuantity(`${number + difference}m`)];
        if (!left.ok || !right.ok) throw new Error('not a quantity');
        expect(exceeds(left.quantity, right.quantity)).toBe(difference < 0n);
        expect(exceeds(right.quantity, left.quantity)).toBe(difference > 0n);
      }),
    );
  });

  test('parsing takes little time and is repeatable', () => {
    const part = fc.constantFrom(
      '0',
      '9',
      '.',
      '+',
      '-',
      'e',
      'E',
      'i',
      'n',
      'u',
      'm',
      'k',
      'K',
      'M',
      'G',
      ' ',
      '\u0000',
      'x',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part, { maxLength: 300 }).map((parts) => parts.join('')),
        ),
        (text) => {
          const first = nanoOf(text);
          expect(nanoOf(text)).toBe(first);
        },
      ),
    );
    for (const text of ['9'.repeat(1e6), `${' '.repeat(1e6)}1`, `1e${'9'.repeat(1e6)}`])
      expect(nanoOf(text)).toMatch(/longer/);
  });
});
