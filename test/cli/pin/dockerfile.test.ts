/** Digests in Dockerfiles whose images are put together from ARGs, and what is said where none can be written. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { digestOf, runPin } from '../../support/pin-registry.ts';

inOwnFolders('pin-dockerfile');

const HUB = 'docker.io/library';
const OLD = `sha256:${'a'.repeat(64)}`;
const file = (name: string, text: string): void => writeFileSync(name, text);
const read = (name: string): string => readFileSync(name, 'utf8');

const IN_FROM = (written: string): string =>
  `put the digest in the FROM line, as in ${written}@sha256:…, and update it whenever the tag changes`;

/** The message about the last image. */
const DOCKERFILES_BY_HAND: readonly (readonly [text: string, image: string, why: string])[] = [
  [
    'ARG V=1.27\nFROM nginx:$V-slim\n',
    'nginx:1.27-slim',
    `it is built from ARG V; ${IN_FROM('nginx:$V-slim')}, or use one ARG for the whole tag, as in ARG TAG=1.27-slim`,
  ],
  [
    'ARG V=1.27.3\nFROM nginx:${V%.*}\n',
    'nginx:1.27',
    `it is built from ARG V; ${IN_FROM('nginx:${V%.*}')}, or use one ARG for the whole tag, as in ARG TAG=1.27`,
  ],
  [
    'ARG V=1.27\nARG S=\nFROM nginx:$V$S\n',
    'nginx:1.27',
    `it is built from ARG V, S; ${IN_FROM('nginx:$V$S')}, or use one ARG for the whole tag, as in ARG TAG=1.27`,
  ],
  [
    'ARG A=1\nARG B=2\nFROM "x:$A.${B}"\n',
    'x:1.2',
    `it is built from ARG A, B; ${IN_FROM('x:$A.${B}')}, or use one ARG for the whole tag, as in ARG TAG=1.2`,
  ],
  [
    'ARG S=\nFROM a:1$S\n',
    'a:1',
    `it is built from ARG S; ${IN_FROM('a:1$S')}, or use one ARG for the whole tag, as in ARG TAG=1`,
  ],
  [
    'ARG V=1\nFROM a:$V\nFROM b:$V\n',
    'b:1',
    `ARG V is also part of "a:1" (line 2); ${IN_FROM('b:$V')}, or give each image its own ARG`,
  ],
  [
    'ARG V=1\nFROM b:$V-slim@sha256:' + 'a'.repeat(64) + '\nFROM a:$V\n',
    'a:1',
    `ARG V is also part of "b:1-slim@sha256:${'a'.repeat(64)}" (line 2); ${IN_FROM('a:$V')}, or give each image its own ARG`,
  ],
  [
    'ARG V=1\nARG R\nFROM a:$V\nFROM $R/b:$V AS b\nFROM a:$V\n',
    'a:1',
    `ARG V is also part of "$R/b:$V" (line 4); ${IN_FROM('a:$V')}, or give each image its own ARG`,
  ],
  [
    'ARG V=1.2\nFROM a:$V\nARG V\nRUN curl https://example.com/$V\n',
    'a:1.2',
    `ARG V is also used inside a stage (line 3); ${IN_FROM('a:$V')}`,
  ],
  [
    'ARG D=sha256:' + 'a'.repeat(64) + '\nFROM a:1@$D\nFROM b:1@$D\n',
    'b:1@sha256:' + 'a'.repeat(64),
    'ARG D contains its digest and the digest of "a:1" (line 2), but one digest cannot match two repositories; give each image its own digest',
  ],
  [
    'ARG I=a:1.2\nFROM a:${I##*:}\n',
    'a:1.2',
    `it is built from ARG I; ${IN_FROM('a:${I##*:}')}, or use one ARG for the whole tag, as in ARG TAG=1.2`,
  ],
  [
    'ARG V=1.2\nFROM a:${V%%@*}\n',
    'a:1.2',
    `it is built from ARG V; ${IN_FROM('a:${V%%@*}')}, or use one ARG for the whole tag, as in ARG TAG=1.2`,
  ],
  [
    'ARG V=1.2\nFROM a:${V%a}\n',
    'a:1.2',
    `it is built from ARG V; ${IN_FROM('a:${V%a}')}, or use one ARG for the whole tag, as in ARG TAG=1.2`,
  ],
  [
    'ARG V=1.2\nFROM a:${V/8/}\n',
    'a:1.2',
    `it is built from ARG V; ${IN_FROM('a:${V/8/}')}, or use one ARG for the whole tag, as in ARG TAG=1.2`,
  ],
  [
    'ARG A=1\nFROM a:1-${A/""/x}\n',
    'a:1-x1',
    `it is built from ARG A; ${IN_FROM('a:1-${A/""/x}')}, or use one ARG for the whole tag, as in ARG TAG=1-x1`,
  ],
  [
    'ARG N=a\nFROM $N:$N\n',
    'a:a',
    `it is built from ARG N; ${IN_FROM('$N:$N')}, or use one ARG for the whole tag, as in ARG TAG=a`,
  ],
  [
    'ARG V=1.2\nARG W=${V#*.}\nFROM b:$W-$TARGETARCH\nFROM a:$V\n',
    'a:1.2',
    `ARG V is also part of "b:$W-$TARGETARCH" (line 3); ${IN_FROM('a:$V')}, or give each image its own ARG`,
  ],
  [
    'ARG V=1.2\nFROM b:${V/1.?/x}\nFROM a:$V\n',
    'a:1.2',
    `ARG V is also part of "b:x" (line 2); ${IN_FROM('a:$V')}, or give each image its own ARG`,
  ],
  [
    'ARG V=a\nFROM $V AS a\nFROM $V\n',
    'a',
    `ARG V is also part of "a" (line 3); ${IN_FROM('$V')}, or give each image its own ARG`,
  ],
  [
    'ARG V=1.2\nARG URL=https://example.com/v$V\nFROM a:$V\nARG URL\nRUN curl $URL\n',
    'a:1.2',
    `ARG V is also part of ARG URL, which is used inside a stage (line 4); ${IN_FROM('a:$V')}`,
  ],
  ['FROM a:1-$TARGETARCH\n', 'a:1-$TARGETARCH', 'TARGETARCH is known only at build time'],
  ['FROM $NOBODY\n', '$NOBODY', 'it is empty; no ARG before the first FROM sets it'],
];

