/** The Dockerfile without Docker: what it copies exists, may be copied, and is enough to build and to run. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROOT } from './documents.ts';

const dockerfile = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8');
const instructions = dockerfile.replaceAll('\\\n', ' ').split('\n');

interface Copy {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

const copies: readonly Copy[] = instructions.flatMap((line) => {
  const match = /^COPY\s+(?:--from=(\S+)\s+)?(.+?)\s+(\S+)$/.exec(line);
  return match === null ? [] : [{ from: match[1], sources: (match[2] ?? '').split(/\s+/), target: match[3] ?? '' }];
});
const fromTree = copies.filter(({ from }) => from === undefined);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tidewaiter-image-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function copyInto(folder: string, { sources, target }: Copy): void {
  for (const source of sources) {
    const to = target === './' ? source : source.endsWith('/') ? target : path.join(target, path.basename(source));
    cpSync(path.join(ROOT, source), path.join(folder, to), { recursive: true });
  }
}

describe('the Dockerfile', () => {
  test('copies only what is there', () => {
    const sources = fromTree.flatMap((copy) => copy.sources);
    expect(sources).toContain('LICENSE');
    expect(sources.filter((source) => !existsSync(path.join(ROOT, source)))).toEqual([]);
  });

  test('copies only what .dockerignore lets through, and that lets nothing else through', () => {
    const [first, ...allowed] = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    const sources = fromTree.flatMap((copy) => copy.sources.map((source) => `!${source.replace(/\/$/, '')}`));
    expect(allowed.sort()).toEqual([...new Set(sources)].sort());
  });

  test('builds with the Node that package.json pins', () => {
    const { devDependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: { node: string };
    };
    const [base] = instructions.filter((line) => line.startsWith('ARG NODE='));
    expect(base?.replace(/[0-9a-f]{64}$/, '…')).toBe(`ARG NODE=node:${devDependencies.node}-slim@sha256:…`);
  });

  test('starts the server, as a user with a number that is not root, on the ports it names', () => {
    expect(instructions.slice(-7)).toEqual([
      expect.stringMatching(/^# /),
      'USER 65532:65532',
      'EXPOSE 8443 8080',
      expect.stringMatching(/^# /),
      'ENTRYPOINT ["node", "--no-maglev", "dist/main.js"]',
      'CMD ["serve"]',
      '',
    ]);
    expect(dockerfile).toContain('TIDEWAITER_LISTEN=0.0.0.0:8443');
  });

  test('copies enough to build, and enough of that to run without any package', () => {
    const build = path.join(dir, 'build');
    const app = path.join(dir, 'app');
    const last = fromTree.findIndex(({ sources }) => sources.includes('LICENSE'));
    for (const copy of fromTree.slice(0, last)) copyInto(build, copy);
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(build, 'node_modules'));
    execFileSync(process.execPath, ['.ci/build.mjs'], { cwd: build });
    for (const copy of fromTree.slice(last)) copyInto(app, copy);
    cpSync(path.join(build, 'dist'), path.join(app, 'dist'), { recursive: true });

    const run = (args: readonly string[], input = ''): string =>
      execFileSync(process.execPath, ['dist/main.js', ...args], { cwd: app, encoding: 'utf8', input });
    expect(run(['--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run(['serve', '--print-config'])).toContain('listen');
    const pod =
      '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "a", "image": "nginx:1.27"}]}}';
    expect(run(['check', '-'], pod)).toContain('0 denied, 1 warned');
  }, 60_000);
});
