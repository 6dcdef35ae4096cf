import { describe, expect, test } from 'vitest';
import { findImages } from '../../../src/files/image-locations/find.ts';
import { kindTable } from '../../../src/pod/kinds.ts';
import { dockerfileImages, looksLikeDockerfile } from '../../../src/files/image-locations/dockerfile/dockerfile.ts';
import { isDockerfile } from '../../../src/files/image-file-names.ts';
import { DOCKERFILE_CASES } from './dockerfile-cases.ts';

const images = (text: string): readonly string[] =>
  dockerfileImages(text).map(
    ({ image, line, column, content }) =>
      `${line}:${column} ${image}${content.state === 'image' ? '' : ` ${content.state}`}`,
  );

const nested = (depth: number): string => `${'${A:-'.repeat(depth)}x${'}'.repeat(depth)}`;

describe('images in a Dockerfile', () => {
  const CASES: readonly (readonly [what: string, text: string, found: readonly string[]])[] = [
    ['FROM in any case', 'from a:1\nFrom b:1', ['1:6 a:1', '2:6 b:1']],
    ['flags before the image', 'FROM --platform=$TARGETPLATFORM a:1 AS x', ['1:33 a:1']],
    [
      'no stages, however they are written',
      'FROM a:1 AS Base\nFROM base\nFROM BASE as two\nCOPY --from=Two / /',
      ['1:6 a:1'],
    ],
    ['a name that becomes a stage only later', 'FROM base\nFROM a:1 AS base', ['1:6 base', '2:6 a:1']],
    ['no scratch', 'FROM scratch\nCOPY a b', []],
    ['no comments', '# FROM a:1\n  # FROM b:1\nFROM c:1 # not a comment', ['3:6 c:1']],
    ['lines that go on', 'FROM \\\n\\\n# FROM b:1\n\n  a:1 \\\n  AS x\nFROM x', ['5:3 a:1']],
    ['an escape that is escaped does not go on', 'RUN echo \\\\\nFROM a:1', ['2:6 a:1']],
    ['the escape directive', '# escape=`\nRUN dir C:\\\nFROM `\n a:1', ['4:2 a:1']],
    ['no escape directive after a comment', '# hello\n# escape=`\nFROM \\\n a:1', ['4:2 a:1']],
    ['no here-documents', 'RUN <<A cat <<-"B" > /x\nFROM a:1\nA\nFROM b:1\n\tB\nFROM c:1', ['6:6 c:1']],
    ['no here-document in another instruction', 'LABEL a="<<EOF"\nFROM a:1\nEOF', ['2:6 a:1']],
    [
      'COPY --from',
      'FROM a:1\nCOPY --chown=1 --from=b:1 x y\nCOPY --from=0 x y\nCOPY x --from=c:1',
      ['1:6 a:1', '2:23 b:1'],
    ],
    [
      'RUN --mount',
      'FROM a:1\nRUN --mount=from=b:1,target=/b --mount=type=bind,source=/,from=c/d ls from=e:1',
      ['1:6 a:1', '2:18 b:1', '2:64 c/d'],
    ],
    ['what may be a context', 'FROM a:1\nCOPY --from=docs x y', ['1:6 a:1', '2:13 docs']],
    ['a piece of a Dockerfile', 'COPY --from=build x y\nCOPY --from=a:1 x y', ['1:13 build none', '2:13 a:1']],
    [
      'a stage of a template',
      'FROM a:{{ .tag }} AS build\nFROM b:1\nCOPY --from=build x y',
      ['1:6 a:{{ problem', '2:6 b:1'],
    ],
    ['an ARG, where it is written', 'ARG A="a:1" B=b:1\nFROM $A\nFROM ${B}\nFROM $A', ['1:8 a:1', '1:15 b:1']],
    [
      'the default of a variable',
      'ARG A\nFROM ${A:-a:1}\nFROM ${B-b:1}\nFROM ${C:+c:1}',
      ['2:6 a:1', '3:6 b:1', '4:6 ${C:+c:1} problem'],
    ],
    ['an ARG that is part of another image', 'ARG A=a\nFROM $A\nFROM $A-x:1', ['2:6 a', '3:6 a-x:1']],
    ['an ARG without a default', 'ARG A\nFROM $A', ['2:6 $A problem']],
    ['an ARG of a stage is another one', 'FROM a:1\nARG B=b:1\nFROM $B', ['1:6 a:1', '3:6 $B problem']],
    ['an ARG that refers to itself', 'ARG A=$A\nFROM $A', ['2:6 $A problem']],
    [
      'ARGs that double each other',
      `ARG A0=a\n${Array.from({ length: 40 }, (_, n) => `ARG A${n + 1}=$A${n}$A${n}\n`).join('')}FROM $A40`,
      ['42:6 $A40 problem'],
    ],
    ['substitutions in each other', `FROM ${'${A:-'.repeat(99)}a:1${'}'.repeat(99)}`, ['1:6 a:1']],
    [
      'too many substitutions in each other',
      `FROM a:1\nARG X\nFROM ${nested(20_000)}\nRUN cat <<${nested(20_000)}`,
      ['1:6 a:1', `3:6 ${nested(20_000)} problem`],
    ],
    [
      'a value that is named too often',
      `ARG A=${'a'.repeat(4000)}\nFROM ${'$A'.repeat(20_000)}\nFROM a:1`,
      [`2:6 ${'$A'.repeat(20_000)} problem`, '3:6 a:1'],
    ],
    [
      'a stage that has many ways to be the one of a platform',
      `FROM a:1 AS x${'-'.repeat(60)}\nFROM x${'$TARGETARCH-'.repeat(20)}y\nFROM X$TARGETARCH-$TARGETVARIANT-`,
      ['1:6 a:1', `2:6 x${'$TARGETARCH-'.repeat(20)}y problem`],
    ],
    [
      'no stage of a platform that is shorter than its pieces',
      'FROM a:1 AS aba\nFROM ab${TARGETARCH}ba\nFROM a${TARGETARCH}ba',
      ['1:6 a:1', '2:6 ab${TARGETARCH}ba problem'],
    ],
    ['nothing', '', []],
    ...DOCKERFILE_CASES.map(({ what, text, found }) => [what, text, found] as const),
  ];
  test.each(CASES)('%s', (_what, text, found) => {
    expect(images(text)).toEqual(found);
    expect(images(text.replaceAll('\n', '\r\n'))).toEqual(found);
  });
});

