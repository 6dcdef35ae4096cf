/**
 * What one decision against a list of image patterns costs, and how it grows with the list: `node test/bench/patterns.ts`.
 * Numbers of one run on one machine; the ratios are what to look at.
 */
import { compileGlob } from '../../src/image/glob.ts';
import { type ImagePattern, parsePattern, patternSet } from '../../src/image/pattern.ts';
import { type ImageReference, parseReference } from '../../src/image/reference.ts';
import { nanoseconds } from './time.ts';

function pattern(text: string): ImagePattern {
  const parsed = parsePattern(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.pattern;
}

function image(text: string): ImageReference {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.reference;
}

function row(name: string, values: readonly string[]): void {
  console.log(name.padEnd(58) + values.map((value) => value.padStart(12)).join(''));
}

function show(name: string, small: number, large: number): void {
  row(name, [small.toFixed(0), large.toFixed(0), (large / small).toFixed(2)]);
}

const SIZES = [10, 10_000] as const;

interface Case {
  readonly name: string;
  readonly glob: (index: number) => string;
  readonly images: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  {
    name: 'one repository each',
    glob: (index) => `registry.example.com/team-${index}/app`,
    images: {
      hit: 'registry.example.com/team-7/app:1',
      miss: 'registry.example.com/team-x/app:1',
      'other host': 'evil.io/team-7/app',
    },
  },
  {
    name: 'one namespace each, team-N/*',
    glob: (index) => `registry.example.com/team-${index}/*`,
    images: {
      hit: 'registry.example.com/team-7/app:1',
      miss: 'registry.example.com/team-x/app:1',
      'other host': 'evil.io/team-7/app',
    },
  },
  {
    name: 'one registry each',
    glob: (index) => `r${index}.example.com/**:v*`,
    images: {
      hit: 'r7.example.com/team/app:v1',
      miss: 'r7.example.com/team/app:1',
      'other host': 'evil.io/team/app:v1',
    },
  },
  {
    name: 'one host glob, *.example.com/team-N/**',
    glob: (index) => `*.example.com/team-${index}/**`,
    images: { hit: 'eu.example.com/team-7/app', miss: 'eu.example.com/team-x/app', 'other host': 'evil.io/team-7/app' },
  },
  {
    name: 'hostile: no literal beginning, **/*-N',
    glob: (index) => `**/*a*a*a*a*a*a*b-${index}`,
    images: { miss: `registry.example.com/${'a/'.repeat(60)}${'a'.repeat(60)}` },
  },
];

row('one decision, ns', ['10', '10,000', 'ratio']);
for (const { name, glob, images } of cases) {
  const [small, large] = SIZES.map((size) =>
    patternSet(Array.from({ length: size }, (_, index) => pattern(glob(index)))),
  );
  for (const [kind, text] of Object.entries(images)) {
    const reference = image(text);
    const costs = [small, large].map((set) => nanoseconds(() => set?.match(reference)));
    show(`${name}: ${kind}`, costs[0] ?? 0, costs[1] ?? 0);
  }
}

console.log();
row('one call, ns', ['60 chars', '240 chars', 'ratio']);
const hostile = compileGlob('*a*a*a*a*a*a*a*a*a*b');
show(
  '*a*a*a*a*a*a*a*a*a*b against aaaa…',
  nanoseconds(() => hostile('a'.repeat(60)) || undefined),
  nanoseconds(() => hostile('a'.repeat(240)) || undefined),
);
const deep = patternSet([pattern(`registry.example.com/${'**/a/'.repeat(10)}b`)]);
show(
  '**/a/**/a/…/b against a/a/a/…',
  nanoseconds(() => deep.match(image(`registry.example.com/${'a/'.repeat(29)}c`))),
  nanoseconds(() => deep.match(image(`registry.example.com/${'a/'.repeat(114)}c`))),
);
show(
  'parse a reference',
  nanoseconds(() => parseReference('registry.example.com/team-a/application-with-a-name:v1.27.31')),
  nanoseconds(() => parseReference(`registry.example.com/${'team-a/'.repeat(20)}app:1@sha256:${'0'.repeat(64)}`)),
);
show(
  'refuse a reference',
  nanoseconds(() => parseReference(`registry.example.com/${'a_'.repeat(19)}!`)),
  nanoseconds(() => parseReference(`registry.example.com/${'a_'.repeat(109)}!`)),
);
