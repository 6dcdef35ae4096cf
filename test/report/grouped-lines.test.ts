/** Lines that say the same of many images. */
import { expect, test } from 'vitest';
import { groupAlike } from '../../src/report/grouped-lines.ts';
import { paint } from '../../src/report/paint.ts';
import type { DriftReport, PinReport } from '../../src/report/pin.ts';
import { pinNotes, prettyDrift } from '../../src/report/pin-text.ts';

const rows = (images: readonly string[], message: (image: string, index: number) => string) =>
  images.map((image, index) => ({ message: message(`"${image}"`, index) }));
const MANY = Array.from({ length: 471 }, (_, index) => `app-${index}:1`);

test.each<[string, readonly { readonly message: string }[], readonly string[]]>([
  [
    'one registry that fails',
    rows(MANY, (image) => `image ${image} cannot be pinned: reg.io returned HTTP 503`),
    [
      '471 images cannot be pinned: reg.io returned HTTP 503 ("app-0:1", "app-1:1", "app-2:1" and 468 more: see -o json)',
    ],
  ],
  [
    'one that is left alone after five',
    rows(MANY, (image, at) => {
      const pause = at < 5 ? '' : `reg.io failed ${at} times in a row and is skipped for ${at % 5} s; last error: `;
      return `image ${image} cannot be pinned: ${pause}reg.io did not respond in time`;
    }),
    [
      '471 images cannot be pinned: reg.io did not respond in time ("app-0:1", "app-1:1", "app-2:1" and 468 more: see -o json)',
    ],
  ],
  [
    'two registries',
    rows(
      ['a', 'b', 'c', 'd', 'e', 'f'],
      (image, at) => `image ${image} cannot be pinned: ${at % 2 ? 'x.io' : 'y.io'} returned HTTP 500`,
    ),
    [
      '3 images cannot be pinned: y.io returned HTTP 500 ("a", "c", "e")',
      '3 images cannot be pinned: x.io returned HTTP 500 ("b", "d", "f")',
    ],
  ],
  [
    'two causes of one',
    rows(
      ['a', 'b', 'c', 'd', 'e', 'f'],
      (image, at) => `cannot determine whether ${image} has drifted: x.io returned HTTP ${at % 2 ? 500 : 429}`,
    ),
    [
      'cannot determine whether 3 images have drifted: x.io returned HTTP 429 ("a", "c", "e")',
      'cannot determine whether 3 images have drifted: x.io returned HTTP 500 ("b", "d", "f")',
    ],
  ],
  ['too few', rows(['a', 'b'], (image) => `image ${image} cannot be pinned: x.io returned HTTP 500`), []],
  [
    'one image at many places',
    rows(['a', 'a', 'a', 'a'], (image) => `image ${image} cannot be pinned: x.io returned HTTP 500`),
    [],
  ],
  [
    'what each has of its own',
    rows(['a', 'b', 'c'], (image) => `image ${image} cannot be pinned: x.io does not have ${image}`),
    [],
  ],
  [
    'an outage, and a mirror that has none of them',
    rows(
      ['a', 'b', 'c'],
      (image) =>
        `image ${image} cannot be pinned: x.io cannot be resolved (ENOTFOUND); m.io/x (mirror of x.io) does not have ${image}; tried anonymously`,
    ),
    [
      '3 images cannot be pinned: x.io cannot be resolved (ENOTFOUND); m.io/x (mirror of x.io) has none of them; tried anonymously ("a", "b", "c")',
    ],
  ],
  [
    'an outage, and two mirrors with other answers',
    rows(
      ['a', 'b', 'c'],
      (image) =>
        `cannot determine whether ${image} has drifted: x.io returned HTTP 503; m.io (mirror of x.io) returned HTTP 401 for ${image}, requested without credentials; n.io (mirror of x.io) does not have ${image}`,
    ),
    [
      'cannot determine whether 3 images have drifted: x.io returned HTTP 503; m.io (mirror of x.io) returned HTTP 401 for them, requested without credentials; n.io (mirror of x.io) has none of them ("a", "b", "c")',
    ],
  ],
  [
    'what each has of its own, and a mirror that is away',
    rows(
      ['a', 'b', 'c'],
      (image) => `image ${image} cannot be pinned: x.io does not have ${image}; m.io returned HTTP 503`,
    ),
    [],
  ],
  [
    'a name with quotes in it',
    rows(
      ['a\\"b', 'c', 'd'],
      (image) => `cannot determine whether image ${image} can be pulled: x.io returned HTTP 500`,
    ),
    ['cannot determine whether 3 images can be pulled: x.io returned HTTP 500 ("a\\"b", "c", "d")'],
  ],
])('%s', (_what, all, expected) => {
  expect(groupAlike(all).map(({ message }) => message)).toEqual(expected);
});

const place = { file: 'a.yaml', line: 1, column: 2, format: 'manifest' as const, uses: 1 };

test('pin tells an outage once', () => {
  const images = MANY.map((image) => ({
    ...place,
    image,
    state: 'failed' as const,
    rewritten: null,
    rewrittenBy: null,
    pinned: null,
    digest: null,
    previous: null,
    message: `image "${image}" cannot be pinned: reg.io returned HTTP 503`,
  }));
  const report: PinReport = { version: 1, files: [], images, errors: [], notices: [] };
  expect(pinNotes(report, paint(false))).toBe(
    'error  471 images cannot be pinned: reg.io returned HTTP 503 ("app-0:1", "app-1:1", "app-2:1" and 468 more: see -o json)\n',
  );
});

test('drift tells an outage once', () => {
  const images = MANY.map((image) => ({
    ...place,
    image,
    state: 'unknown' as const,
    digest: 'sha256:x',
    current: null,
    message: `cannot determine whether "${image}" has drifted: reg.io returned HTTP 503`,
  }));
  const report: DriftReport = { version: 1, files: [], images, mirrors: [], errors: [], notices: [] };
  expect(prettyDrift(report, paint(false)).out).toBe(
    'unknown  cannot determine whether 471 images have drifted: reg.io returned HTTP 503 ("app-0:1", "app-1:1", "app-2:1" and 468 more: see -o json)\n0 files, 471 pinned images: 0 drifted, 471 unknown\n',
  );
});
