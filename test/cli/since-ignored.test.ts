/** `check --since`: an object that was not read at the revision was not evaluated then, so it is new. */
import { expect, test } from 'vitest';
import { BAD, commit, git, inNewRepository, pod, since, write } from '../support/since.ts';

inNewRepository();

const LISTED = (text: string): (() => void) => {
  return () => {
    write('d/deep/a.yaml', pod('a', BAD));
    write('d/.gitignore', text);
  };
};

interface Row {
  readonly name: string;
  readonly old: () => void;
  readonly now: () => void;
  readonly argv?: readonly string[];
  readonly isNew: boolean;
}

const ROWS: readonly Row[] = [
  { name: 'no ignore file', old: () => write('d/deep/a.yaml', pod('a', BAD)), now: () => undefined, isNew: false },
  {
    name: 'git ignored a file that it tracks',
    old: LISTED('a.yaml\n'),
    now: () => write('d/.gitignore', ''),
    isNew: true,
  },
  {
    name: 'git ignored the directory',
    old: LISTED('deep/\n'),
    now: () => write('d/.gitignore', ''),
    isNew: true,
  },
  {
    name: 'an ignore file of a directory above the named one',
    old: () => {
      write('d/deep/a.yaml', pod('a', BAD));
      write('.tidewaiterignore', 'a.yaml\n');
    },
    now: () => write('.tidewaiterignore', '# nothing\n'),
    isNew: true,
  },
  {
    name: 'an ignore file that is gone',
    old: () => {
      write('d/deep/a.yaml', pod('a', BAD));
      write('d/.tidewaiterignore', 'deep\n');
    },
    now: () => void git('rm', '-qf', 'd/.tidewaiterignore'),
    isNew: true,
  },
  {
    name: 'a pattern that was taken back',
    old: LISTED('*.yaml\n!a.yaml\n'),
    now: () => write('d/.gitignore', ''),
    isNew: false,
  },
  {
    name: 'a pattern that excludes nothing',
    old: LISTED('/a.yaml\n'),
    now: () => write('d/.gitignore', ''),
    isNew: false,
  },
  {
    name: 'the key of the configuration file',
    old: () => {
      write('d/deep/a.yaml', pod('a', BAD));
      write('tidewaiter.yaml', 'ignore: [d/deep]\n');
    },
    now: () => write('tidewaiter.yaml', 'ignore: []\n'),
    isNew: true,
  },
  {
    name: 'the object moved out of an ignored file',
    old: LISTED('a.yaml\n'),
    now: () => {
      git('mv', 'd/deep/a.yaml', 'd/b.yaml');
    },
    isNew: true,
  },
  {
    name: 'the object moved out of dependencies',
    old: () => write('d/node_modules/a/a.yaml', pod('a', BAD)),
    now: () => {
      git('mv', 'd/node_modules/a/a.yaml', 'd/b.yaml');
    },
    isNew: true,
  },
  {
    name: 'the file is named, which no ignore file excludes',
    old: LISTED('a.yaml\n'),
    now: () => write('d/.gitignore', ''),
    argv: ['d/deep/a.yaml'],
    isNew: false,
  },
  {
    name: 'ignore files do not count',
    old: LISTED('a.yaml\n'),
    now: () => write('d/.gitignore', ''),
    argv: ['d', '--no-ignore'],
    isNew: false,
  },
];

test.each(ROWS)('$name', async ({ old, now, argv = ['d'], isNew }) => {
  old();
  git('init', '-q', '-b', 'main');
  git('add', '-Af');
  commit();
  now();
  const { changed, unchanged, denied } = await since(...argv, '--since', 'main');
  expect({ changed, unchanged, denied }).toEqual(
    isNew ? { changed: 1, unchanged: 0, denied: 1 } : { changed: 0, unchanged: 1, denied: 0 },
  );
});

test('a kustomization that was ignored', async () => {
  write('d/k/kustomization.yaml', 'resources: [a.yaml]\n');
  write('d/k/a.yaml', pod('a', BAD));
  write('.tidewaiterignore', 'd/k\n');
  commit();
  write('.tidewaiterignore', '');
  const { changed, denied } = await since('d', '--since', 'main', '--kustomize');
  expect({ changed, denied }).toEqual({ changed: 1, denied: 1 });
});