describe('an image that is put together from ARGs', () => {
  test.each(DOCKERFILES_BY_HAND)('cannot be pinned: %j', async (text, image, why) => {
    file('Dockerfile', text);
    const { code, out } = await runPin(['Dockerfile'], { output: 'json' });
    const { images } = JSON.parse(out) as { images: { state: string; message: string }[] };
    const message = `image ${JSON.stringify(image)} cannot be pinned: ${why}`;
    expect({ code, message: images.findLast(({ state }) => state === 'failed')?.message }).toEqual({
      code: 2,
      message,
    });
    expect(read('Dockerfile')).toBe(text);
  });
});

describe('a name without a tag behind --from=', () => {
  test.each([
    ['COPY --from=composer /c /c', 'composer'],
    ['ONBUILD COPY --from=composer /c /c', 'composer'],
    ['RUN --mount=from=busybox,target=/b ls', 'busybox'],
    ['RUN --mount="target=/b,From=busybox" ls', 'busybox'],
    ['COPY --link --from="node-exporter" a b', 'node-exporter'],
  ])('has no digest: %s', async (line, image) => {
    file('Dockerfile', `FROM a:1@${OLD}\n${line}\n`);
    const check = await runCommand(['pin', '--check', 'Dockerfile']);
    expect(check.code).toBe(1);
    expect(check.out).toMatch(new RegExp(`^Dockerfile:2:\\d+  unpinned  image "${image}" has no digest\n$`));
    const { code, note } = await runPin(['Dockerfile'], { write: true });
    expect(code).toBe(2);
    expect(note).toContain(
      `image "${image}" cannot be pinned: it may be a build context; for an image, add a tag, as in ${image}:latest; for a context, add the stage "FROM scratch AS ${image}", which the context replaces\n`,
    );
  });

  test.each([
    ['COPY --from=composer:latest /c /c', `COPY --from=composer:latest@${digestOf(`${HUB}/composer:latest`)} /c /c`],
    ['FROM scratch AS composer\nFROM a:1\nCOPY --from=composer /c /c', undefined],
  ])('can be pinned as the advice says: %j', async (lines, after) => {
    const text = (rest: string): string => `FROM a:1@${OLD}\n${rest.replace('FROM a:1\n', `FROM a:1@${OLD}\n`)}\n`;
    file('Dockerfile', text(lines));
    expect((await runPin(['Dockerfile'], { write: true })).code).toBe(0);
    expect(read('Dockerfile')).toBe(text(after ?? lines));
    expect((await runCommand(['pin', '--check', 'Dockerfile'])).code).toBe(0);
  });
});

