/** `check --since` in every kind of repository: which revision is meant, which files git has, and what git never runs. */
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { BAD, commit, git, GOOD, inNewRepository, pod, since, WORSE, write } from '../support/since.ts';

inNewRepository();

const LOCAL = ['-c', 'protocol.file.allow=always'] as const;

async function note(...argv: readonly string[]): Promise<string> {
  const { code, out, note: text } = await runCommand(['check', ...argv]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  return text.trimEnd();
}

/** A repository in `up` whose branch `work` began one commit before the end of `main`. */
function branched(): void {
  mkdirSync('up');
  process.chdir('up');
  write('d/a.yaml', pod('a', BAD));
  write('d/b.yaml', pod('b', BAD));
  commit();
  git('checkout', '-q', '-b', 'work');
  write('d/a.yaml', pod('a', WORSE));
  git('commit', '-qam', 'on the branch');
  git('checkout', '-q', 'main');
  write('d/b.yaml', pod('b', GOOD));
  git('commit', '-qam', 'on main');
  git('checkout', '-q', 'work');
}

describe('a branch', () => {
  beforeEach(branched);

  test('is compared with the end of another branch by its name', async () => {
    expect(await since('d', '--since', 'main')).toMatchObject({ changed: 2, denied: 2 });
  });

  test.each(['main...', 'main...HEAD'])('is compared with the commit where it began by %s', async (revision) => {
    expect(await since('d', '--since', revision)).toMatchObject({ changed: 1, unchanged: 1, denied: 1 });
  });

  test('without a common commit is an error', async () => {
    git('checkout', '-q', '--orphan', 'alone');
    git('commit', '-qm', 'alone');
    expect(await note('d', '--since', 'main...')).toBe(
      '--since: git has no common commit of "main" and HEAD; if it is on a remote, run git fetch first',
    );
  });

  test('in a shallow clone names the command that fetches the rest', async () => {
    process.chdir('..');
    git('clone', '-q', '--depth', '1', '--no-single-branch', `file://${path.resolve('up')}`, 'shallow');
    process.chdir('shallow');
    const remedy =
      'which is a shallow clone; run git fetch --unshallow first, or clone with the whole history (fetch-depth: 0 in GitHub, GIT_DEPTH: 0 in GitLab)';
    expect(await note('d', '--since', 'HEAD~1')).toBe(
      `--since: git has no revision "HEAD~1" in this repository, ${remedy}`,
    );
    expect(await note('d', '--since', 'origin/main...')).toBe(
      `--since: git has no common commit of "origin/main" and HEAD, ${remedy}`,
    );
    git(...LOCAL, 'fetch', '-q', '--unshallow');
    expect(await since('d', '--since', 'origin/main...')).toMatchObject({ changed: 1, unchanged: 1, denied: 1 });
  });

  test('in another working tree of the repository', async () => {
    git('worktree', 'add', '-q', '../other', 'main');
    process.chdir('../other');
    expect(await since('d', '--since', 'work')).toMatchObject({ changed: 2, denied: 1 });
  });

  test('in a repository elsewhere', async () => {
    process.chdir('/');
    const folder = path.resolve(path.dirname(git('-C', up(), 'rev-parse', '--absolute-git-dir')), 'd');
    expect(await since(folder, '--since', 'main...')).toMatchObject({ changed: 1, unchanged: 1, denied: 1 });
  });

  test('in a bare repository has no files to compare', async () => {
    process.chdir('..');
    git('clone', '-q', '--bare', 'up', 'bare');
    process.chdir('bare');
    expect(await note('.', '--since', 'main')).toMatch(
      /^--since: ".*bare" is in a bare repository, which has no files to compare; run tidewaiter in a working tree$/,
    );
  });

  test('in a directory whose files form a bare repository uses the repository around it, or none', async () => {
    write('d/new.yaml', pod('new', BAD));
    git('clone', '-q', '--bare', '.', 'bare');
    git('--git-dir=bare', 'config', 'core.bare', 'false');
    git('--git-dir=bare', 'config', 'core.worktree', path.resolve('d'));
    git('--git-dir=bare', '--work-tree=d', 'add', '-A');
    git('--git-dir=bare', '--work-tree=d', 'commit', '-q', '-m', 'hides d/new.yaml');
    cpSync('bare', 'd', { recursive: true });
    expect(await since('.', '--since', 'HEAD')).toMatchObject({ code: 1, changed: 1, denied: 1 });
    expect(await note('d', '--since', 'HEAD')).toMatch(/^--since: ".*\/d" is in a bare repository, /);
  });

  test('in a hook, which sets GIT_DIR', async () => {
    process.env['GIT_DIR'] = '.git';
    try {
      expect(await since('d', '--since', 'main...')).toMatchObject({ changed: 1, unchanged: 1 });
    } finally {
      delete process.env['GIT_DIR'];
    }
  });
});

let root = '';
beforeEach(() => {
  root = process.cwd();
});
const up = (): string => path.join(root, root.endsWith('up') ? '.' : 'up');

describe('uncommitted and staged changes', () => {
  test('count', async () => {
    write('d/a.yaml', pod('a', GOOD));
    commit();
    write('d/a.yaml', pod('a', BAD));
    expect(await since('d', '--since', 'HEAD')).toMatchObject({ changed: 1, denied: 1 });
    git('add', '-A');
    expect(await since('d', '--since', 'HEAD')).toMatchObject({ changed: 1, denied: 1 });
  });

  test('a file with other line ends has the same objects', async () => {
    write('d/a.yaml', pod('a', BAD));
    commit();
    write('d/a.yaml', pod('a', BAD).replaceAll('\n', '\r\n'));
    expect(await since('d', '--since', 'HEAD')).toMatchObject({ changed: 0, unchanged: 1 });
  });
});

test('a repository with SHA-256', async () => {
  git('init', '-q', '--object-format=sha256');
  write('d/a.yaml', pod('a', BAD));
  write('d/b.yaml', pod('b', GOOD));
  git('add', '-A');
  git('commit', '-qm', 'first');
  write('d/b.yaml', pod('b', BAD));
  expect(await since('d', '--since', 'HEAD')).toMatchObject({ changed: 1, unchanged: 1, denied: 1 });
});

describe('a submodule', () => {
  beforeEach(() => {
    write('sub/deploy/a.yaml', pod('a', BAD));
    write('sub/deploy/b.yaml', pod('b', BAD));
    process.chdir('sub');
    commit();
    process.chdir('..');
    write('top/c.yaml', pod('c', BAD));
    process.chdir('top');
    git('init', '-q', '-b', 'main');
    git(...LOCAL, 'submodule', '--quiet', 'add', '../sub', 'm/sub');
    commit();
    write('m/sub/deploy/b.yaml', pod('b', WORSE));
  });

  test.each<readonly [what: string, paths: readonly string[], changed: number, unchanged: number]>([
    ['all files', ['.'], 1, 2],
    ['its parent', ['m'], 1, 1],
    ['a directory in it, and a file outside', ['c.yaml', 'm/sub/deploy'], 1, 2],
    ['twice', ['m', 'm/sub/deploy/b.yaml', 'c.yaml'], 1, 2],
  ])('is compared with its commit in the revision: %s', async (_what, paths, changed, unchanged) => {
    expect(await since(...paths, '--since', 'main')).toMatchObject({ changed, unchanged });
  });

  test('has revisions of its own', async () => {
    git('-C', 'm/sub', 'commit', '-qam', 'other');
    expect(await since('m/sub', '--since', 'HEAD~1')).toMatchObject({ changed: 1, unchanged: 1, denied: 1 });
    process.chdir('m/sub/deploy');
    expect(await since('--since', 'HEAD')).toMatchObject({ changed: 0, unchanged: 2 });
  });

  test('without its old commit has only new objects, and a notice says so', async () => {
    git('update-index', '--cacheinfo', `160000,${'1'.repeat(40)},m/sub`);
    git('commit', '-qm', 'a commit that is not there');
    const { report, ...outcome } = await since('.', '--since', 'HEAD');
    expect(outcome).toMatchObject({ changed: 2, unchanged: 1 });
    expect(report.notices.map(({ message }) => message)).toEqual([
      '1 path cannot be read at "HEAD", so the objects in it count as new: m/sub',
    ]);
  });
});

describe('git', () => {
  test('runs no hook, no filter, and no file system monitor', async () => {
    const ran = path.resolve('ran');
    write('program', `#!/bin/sh\necho "$0" >> ${ran}\ncat\n`);
    chmodSync('program', 0o755);
    write('d/a.yaml', pod('a', BAD));
    write('d/.gitattributes', '*.yaml filter=own diff=own text\n');
    commit();
    const program = path.resolve('program');
    for (const key of ['filter.own.smudge', 'filter.own.clean', 'filter.own.process', 'diff.own.textconv'])
      git('config', key, program);
    for (const key of ['core.fsmonitor', 'core.pager', 'core.sshCommand', 'core.editor', 'diff.external'])
      git('config', key, program);
    git('config', 'core.hooksPath', path.resolve('hooks'));
    for (const hook of ['post-checkout', 'post-index-change', 'fsmonitor-watchman', 'reference-transaction'])
      write(`hooks/${hook}`, readFileSync('program', 'utf8'));
    for (const hook of ['post-checkout', 'post-index-change', 'fsmonitor-watchman', 'reference-transaction'])
      chmodSync(`hooks/${hook}`, 0o755);
    write('d/a.yaml', pod('a', WORSE));
    expect(await since('d', '--since', 'main...')).toMatchObject({ changed: 1, denied: 1 });
    expect(existsSync(ran)).toBe(false);
  });

  test('downloads nothing for a partial clone', async () => {
    write('up/d/a.yaml', pod('a', BAD));
    process.chdir('up');
    commit();
    write('d/a.yaml', pod('a', GOOD));
    git('commit', '-qam', 'second');
    git('config', 'uploadpack.allowFilter', 'true');
    process.chdir('..');
    git(...LOCAL, 'clone', '-q', '--filter=blob:none', `file://${path.resolve('up')}`, 'partial');
    process.chdir('partial');
    expect(await since('d', '--since', 'HEAD')).toMatchObject({ changed: 0, unchanged: 1 });
    expect(await note('d', '--since', 'HEAD~1')).toBe(
      '--since: git did not return "d/a.yaml" of the revision; a partial clone downloads it when it is needed, and tidewaiter downloads nothing; run git diff --stat REVISION first, which downloads what differs',
    );
    git(...LOCAL, 'diff', '--stat', 'HEAD~1');
    expect(await since('d', '--since', 'HEAD~1')).toMatchObject({ changed: 1, unchanged: 0 });
  });

  test('names with .. in a tree are not read', async () => {
    write('d/a.yaml', pod('a', BAD));
    commit();
    const blob = git('rev-parse', 'HEAD:d/a.yaml');
    const name = Buffer.from(`100644 ..\0`);
    writeFileSync('tree', Buffer.concat([name, Buffer.from(blob, 'hex')]));
    const tree = git('hash-object', '-t', 'tree', '-w', '--literally', 'tree');
    const revision = git('commit-tree', '-m', 'hostile', tree);
    expect(await since('d', '--since', revision)).toMatchObject({ changed: 1, unchanged: 0 });
  });
});

describe('a file in Git LFS', () => {
  const pointer = (text: string): string =>
    `version https://git-lfs.github.com/spec/v1\noid sha256:${createHash('sha256').update(text).digest('hex')}\nsize ${text.length}\n`;

  test('is unchanged if its content has the hash in git', async () => {
    write('d/a.yaml', pointer(pod('a', BAD)));
    commit();
    write('d/a.yaml', pod('a', BAD));
    expect(await since('d', '--since', 'HEAD')).toMatchObject({ changed: 0, unchanged: 1 });
  });

  test('cannot be read otherwise, and a notice says so', async () => {
    write('d/a.yaml', pointer(pod('a', GOOD)));
    commit();
    write('d/a.yaml', pod('a', BAD));
    const { report, ...outcome } = await since('d', '--since', 'HEAD');
    expect(outcome).toMatchObject({ changed: 1, denied: 1 });
    expect(report.notices.map(({ message }) => message)).toEqual([
      '1 path cannot be read at "HEAD", so the objects in it count as new: d/a.yaml',
    ]);
  });
});

test('two names that differ in case are two files', async () => {
  write('d/a.yaml', pod('a', BAD));
  write('d/A.yaml', pod('b', BAD));
  commit();
  if (readFileSync('d/a.yaml', 'utf8') !== pod('a', BAD)) return;
  rmSync('d/A.yaml');
  symlinkSync('a.yaml', 'd/A.yaml');
  expect(await since('d', '--since', 'HEAD')).toMatchObject({ changed: 0, unchanged: 1 });
});
