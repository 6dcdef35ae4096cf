/**
 * Image strings for property tests: valid ones from the grammar, then the same ones with something done to them, and noise
 * made of what the grammar cares about.
 */
import * as fc from 'fast-check';

const LOWER = 'abcxyz0189'.split('');
const ALNUM = 'abcxyz0189ABZ'.split('');
const HEX = '0123456789abcdef'.split('');
const DIGITS = '0123456789'.split('');
const ODD = [
  '.',
  '_',
  '__',
  '___',
  '-',
  '--',
  '---',
  '/',
  '//',
  ':',
  '@',
  '[',
  ']',
  ' ',
  '\t',
  '\n',
  '\r',
  '+',
  '%',
  '!',
  '*',
];
const FOREIGN = [
  '\u0000',
  '\u001b',
  '\u00a0',
  '\u00e9',
  '\u0130',
  '\u0131',
  '\u0430',
  '\u2028',
  '\u202e',
  '\u212a',
  '\ufb01',
  '\uff41',
  '😀',
];
const WORDS = [
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'Docker.io',
  'localhost',
  'LOCALHOST',
  'library',
  'library/',
  'latest',
  'sha256',
  'SHA256',
  'sha512:',
  'md5:',
  'https://',
  '127.0.0.1',
  '[::1]',
  '[fe80::1%eth0]',
  'exa_mple.com',
];

function text(characters: readonly string[], minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...characters), { minLength, maxLength }).map((list) => list.join(''));
}

/** Short in general, and long now and then: around the limits of paths, tags and digests. */
function word(characters: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 20, arbitrary: text(characters, 1, 6) },
    { weight: 1, arbitrary: fc.integer({ min: 60, max: 270 }).map((length) => 'a'.repeat(length)) },
  );
}

const hex = (min: number, max: number) => text(HEX, min, max);

export const component: fc.Arbitrary<string> = fc
  .tuple(
    word(LOWER),
    fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '--', '---'), word(LOWER)), { maxLength: 2 }),
  )
  .map(([first, more]) => first + more.flat().join(''));

const label = fc
  .tuple(text(ALNUM, 1, 5), fc.option(text(ALNUM, 1, 3), { nil: undefined }))
  .map(([first, second]) => (second === undefined ? first : `${first}-${second}`));

const host = fc.oneof(
  { weight: 4, arbitrary: fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.')) },
  { weight: 1, arbitrary: label },
  { weight: 1, arbitrary: fc.tuple(text(LOWER, 1, 4), text(LOWER, 1, 4)).map(([one, two]) => `${one}_${two}.com`) },
  { weight: 1, arbitrary: fc.constantFrom('localhost', 'docker.io', 'index.docker.io', 'Docker.io', '127.0.0.1') },
  { weight: 1, arbitrary: fc.ipV6().map((address) => `[${address}]`) },
);

const port = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: text(DIGITS, 1, 6).map((digits) => `:${digits}`) },
);

const hostAndSlash = fc.oneof(
  { weight: 1, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.tuple(host, port).map(([name, suffix]) => `${name}${suffix}/`) },
);

const path = fc.oneof(
  { weight: 10, arbitrary: fc.array(component, { minLength: 1, maxLength: 4 }).map((list) => list.join('/')) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 240, max: 260 }).map((length) => 'ab/'.repeat(100).slice(0, length - 1) + 'c'),
  },
  { weight: 1, arbitrary: hex(63, 65) },
);

const tag = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  {
    weight: 4,
    arbitrary: text([...ALNUM, '_'], 1, 1).chain((first) =>
      text([...ALNUM, '_', '.', '-'], 0, 8).map((more) => `:${first}${more}`),
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 126, max: 130 }).map((length) => `:${'t'.repeat(length)}`) },
);

const digest = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<[string, number]>(['sha256', 64], ['sha384', 96], ['sha512', 128])
      .chain(([name, size]) => hex(size, size).map((digits) => `@${name}:${digits}`)),
  },
);

const almostDigest = fc
  .tuple(
    fc.constantFrom('sha256', 'sha384', 'sha512', 'md5', 'sha1', 'SHA256', 'sha256+b64', 'blake2b', ''),
    fc.constantFrom(31, 32, 40, 63, 64, 65, 95, 96, 97, 127, 128, 129),
    fc.constantFrom('a', 'A', '0', 'g'),
  )
  .map(([name, size, digit]) => `@${name}:${digit.repeat(size)}`);

/** Nearly always valid: only its lengths may be over the limits. */
export const wellFormed: fc.Arbitrary<string> = fc
  .tuple(hostAndSlash, path, tag, fc.oneof({ weight: 8, arbitrary: digest }, { weight: 1, arbitrary: almostDigest }))
  .map((parts) => parts.join(''));

const piece = fc.oneof(
  fc.constantFrom(...ODD),
  fc.constantFrom(...FOREIGN),
  fc.constantFrom(...WORDS),
  fc.constantFrom(...ALNUM),
  almostDigest,
);

/** A valid string with one or two things inserted, taken out, replaced, doubled or changed in case. */
const mutated = fc
  .tuple(
    wellFormed,
    fc.array(
      fc.record({
        what: fc.constantFrom('insert', 'remove', 'replace', 'double', 'upper', 'lower'),
        where: fc.nat(),
        piece,
      }),
      {
        minLength: 1,
        maxLength: 2,
      },
    ),
  )
  .map(([start, changes]) =>
    changes.reduce((value, change) => {
      const at = value.length === 0 ? 0 : change.where % (value.length + 1);
      const [before, character, after] = [value.slice(0, at), value.charAt(at), value.slice(at + 1)];
      switch (change.what) {
        case 'insert':
          return before + change.piece + character + after;
        case 'remove':
          return before + after;
        case 'replace':
          return before + change.piece + after;
        case 'double':
          return value + change.piece + value.slice(at);
        case 'upper':
          return before + character.toUpperCase() + after;
        default:
          return value.toLowerCase();
      }
    }, start),
  );

const noise = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));

/** Any UTF-16 code units, lone surrogates among them. */
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units));

export const imageString: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: wellFormed },
  { weight: 6, arbitrary: mutated },
  { weight: 4, arbitrary: noise },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: anyUnits },
);

/** 100 kB that would keep a backtracking parser busy. */
export const hostileStrings: readonly string[] = [
  'a'.repeat(100_000),
  `${'a'.repeat(100_000)}!`,
  `registry.example.com/${'a'.repeat(100_000)}!`,
  `registry.example.com/${'a_'.repeat(50_000)}`,
  `registry.example.com/${'-'.repeat(100_000)}`,
  `registry.example.com/${'a-'.repeat(50_000)}!`,
  `${'a.'.repeat(50_000)}/x`,
  `${'a.'.repeat(50_000)}com/x`,
  `${'a-'.repeat(50_000)}.com/x`,
  `${'-'.repeat(100_000)}.com/x`,
  `[${':'.repeat(100_000)}]/x`,
  `host:${'1'.repeat(100_000)}/x`,
  `${'[:'.repeat(50_000)}/x`,
  '/'.repeat(100_000),
  'a/'.repeat(50_000),
  ':'.repeat(100_000),
  '@'.repeat(100_000),
  `nginx:${'t'.repeat(100_000)}`,
  `nginx@sha256:${'a'.repeat(100_000)}`,
  `nginx@${'sha256:'.repeat(14_000)}`,
  ' '.repeat(100_000),
  `${' '.repeat(50_000)}nginx${' '.repeat(50_000)}`,
  'A'.repeat(100_000),
  '\ud800'.repeat(100_000),
  '*'.repeat(100_000),
  '**/'.repeat(33_000),
];