test('a template of Dockerfiles gets no advice about Helm', async () => {
  file('Dockerfile.template', 'FROM {{ .base }}\nFROM a:{{ env.version }}-slim AS b\nCOPY --from={{x}} a b\n');
  const { code, note } = await runPin(['Dockerfile.template'], {});
  expect(code).toBe(2);
  expect(note).toContain(
    '3 images cannot be pinned: "{{" starts an unresolved template expression; pin the rendered file ("{{", "a:{{", "{{x}}")',
  );
});

describe('a digest in an ARG', () => {
  const A = digestOf(`${HUB}/a:1.2`);
  test.each([
    [
      'the tag of one image',
      'ARG V=1.2\nFROM a:${V}\nRUN echo V=1.2\n',
      `ARG V=1.2@${A}\nFROM a:\${V}\nRUN echo V=1.2\n`,
    ],
    ['quotes', 'ARG V="1.2" # x\nFROM a:$V\n', `ARG V="1.2@${A}" # x\nFROM a:$V\n`],
    [
      'one image that is named twice',
      'ARG V=1.2\nFROM a:$V\nFROM a:$V AS b\n',
      `ARG V=1.2@${A}\nFROM a:$V\nFROM a:$V AS b\n`,
    ],
    [
      'an ARG of a stage with a value of its own',
      'ARG V=1.2\nFROM a:$V\nARG V=3\n',
      `ARG V=1.2@${A}\nFROM a:$V\nARG V=3\n`,
    ],
    ['an ARG in another one', 'ARG V=1.2\nARG I=a:$V\nFROM $I\n', `ARG V=1.2@${A}\nARG I=a:$V\nFROM $I\n`],
    [
      'a registry in front',
      'ARG R=docker.io\nFROM ${R}/library/a:1.2\n',
      `ARG R=docker.io\nFROM \${R}/library/a:1.2@${A}\n`,
    ],
    ['the default in FROM', 'FROM a:${V:-1.2}\n', `FROM a:\${V:-1.2@${A}}\n`],
    ['the default in ARG', 'ARG V=${V:-1.2}\nFROM a:$V\n', `ARG V=\${V:-1.2@${A}}\nFROM a:$V\n`],
    ['a start that is cut off', 'ARG V=v1.2\nFROM a:${V#v}\n', `ARG V=v1.2@${A}\nFROM a:\${V#v}\n`],
    ['a whole image that a stage prints', 'ARG B=a:1.2\nFROM $B\nARG B\n', `ARG B=a:1.2@${A}\nFROM $B\nARG B\n`],
    [
      'of what is in stages',
      'FROM a:1.2\nONBUILD COPY --from=a:1.2 / /\n',
      `FROM a:1.2@${A}\nONBUILD COPY --from=a:1.2@${A} / /\n`,
    ],
  ])('is written where it serves one image alone: %s', async (_what, before, after) => {
    file('Dockerfile', before);
    expect(await runPin(['Dockerfile'], { write: true })).toMatchObject({ code: 0 });
    expect(read('Dockerfile')).toBe(after);
    expect((await runCommand(['pin', '--check', 'Dockerfile'])).code).toBe(0);
  });

  test('is renewed where it is', async () => {
    file('Dockerfile', `ARG V=1.2\nARG D=${OLD}\nFROM a:$V@$D\nARG D\n`);
    expect((await runPin(['Dockerfile'], { update: true, write: true })).code).toBe(0);
    expect(read('Dockerfile')).toBe(`ARG V=1.2\nARG D=${A}\nFROM a:$V@$D\nARG D\n`);
  });

  test('is renewed where another stage cuts it off', async () => {
    file('Dockerfile', `ARG V=1.2@${OLD}\nFROM a:$V\nFROM b:\${V%%@*}@${OLD}\n`);
    expect((await runPin(['Dockerfile'], { update: true, write: true })).code).toBe(0);
    const B = digestOf(`${HUB}/b:1.2`);
    expect(read('Dockerfile')).toBe(`ARG V=1.2@${A}\nFROM a:$V\nFROM b:\${V%%@*}@${B}\n`);
  });

  test('that two tags share is not renewed', async () => {
    file('Dockerfile', `ARG D=@${OLD}\nFROM a:1.2$D\nFROM a:1.3$D\n`);
    const { code, note } = await runPin(['Dockerfile'], { update: true, write: true });
    expect(code).toBe(2);
    expect(note).toContain(
      `ARG D is also part of "a:1.3@${OLD}" (line 3); write the image in the FROM line, as in a:1.2@sha256:…, or give each image its own ARG`,
    );
  });

  test('is an error of --check in two repositories', async () => {
    file('Dockerfile', `ARG V=1.2@${OLD}\nFROM a:$V\nFROM b:$V\nFROM docker.io/library/a:$V\n`);
    const { code, note } = await runCommand(['pin', '--check', 'Dockerfile']);
    const why = (other: string, line: number): string =>
      `cannot be pinned: ARG V contains its digest and the digest of "${other}" (line ${line}), but one digest cannot match two repositories; give each image its own digest`;
    expect({ code, note }).toEqual({
      code: 2,
      note: `Dockerfile:2:6  error  image "a:1.2@${OLD}" ${why('b:1.2', 3)}
Dockerfile:3:6  error  image "b:1.2@${OLD}" ${why('a:1.2', 2)}
Dockerfile:4:6  error  image "docker.io/library/a:1.2@${OLD}" ${why('b:1.2', 3)}
1 file, 3 images: 0 already pinned, 3 errors
`,
    });
  });
});

describe('a Dockerfile that BuildKit does not read', () => {
  test.each([
    [
      'FROM a:1\nRUN cat <<EOF\nFROM b:1\n',
      '2:1',
      'here-document <<EOF is not closed; add a line that contains only EOF',
    ],
    ['# escape=x\nFROM a:1\n', '1:10', 'the escape directive must be \\ or `'],
    ['# escape=`\n# escape=`\nFROM a:1\n', '2:1', 'duplicate directive "escape"; remove one of the lines'],
  ])('%j is an error, and nothing behind it is changed', async (text, at, message) => {
    file('Dockerfile', text);
    const { code, note } = await runPin(['Dockerfile'], { write: true });
    expect(code).toBe(2);
    expect(note).toContain(`Dockerfile:${at}  error  ${message}\n`);
    expect(read('Dockerfile')).toBe(text.replace(/^FROM a:1(?=\nRUN)/, `FROM a:1@${digestOf(`${HUB}/a:1`)}`));
  });
});
