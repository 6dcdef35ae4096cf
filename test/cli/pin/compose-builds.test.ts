/** Digests in Dockerfiles that Compose files beside them build, with contexts and ARGs of their own. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { digestOf, fakeRegistry, runDrift, runPin } from '../../support/pin-registry.ts';

inOwnFolders('pin-composed');

type Files = Readonly<Record<string, string>>;

function write(files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(name), { recursive: true });
    writeFileSync(name, text);
  }
}

const A = digestOf('docker.io/library/a:1.2');
const NODE = digestOf('docker.io/library/node:latest');
const builds = (...all: readonly string[]): string =>
  ['services:', ...all.map((build, index) => `  s${index}: {build: ${build}}`), ''].join('\n');
const service = (name: string, file = 'compose.yaml'): string => `the build of service "${name}" in ${file}`;

const GIVES_NODE = '{context: ., additional_contexts: {node: ./node}}';
const FROM_NODE = 'FROM node\nCOPY --from=node / /\nRUN --mount=from=docker.io/library/node:latest ls\nFROM a:1.2\n';
const BOTH = 'compose.override.yaml and compose.yaml';
const IS_SET = (name: string): string =>
  `ARG V is set in "args" of ${name}; write the value into the Dockerfile to have it pinned`;

describe('pin --write of a Dockerfile that a Compose file builds', () => {
  test.each<readonly [what: string, files: Files, dockerfile: string]>([
    ['in the same folder', { 'compose.yaml': builds(GIVES_NODE) }, 'Dockerfile'],
    [
      'whose context is not written',
      { 'compose.yaml': builds('{additional_contexts: ["node=./node"]}') },
      'Dockerfile',
    ],
    ['named in lower case', { 'compose.yaml': builds(GIVES_NODE) }, 'dockerfile'],
    [
      'in a folder of another name',
      { 'compose.yaml': builds('{context: web/app, additional_contexts: {node: ./node}}') },
      'web/app/Dockerfile',
    ],
    [
      'above',
      { 'dev/compose.yaml': builds('{context: ../web, dockerfile: ../x.Dockerfile, additional_contexts: {node: n}}') },
      'x.Dockerfile',
    ],
    [
      'that a default names',
      {
        'compose.yaml': builds(
          '{context: "${C:-web}", dockerfile: "Dockerfile.${T:-dev}", additional_contexts: {node: n}}',
        ),
      },
      'web/Dockerfile.dev',
    ],
    [
      'through an anchor',
      { 'compose.yaml': `x-b: &b ${GIVES_NODE}\n${builds('{<<: *b, target: t}', '*b')}` },
      'Dockerfile',
    ],
    [
      'with an override about something else',
      { 'compose.yaml': builds(GIVES_NODE), 'compose.dev.yaml': builds('{target: dev}') },
      'Dockerfile',
    ],
    [
      'beside builds of others',
      { 'compose.yaml': builds(GIVES_NODE, './x', 'https://example.com/x.git', '{dockerfile_inline: "FROM scratch"}') },
      'Dockerfile',
    ],
  ])('leaves its contexts alone: %s', async (_what, files, dockerfile) => {
    write({ ...files, [dockerfile]: FROM_NODE });
    expect(await runPin(['.'], { write: true })).toMatchObject({ code: 0 });
    expect(readFileSync(dockerfile, 'utf8')).toBe(FROM_NODE.replace('a:1.2', `a:1.2@${A}`));
    expect((await runCommand(['pin', '--check', '.'])).code).toBe(0);
  });

  test('leaves contexts alone behind links', async () => {
    write({
      'real/compose.yaml': builds('{context: web, additional_contexts: {node: n}}'),
      'apps/Dockerfile': FROM_NODE,
    });
    symlinkSync('../apps', 'real/web');
    expect(await runPin(['real/compose.yaml', 'real/web/Dockerfile'], { write: true })).toMatchObject({ code: 0 });
    expect(readFileSync('apps/Dockerfile', 'utf8')).toBe(FROM_NODE.replace('a:1.2', `a:1.2@${A}`));
  });

  test.each<readonly [what: string, files: Files]>([
    ['none that is about it', { 'compose.yaml': builds('{context: x, additional_contexts: {node: ./node}}') }],
    ['another Dockerfile', { 'compose.yaml': builds('{dockerfile: x, additional_contexts: {node: ./node}}') }],
    [
      'a Dockerfile within',
      { 'compose.yaml': builds('{dockerfile_inline: FROM node, additional_contexts: {node: n}}') },
    ],
    ['a remote context', { 'compose.yaml': builds('{context: github.com/, additional_contexts: {node: ./node}}') }],
    ['another context', { 'compose.yaml': builds('{additional_contexts: {"node:22": ./node}, args: {W: 1}}') }],
    [
      'a context for a stage in one build only',
      {
        'compose.yaml': builds('{context: ., additional_contexts: {s: ./s}}', '.'),
      },
    ],
  ])('writes a digest besides %s', async (_what, files) => {
    const dockerfile = {
      Dockerfile: 'ARG V=1.2\nFROM node:latest AS s\nFROM a:$V\n',
      'github.com/Dockerfile': 'FROM scratch\n',
    };
    write({ ...files, ...dockerfile });
    expect(await runPin(['.'], { write: true })).toMatchObject({ code: 0 });
    expect(readFileSync('Dockerfile', 'utf8')).toBe(`ARG V=1.2@${A}\nFROM node:latest@${NODE} AS s\nFROM a:$V\n`);
  });

  test('knows no Compose file that is not in the input files', async () => {
    write({ 'compose.yaml': builds(GIVES_NODE), Dockerfile: 'FROM node:latest\n' });
    expect(await runPin(['Dockerfile'], { write: true })).toMatchObject({ code: 0 });
    expect(readFileSync('Dockerfile', 'utf8')).toBe(`FROM node:latest@${NODE}\n`);
  });

  const SOME = (image: string, one: string, other: string): string =>
    `it is a context in ${one} and an image in ${other}; name a stage, as in FROM ${image} AS NAME, and give the context the name of the stage`;

  test.each<readonly [what: string, files: Files, dockerfile: string, image: string, why: string]>([
    [
      'an ARG that the build sets',
      { 'compose.yaml': builds('{args: {V: "1.3"}}') },
      'ARG V=1.2\nFROM a:$V\n',
      'a:1.3',
      IS_SET(service('s0')),
    ],
    [
      'an ARG that one of the builds sets',
      { 'compose.yaml': builds('.', '{context: ./., args: [V]}') },
      'ARG V=1.2\nFROM a:$V\n',
      'a:$V',
      IS_SET(service('s1')),
    ],
    [
      'an ARG that an override sets',
      {
        'compose.yaml': builds('{context: web, dockerfile: ../Dockerfile}'),
        'compose.override.yaml': builds('{args: {V: "1.3"}}'),
      },
      'ARG V=1.2\nFROM a:$V\n',
      'a:$V',
      IS_SET(service('s0', BOTH)),
    ],
    [
      'a base that is a context in one build',
      { 'compose.yaml': builds('.', GIVES_NODE) },
      'FROM node\n',
      'node',
      SOME('node', service('s1'), service('s0')),
    ],
    [
      'a source that is a context in one file',
      { 'compose.yaml': builds('.'), 'compose.dev.yaml': builds(GIVES_NODE) },
      'FROM scratch\nCOPY --from=node:latest / /\n',
      'node:latest',
      SOME('node:latest', service('s0', 'compose.dev.yaml'), service('s0')),
    ],
    ...[
      ['{dockerfile: Dockerfile}', '{additional_contexts: {node: n}}'],
      ['{dockerfile: ./Dockerfile}', '{dockerfile: x, additional_contexts: {node: n}}'],
    ].map(([base = '', more = '']): readonly [string, Files, string, string, string] => [
      `a base that ${more} over ${base} makes a context`,
      { 'compose.yaml': builds(base), 'compose.override.yaml': builds(more) },
      'FROM node\n',
      'node',
      SOME('node', service('s0', BOTH), service('s0')),
    ]),
    [
      'a base that builds without a path take for two things',
      { 'compose.yaml': builds('{args: {W: 1}}'), 'compose.override.yaml': builds('{additional_contexts: {node: n}}') },
      'FROM node\n',
      'node',
      SOME('node', service('s0', 'compose.override.yaml'), service('s0')),
    ],
    [
      'a base whose context only an override gives',
      { 'compose.yaml': builds('.'), 'compose.override.yaml': builds('{additional_contexts: {node: n}}') },
      'FROM node\n',
      'node',
      SOME('node', service('s0', BOTH), service('s0')),
    ],
  ])('says why it writes none: %s', async (_what, files, dockerfile, image, why) => {
    write({ ...files, Dockerfile: dockerfile });
    const { code, out } = await runPin(['.'], { output: 'json', write: true });
    const { images } = JSON.parse(out) as { images: { state: string; message: string }[] };
    expect({ code, message: images.find(({ state }) => state === 'failed')?.message }).toEqual({
      code: 2,
      message: `image ${JSON.stringify(image)} cannot be pinned: ${why}`,
    });
    expect(readFileSync('Dockerfile', 'utf8')).toBe(dockerfile);
  });
});

test('drift asks about no default that a build sets', async () => {
  write({ 'compose.yaml': builds('{args: {V: "1.3"}}'), Dockerfile: `ARG V=1.2@${A}\nFROM a:$V\nFROM b:1@${A}\n` });
  const registry = fakeRegistry();
  expect((await runDrift(['.'], {}, { registry })).code).toBe(1);
  expect(registry.lookups.filter((name) => !name.startsWith('docker.io/library/b'))).toEqual([]);
});

test('ten thousand builds of one service in pieces are read in time', async () => {
  const piece = (index: number): string => builds(`{args: {V${index}: x}, dockerfile: ${index}/../Dockerfile}`);
  write({
    'compose.yaml': Array.from({ length: 10_000 }, (_, index) => piece(index)).join('---\n'),
    Dockerfile: 'FROM node\n',
  });
  expect((await runCommand(['pin', '--check', '.'])).code).toBe(1);
});

describe('pin --check of a base image that builds set', () => {
  interface Given {
    readonly name: string;
    readonly compose: string;
    readonly env?: string;
    readonly dockerfile?: string;
    readonly code: number;
    readonly images: readonly (readonly [state: string, image: string])[];
  }

  const DIGEST = `sha256:${'a'.repeat(64)}`;
  const BASE = 'FROM ${BASE}\n';
  const ROWS: readonly Given[] = [
    { name: 'as a value', compose: builds('{args: {BASE: "a:1"}}'), code: 1, images: [['unpinned', 'a:1']] },
    {
      name: 'with a digest',
      compose: builds(`{args: ["BASE=a:1@${DIGEST}"]}`),
      code: 0,
      images: [['pinned', `a:1@${DIGEST}`]],
    },
    {
      name: 'by a variable of .env',
      compose: builds('{args: {BASE: "a:${TAG}"}}'),
      env: 'TAG=7\n',
      code: 1,
      images: [['unpinned', 'a:7']],
    },
    {
      name: 'by a name that .env has',
      compose: builds('{args: [BASE]}'),
      env: 'BASE=a:8\n',
      code: 1,
      images: [['unpinned', 'a:8']],
    },
    {
      name: 'by the default of a variable',
      compose: builds('{args: {BASE: "${B:-a:9}"}}'),
      code: 1,
      images: [['unpinned', 'a:9']],
    },
    {
      name: 'in a part',
      compose: builds('{args: {V: "2"}}'),
      dockerfile: 'ARG V\nFROM a:$V\n',
      code: 1,
      images: [['unpinned', 'a:2']],
    },
    {
      name: 'by a variable that is not known',
      compose: builds('{args: {BASE: "a:${TAG}"}}'),
      code: 2,
      images: [['failed', '${BASE}']],
    },
    {
      name: 'by a name that .env does not have',
      compose: builds('{args: {BASE: null}}'),
      code: 2,
      images: [['failed', '${BASE}']],
    },
    {
      name: 'to the same in two services',
      compose: builds('{args: {BASE: "a:1"}}', '{context: ./., args: ["BASE=a:1"]}'),
      code: 1,
      images: [['unpinned', 'a:1']],
    },
    {
      name: 'to other values in two services',
      compose: builds('{args: {BASE: "a:1"}}', '{context: ./., args: {BASE: "a:2"}}'),
      code: 2,
      images: [['failed', '${BASE}']],
    },
    {
      name: 'in one of two services',
      compose: builds('{args: {BASE: "a:1"}}', '{context: ./.}'),
      code: 2,
      images: [['failed', '${BASE}']],
    },
    {
      name: 'to an image that another service builds',
      compose:
        'services:\n  a: {build: {context: a}, image: local/a}\n  b: {build: {context: ., args: {BASE: "local/a:latest"}}}\n',
      code: 0,
      images: [
        ['skipped', 'local/a'],
        ['skipped', 'local/a:latest'],
      ],
    },
    { name: 'to no image', compose: builds('{args: {BASE: "A B"}}'), code: 2, images: [['failed', 'A B']] },
  ];

  test.each(ROWS)('$name', async ({ compose, env, dockerfile = `ARG BASE\n${BASE}`, code, images }) => {
    write({ 'compose.yaml': compose, Dockerfile: dockerfile, ...(env === undefined ? {} : { '.env': env }) });
    const result = await runCommand(['pin', 'compose.yaml', 'Dockerfile', '--check', '-o', 'json']);
    const report = JSON.parse(result.out) as {
      readonly images: readonly { readonly state: string; readonly image: string }[];
    };
    expect(report.images.map(({ state, image }) => [state, image])).toEqual(images);
    expect(result.code).toBe(code);
    // A digest belongs to the Compose file or to .env, which pin does not change.
    await runPin(['compose.yaml', 'Dockerfile'], { write: true });
    expect(readFileSync('Dockerfile', 'utf8')).toBe(dockerfile);
  });
});
