/** `.env` files beside Compose files: what `check` and `pin` make of their values, and what they never print. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { digestOf, runPin } from '../support/pin-registry.ts';

inOwnFolders('env-files');

const A = digestOf('docker.io/library/a:1.2');
const SECRET = 's3cret-value';

function file(name: string, text: string): void {
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, text);
}

async function check(...argv: readonly string[]): Promise<CheckReport> {
  const { out } = await runCommand(['check', ...argv, '-o', 'json']);
  return JSON.parse(out) as CheckReport;
}

const image = (text: string): string => `services:\n  s:\n    image: ${text}\n`;
const inline = (...lines: readonly string[]): string =>
  ['services:', '  s:', '    build:', '      dockerfile_inline: |', ...lines.map((one) => `        ${one}`), ''].join(
    '\n',
  );

interface Row {
  readonly name: string;
  readonly env: string | undefined;
  readonly compose: string;
  readonly images: readonly string[];
  readonly notices?: readonly string[];
}

const UNKNOWN =
  'is not evaluated: it contains a variable that has no default and no value in ".env" beside the file; add the value there';

const ROWS: readonly Row[] = [
  {
    name: 'all parts',
    env: `PASSWORD=${SECRET}\nexport REGISTRY="r.io" # ours\nTAG=1.2\n`,
    compose: image('${REGISTRY}/app:${TAG:-latest}'),
    images: ['3:12 r.io/app:1.2'],
  },
  {
    name: 'a password in a registry URL',
    env: `PASSWORD=${SECRET}\n`,
    compose: image('https://me:${PASSWORD}@r.io/app:1'),
    images: ['3:12 https://me:***@r.io/app:1'],
  },
  { name: 'a Dockerfile', env: 'TAG=1.2\n', compose: inline('FROM a:${TAG}'), images: ['5:14 a:1.2'] },
  {
    name: 'a value that another variable needs',
    env: 'TAG=${VERSION}\n',
    compose: image('a:${TAG}'),
    images: [],
    notices: [`3:12 image "a:\${TAG}" ${UNKNOWN}`],
  },
  {
    name: 'no file',
    env: undefined,
    compose: image('a:${TAG}'),
    images: [],
    notices: [`3:12 image "a:\${TAG}" ${UNKNOWN}`],
  },
  {
    name: 'a file with a fault',
    env: `TAG=1\nPASSWORD="${SECRET}\n`,
    compose: image('a:${TAG}'),
    images: [],
    notices: [
      '3:12 image "a:${TAG}" is not evaluated: it contains a variable, and "d/.env" cannot be read: a value without a closing quote in line 2',
    ],
  },
  {
    name: 'a Dockerfile that is not valid',
    env: `PASSWORD=${SECRET}\n`,
    compose: inline('FROM a:1', 'RUN <<${PASSWORD}'),
    images: ['5:14 a:1'],
    notices: ['5:9 an image is not evaluated: its Dockerfile is not valid with the values of "d/.env"'],
  },
  {
    name: 'ports and pull policies, which are left out',
    env: 'PORT=8080\nPOLICY=always\n',
    compose: `${image('a:1.2')}    pull_policy: "\${POLICY:-missing}"\n    ports: ["\${PORT:-80}:80", "8080:81", "80:82"]\n`,
    images: ['3:12 a:1.2'],
  },
];

describe('check with .env:', () => {
  test.each(ROWS)('$name', async ({ env, compose, images, notices = [] }) => {
    file('d/compose.yaml', compose);
    if (env !== undefined) file('d/.env', env);
    for (const argv of [['d'], ['d/compose.yaml']]) {
      const report = await check(...argv);
      expect(report.images.map((one) => `${one.line}:${one.column} ${one.image}`)).toEqual(images);
      const found = report.notices.filter(({ line }) => line !== null);
      expect(found.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual(notices);
      expect(report.findings.filter(({ rule }) => ['container-ports', 'image-pull-policy'].includes(rule))).toEqual([]);
      expect(JSON.stringify(report)).not.toContain(SECRET);
    }
  });

  test('a finding is at the image and names the file', async () => {
    file('d/.env', 'TAG=latest\n');
    file('d/compose.yaml', `${image('a:${TAG}')}  t:\n    image: a:latest\n`);
    const { findings } = await check('d');
    const tags = findings.filter(({ rule }) => rule === 'image-tag');
    expect(tags.map(({ line, column, remedy }) => [line, column, remedy?.includes('"d/.env"')])).toEqual([
      [3, 12, true],
      [5, 12, false],
    ]);
  });

  test('a file that git ignores is read, and environment variables and env_file are not', async () => {
    file('.gitignore', '.env\n');
    file('.env', 'TAG=1.2\n');
    file('other.env', 'HOST=r.io\n');
    file('compose.yaml', `${image('a:${TAG}${PATH}')}    env_file: other.env\n  t: {image: "a:\${TAG}"}\n`);
    expect((await check('.')).images.map((one) => one.image)).toEqual(['a:1.2']);
  });

  test('a link is not followed', async () => {
    file('secrets', `TAG=${SECRET}\n`);
    file('compose.yaml', image('a:${TAG}'));
    symlinkSync('secrets', '.env');
    const report = await check('.');
    expect(JSON.stringify(report)).not.toContain(SECRET);
    expect(report.notices.map(({ message }) => message)).toContain(
      'image "a:${TAG}" is not evaluated: it contains a variable, and ".env" cannot be read: it is a symbolic link, which is not followed',
    );
  });
});

describe('pin with .env:', () => {
  test('writes a digest after a tag that is written, and never into .env', async () => {
    file('.env', 'NAMESPACE=library\nTAG=1.2\n');
    file('compose.yaml', image('${NAMESPACE}/a:1.2'));
    expect(await runPin(['.'], { write: true })).toMatchObject({ code: 0 });
    expect(readFileSync('compose.yaml', 'utf8')).toBe(image(`\${NAMESPACE}/a:1.2@${A}`));
    expect((await runCommand(['pin', '--check', '.'])).code).toBe(0);
  });

  test('says where a tag comes from', async () => {
    file('.env', 'TAG=1.2\n');
    file('compose.yaml', image('a:${TAG:-1.1}'));
    const { code, note } = await runPin(['.'], { write: true });
    expect(code).toBe(2);
    expect(note).toContain(
      'variables of it have values in ".env", where no digest is written; put the digest after the tag, as in a:${TAG:-1.1}@sha256:…, and update it whenever the tag changes',
    );
    expect(readFileSync('.env', 'utf8')).toBe('TAG=1.2\n');
  });
});