describe('the name of a Dockerfile', () => {
  test.each([
    'Dockerfile',
    'dockerfile',
    'a/Dockerfile.prod',
    'web.Dockerfile',
    'Containerfile',
    'Containerfile.in',
    'Dockerfile-dev',
  ])('%s is one', (name) => {
    expect(isDockerfile(name)).toBe(true);
  });
  test.each([
    'Dockerfile.dockerignore',
    'Dockerfile.md',
    'dockerfile.yaml',
    'MyDockerfile',
    'Dockerfiles',
    '.dockerignore',
  ])('%s is none', (name) => {
    expect(isDockerfile(name)).toBe(false);
  });
  test.each([
    ['dockerfile.go', 'package dockerfile\n\n/*\nFROM nginx\n*/\n', undefined],
    ['dockerfile.txt', 'The Dockerfile is here.\nFrom nginx to apache\n', undefined],
    ['Dockerfile.py', 'import docker\nfrom x import y\n', undefined],
    ['dockerfile.rs', '//! How images are built\nuse std::fs;\n', undefined],
    ['Dockerfile.tmpl', '{{ define "base" }}\nFROM nginx\n{{ end }}\n', undefined],
    ['Dockerfile.go', 'FROM nginx\n', 'dockerfile'],
    ['Dockerfile.prod', 'FR\\\nOM nginx\n', 'dockerfile'],
    ['Dockerfile.tools', 'COPY --from=a/b:1 / /\n', 'dockerfile'],
    ['Dockerfile.plus', '# syntax=a/b:1\nINCLUDE+ Dockerfile.base\n', 'dockerfile'],
    ['Dockerfile.empty', '# nothing\n', 'dockerfile'],
    ['Dockerfile', 'package dockerfile\nFROM nginx\n', 'dockerfile'],
    ['web.dockerfile', 'Package\nFROM nginx\n', 'dockerfile'],
  ])('%s with %j is read as: %s', (name, text, format) => {
    const found = findImages(name, text, { kinds: kindTable(), helmImages: [] });
    expect(found.format).toBe(format);
    if (format === undefined) expect([...found.locations, ...found.faults]).toEqual([]);
  });
  test.each([
    ['# a\n\nFROM a', true],
    ['arg A=1\nFROM a', true],
    ['kind: Pod', false],
    ['', false],
    ['from: a', false],
    ['hello\nFROM a', false],
  ])('%j can be told by its first instruction: %s', (text, answer) => {
    expect(looksLikeDockerfile(text)).toBe(answer);
  });
});
