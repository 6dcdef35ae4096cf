/** Digests in Compose files: variables with defaults, Dockerfiles that are written in, contexts of builds. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { digestOf, runPin } from '../../support/pin-registry.ts';

inOwnFolders('pin-compose');

const A = digestOf('docker.io/library/a:1.2');

const image = (text: string): string => `services:\n  s:\n    image: ${text}\n`;
const build = (...lines: readonly string[]): string =>
  ['services:', '  s:', '    build:', ...lines.map((line) => `      ${line}`), ''].join('\n');
const inline = (...lines: readonly string[]): string =>
  build('context: .', 'dockerfile_inline: |', ...lines.map((line) => (line === '' ? '' : `  ${line}`)));

const WITH_CONTEXTS = [
  '{b: ./b}',
  '["b=./b"]',
  '{"library/b:latest": "service:x"}',
  '["docker.io/library/b=service:x"]',
].map((contexts) => {
  const text = (a: string): string =>
    build(
      `additional_contexts: ${contexts}`,
      'dockerfile_inline: |',
      '  FROM b',
      '  FROM b:latest AS s',
      '  COPY --from=b / /',
      '  RUN --mount=from=library/b,target=/b ls',
      `  FROM ${a}`,
    );
  return [`a Dockerfile, but no context in it: ${contexts}`, text('a:1.2'), text(`a:1.2@${A}`)] as const;
});

describe('pin --write in a Compose file', () => {
  test.each<readonly [what: string, before: string, after: string]>([
    ['a default', image('${I:-a:1.2}'), image(`\${I:-a:1.2@${A}}`)],
    ['a default that is unset only', image("'${I-a:1.2}'"), image(`'\${I-a:1.2@${A}}'`)],
    ['the default of a tag', image('"a:${TAG:-1.2}" # x'), image(`"a:\${TAG:-1.2@${A}}" # x`)],
    ['a default within a default', image('${I:-a:${TAG:-1.2}}'), image(`\${I:-a:\${TAG:-1.2@${A}}}`)],
    ['the default of a registry', image('${R:-docker.io}/library/a:1.2'), image(`\${R:-docker.io}/library/a:1.2@${A}`)],
    ['an alternative in front', image('${R:+r.io/}a:1.2'), image(`\${R:+r.io/}a:1.2@${A}`)],
    [
      'a context in a map',
      build('additional_contexts: {b: "docker-image://a:1.2", c: ./c}'),
      build(`additional_contexts: {b: "docker-image://a:1.2@${A}", c: ./c}`),
    ],
    [
      'a context in a list',
      build('additional_contexts:', '  - b=docker-image://a:1.2', '  - c=https://example.com/c.git'),
      build('additional_contexts:', `  - b=docker-image://a:1.2@${A}`, '  - c=https://example.com/c.git'),
    ],
    [
      'a context with a default',
      build('additional_contexts: {b: "docker-image://${I:-a:1.2}"}'),
      build(`additional_contexts: {b: "docker-image://\${I:-a:1.2@${A}}"}`),
    ],
    [
      'a hook',
      'services: {s: {image: "a:1.2", pre_start: [{image: "a:1.2", command: x}]}}\n',
      `services: {s: {image: "a:1.2@${A}", pre_start: [{image: "a:1.2@${A}", command: x}]}}\n`,
    ],
    [
      'what is reset',
      'services: {a: {image: !reset null}, b: {image: !reset "b:1"}, c: !reset {image: c}, s: {image: !override a:1.2}}\n',
      `services: {a: {image: !reset null}, b: {image: !reset "b:1"}, c: !reset {image: c}, s: {image: !override a:1.2@${A}}}\n`,
    ],
    [
      'a Dockerfile',
      inline('FROM a:1.2 AS b', '', 'RUN <<EOF', '  FROM x:1', 'EOF', '', 'COPY --from=a:1.2 / /'),
      inline(`FROM a:1.2@${A} AS b`, '', 'RUN <<EOF', '  FROM x:1', 'EOF', '', `COPY --from=a:1.2@${A} / /`),
    ],
    ['a Dockerfile below an empty line', inline('', '', 'FROM a:1.2'), inline('', '', `FROM a:1.2@${A}`)],
    ['a Dockerfile with an ARG', inline('ARG V=1.2', 'FROM a:$${V}'), inline(`ARG V=1.2@${A}`, 'FROM a:$${V}')],
    [
      'a Dockerfile with a variable of Compose',
      inline('FROM a:${V:-1.2}', 'RUN echo $HOME'),
      inline(`FROM a:\${V:-1.2@${A}}`, 'RUN echo $HOME'),
    ],
    ...WITH_CONTEXTS,
    [
      'a Dockerfile, but no stage that a context replaces',
      build(
        'additional_contexts: {s: ./s}',
        'dockerfile_inline: |',
        '  FROM b:1 AS s',
        '  FROM a:1.2',
        '  COPY --from=s / /',
      ),
      build(
        'additional_contexts: {s: ./s}',
        'dockerfile_inline: |',
        '  FROM b:1 AS s',
        `  FROM a:1.2@${A}`,
        '  COPY --from=s / /',
      ),
    ],
    [
      'a Dockerfile in one line',
      build('dockerfile_inline: "FROM a:1.2"'),
      build(`dockerfile_inline: "FROM a:1.2@${A}"`),
    ],
  ])('%s', async (_what, before, after) => {
    for (const [one, other] of [
      [before, after],
      [before.replaceAll('\n', '\r\n'), after.replaceAll('\n', '\r\n')],
    ] as const) {
      writeFileSync('compose.yaml', one);
      expect(await runPin(['compose.yaml'], { write: true })).toMatchObject({ code: 0 });
      expect(readFileSync('compose.yaml', 'utf8')).toBe(other);
      expect((await runCommand(['pin', '--check', 'compose.yaml'])).code).toBe(0);
    }
  });
});

const nested = (depth: number): string => `${'${A:-'.repeat(depth)}x${'}'.repeat(depth)}`;

const FROM_OUTSIDE =
  'it contains a variable that has no default and no value in ".env" beside the file; add the value there';

describe('what cannot be pinned in a Compose file', () => {
  test.each<readonly [what: string, text: string, name: string, why: string | undefined]>([
    ['a variable', image('$I'), '$I', FROM_OUTSIDE],
    ['a variable that must be set', image('${I:?set it}'), '${I:?set it}', FROM_OUTSIDE],
    ['five thousand defaults in each other', image(nested(5000)), nested(5000), undefined],
    ['a variable in a default', image('a:${TAG:-$V}'), 'a:${TAG:-$V}', FROM_OUTSIDE],
    ['a dollar sign', image('a:$$1'), 'a:$1', undefined],
    [
      'a tag in pieces',
      image('a:${V:-1.2}-slim'),
      'a:1.2-slim',
      'its tag is built from variables; put the digest after the tag, as in a:${V:-1.2}-slim@sha256:…, and update it whenever the tag changes',
    ],
    [
      'a tag that can go on',
      image('a:1.2${S:-}'),
      'a:1.2',
      'its tag is built from variables; put the digest after the tag, as in a:1.2${S:-}@sha256:…, and update it whenever the tag changes',
    ],
    [
      'a Dockerfile with a variable of Compose',
      inline('ARG V=1', 'FROM a:${V}'),
      'a:$',
      `${FROM_OUTSIDE}; or write "$$" for a Dockerfile variable`,
    ],
    [
      'an ARG of a Dockerfile for two images',
      inline('', 'ARG V=1.2', 'FROM a:$$V AS a', 'FROM b:$${V}'),
      'b:1.2',
      'ARG V is also part of "a:1.2" (line 8); put the digest in the FROM line, as in b:$${V}@sha256:…, and update it whenever the tag changes, or give each image its own ARG',
    ],
    ...['{V: "1.3"}', '["V=1.3"]', '[V]', '{V: }'].map((args): readonly [string, string, string, string] => [
      `an ARG of a Dockerfile that the build sets: ${args}`,
      build(`args: ${args}`, 'dockerfile_inline: |', '  ARG W=1 V=1.2', '  FROM a:$$V'),
      args.includes('1.3') ? 'a:1.3' : 'a:$V',
      'ARG V is set in "args" of the build; write the value into the Dockerfile to have it pinned',
    ]),
    [
      'an ARG of a Dockerfile that a stage prints',
      inline('ARG V=1.2', 'FROM a:$$V', 'ARG V'),
      'a:1.2',
      'ARG V is also used inside a stage (line 8); put the digest in the FROM line, as in a:$$V@sha256:…, and update it whenever the tag changes',
    ],
    [
      'a Dockerfile with escapes',
      build('dockerfile_inline: "FROM a:1.2\\nRUN x"'),
      'a:1.2',
      'its text is folded or has escapes; write "dockerfile_inline" as a block ("|")',
    ],
    [
      'a here-document without an end',
      inline('RUN <<EOF', 'x'),
      '',
      'here-document <<EOF is not closed; add a line that contains only EOF',
    ],
  ])('%s', async (_what, text, name, why) => {
    writeFileSync('compose.yaml', text);
    const { code, out } = await runPin(['compose.yaml'], { output: 'json' });
    const { images } = JSON.parse(out) as { images: { state: string; image: string; message: string }[] };
    const found = images.findLast(({ state }) => state === 'failed');
    expect({ code, image: found?.image }).toEqual({ code: 2, image: name });
    if (why !== undefined) expect(found?.message).toBe(`image ${JSON.stringify(name)} cannot be pinned: ${why}`);
    expect(readFileSync('compose.yaml', 'utf8')).toBe(text);
  });

  test('what has another shape is none', async () => {
    const lines = [
      'a: x',
      'b: {volumes: x, pre_start: {image: y}, build: x}',
      'c: {build: {additional_contexts: x, dockerfile_inline: 1}}',
      'd: {volumes: [a, {type: image}], pre_start: [x, {image: 1}]}',
      'e: ~',
    ];
    writeFileSync('compose.yaml', `services:\n${lines.map((line) => `  ${line}\n`).join('')}`);
    expect((await runCommand(['pin', '--check', 'compose.yaml'])).code).toBe(0);
  });

  test('caches of builds, models and what is built are none', async () => {
    const text =
      'services: {s: {image: "x:1", build: {cache_from: ["a:1", "type=registry,ref=a:2"]}}}\nmodels: {m: {model: ai/m}}\n';
    writeFileSync('compose.yaml', text);
    expect((await runCommand(['pin', '--check', 'compose.yaml'])).code).toBe(0);
  });
});
