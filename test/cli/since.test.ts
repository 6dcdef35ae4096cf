/** `check --since`: what a branch changes is checked as the cluster checks an UPDATE, against a real git repository. */
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { BAD, commit, git, GOOD, inNewRepository, type Outcome, pod, since, WORSE, write } from '../support/since.ts';

inNewRepository();

type Row = readonly [what: string, old: () => void, now: () => void, expected: Omit<Outcome, 'code'>];

const ROWS: readonly Row[] = [
  [
    'a service and a Dockerfile are added to those that had a finding',
    () => {
      write('d/compose.yaml', `services:\n  old: {image: ${BAD}}\n`);
      write('d/Dockerfile', `FROM ${BAD}\n`);
    },
    () => {
      write('d/compose.yaml', `services:\n  old: {image: ${BAD}}\n  new: {image: ${WORSE}}\n`);
      write('d/other/Dockerfile', `FROM ${GOOD}\n`);
    },
    { changed: 2, unchanged: 1, denied: 1, existing: 2 },
  ],
  [
    'nothing changed',
    () => write('d/a.yaml', pod('a', BAD)),
    () => undefined,
    { changed: 0, unchanged: 1, denied: 0, existing: 0 },
  ],
  [
    'comments and layout changed',
    () => write('d/a.yaml', pod('a', BAD)),
    () => write('d/a.yaml', `# new\n---\n${pod('a', BAD)}`),
    { changed: 0, unchanged: 1, denied: 0, existing: 0 },
  ],
  [
    'a label was added to a bad object',
    () => write('d/a.yaml', pod('a', BAD)),
    () => write('d/a.yaml', pod('a', BAD, 'name: a, labels: {x: y}')),
    { changed: 1, unchanged: 0, denied: 0, existing: 2 },
  ],
  [
    'a bad image became another bad image',
    () => write('d/a.yaml', pod('a', BAD)),
    () => write('d/a.yaml', pod('a', WORSE)),
    { changed: 1, unchanged: 0, denied: 1, existing: 0 },
  ],
  [
    'a good image became bad',
    () => write('d/a.yaml', pod('a', GOOD)),
    () => write('d/a.yaml', pod('a', BAD)),
    { changed: 1, unchanged: 0, denied: 1, existing: 0 },
  ],
  [
    'a new bad object in an old file',
    () => write('d/a.yaml', pod('a', BAD)),
    () => write('d/a.yaml', `${pod('b', BAD)}---\n${pod('a', BAD)}`),
    { changed: 1, unchanged: 1, denied: 1, existing: 0 },
  ],
  [
    'a file was renamed',
    () => write('d/a.yaml', pod('a', BAD)),
    () => renameSync('d/a.yaml', 'd/b.yaml'),
    { changed: 0, unchanged: 1, denied: 0, existing: 0 },
  ],
  [
    'an object moved to another file and got a label',
    () => write('d/a.yaml', `${pod('a', BAD)}---\n${pod('b', BAD)}`),
    () => {
      write('d/a.yaml', pod('b', BAD));
      write('d/sub/c.yaml', pod('a', BAD, 'name: a, labels: {x: y}'));
    },
    { changed: 1, unchanged: 1, denied: 0, existing: 2 },
  ],
  [
    'a copy of a bad object in another file is new',
    () => write('d/a.yaml', pod('a', BAD)),
    () => write('d/b.yaml', pod('a', BAD)),
    { changed: 1, unchanged: 1, denied: 1, existing: 0 },
  ],
  [
    'a copy of an object in a file that is not read is new',
    () => {
      write('d/.tidewaiterignore', 'old.yaml\n');
      write('d/old.yaml', pod('a', BAD));
    },
    () => write('d/b.yaml', pod('a', BAD)),
    { changed: 1, unchanged: 0, denied: 1, existing: 0 },
  ],
  [
    'of two moved objects with one name, none is chosen',
    () => write('d/a.yaml', `${pod('a', BAD)}---\n${pod('a', WORSE)}`),
    () => {
      rmSync('d/a.yaml');
      write('d/b.yaml', pod('a', BAD, 'name: a, labels: {x: y}'));
    },
    { changed: 1, unchanged: 0, denied: 1, existing: 0 },
  ],
  [
    'of two objects with one name in one file, the one that is left changed',
    () => write('d/a.yaml', `${pod('a', BAD)}---\n${pod('a', GOOD)}`),
    () => write('d/a.yaml', `${pod('a', GOOD)}---\n${pod('a', BAD, 'name: a, labels: {x: y}')}`),
    { changed: 1, unchanged: 1, denied: 0, existing: 2 },
  ],
  [
    'another namespace is another object',
    () => write('d/a.yaml', pod('a', BAD)),
    () => write('d/a.yaml', pod('a', BAD, 'name: a, namespace: x')),
    { changed: 1, unchanged: 0, denied: 1, existing: 0 },
  ],
  [
    'generateName is a name',
    () => write('d/a.yaml', pod('a', BAD, 'generateName: a-') + `---\n${pod('b', BAD, 'generateName: b-')}`),
    () => write('d/a.yaml', pod('a', BAD, 'generateName: a-') + `---\n${pod('b', WORSE, 'generateName: b-')}`),
    { changed: 1, unchanged: 1, denied: 1, existing: 0 },
  ],
  [
    'the old file could not be parsed',
    () => write('d/a.yaml', 'apiVersion: v1\nkind: [Pod\n'),
    () => write('d/a.yaml', pod('a', BAD)),
    { changed: 1, unchanged: 0, denied: 1, existing: 0 },
  ],
  [
    'the directory is new',
    () => write('other/a.yaml', pod('a', BAD)),
    () => write('d/a.yaml', pod('a', BAD)),
    { changed: 1, unchanged: 0, denied: 1, existing: 0 },
  ],
  [
    'a file that git does not know',
    () => write('d/.gitkeep', ''),
    () => write('d/a.yaml', pod('a', BAD)),
    { changed: 1, unchanged: 0, denied: 1, existing: 0 },
  ],
  [
    'a link that became a file has no old object',
    () => {
      write('d/x', pod('a', BAD));
      symlinkSync('x', 'd/a.yaml');
    },
    () => {
      rmSync('d/a.yaml');
      write('d/a.yaml', pod('a', BAD, 'name: a, labels: {x: y}'));
    },
    { changed: 1, unchanged: 0, denied: 1, existing: 0 },
  ],
  [
    'names that git quotes, and names that look like options and patterns',
    () => {
      write('d/ä "b"\tc\n.yaml', pod('a', BAD));
      write('d/--help.yaml', pod('b', BAD));
      write('d/:(glob)*.yaml', pod('c', BAD));
    },
    () => write('d/--help.yaml', pod('b', WORSE)),
    { changed: 1, unchanged: 2, denied: 1, existing: 0 },
  ],
  [
    'an object that is no workload is not counted',
    () => write('d/a.yaml', `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\n${pod('a', BAD)}`),
    () => undefined,
    { changed: 0, unchanged: 1, denied: 0, existing: 0 },
  ],
  [
    'another API version of an object is a change',
    () => write('d/a.yaml', pod('a', BAD)),
    () => write('d/a.yaml', pod('a', BAD).replace('v1', 'v1beta1')),
    { changed: 1, unchanged: 0, denied: 0, existing: 2 },
  ],
];

describe('check --since', () => {
  test.each(ROWS)('%s', async (_what, old, now, expected) => {
    old();
    commit();
    now();
    const { report: _report, ...outcome } = await since('d', '--since', 'HEAD');
    expect(outcome).toEqual({ code: expected.denied > 0 ? 1 : 0, ...expected });
  });

  test.each<readonly [name: string, folder: string, given: readonly string[]]>([
    ['the working directory', '.', ['.']],
    ['no argument', '.', []],
    ['a path with ./', '.', ['./d/']],
    ['a file', '.', ['d/sub/a.yaml']],
    ['from a directory inside', 'd/sub', ['.']],
    ['a path above', 'd/sub', ['..']],
    ['a path twice', '.', ['d', 'd/sub', 'd/sub/a.yaml']],
    ['through a link', '.', ['link']],
  ])('finds the old objects by %s', async (_name, folder, given) => {
    write('d/sub/a.yaml', pod('a', BAD));
    symlinkSync('d', 'link');
    commit();
    process.chdir(folder);
    for (const paths of [given, given.map((one) => path.resolve(one))]) {
      expect(await since(...paths, '--since', 'HEAD')).toMatchObject({ code: 0, changed: 0, unchanged: 1 });
    }
  });

  test('takes any name of a commit', async () => {
    write('d/a.yaml', pod('a', BAD));
    commit();
    git('tag', '-a', '-m', 'x', 'v1');
    git('branch', 'older');
    write('d/a.yaml', pod('a', GOOD));
    git('commit', '-qam', 'better');
    for (const revision of ['older', 'v1', 'HEAD~1', 'HEAD^', git('rev-parse', 'HEAD~1')])
      expect(await since('d', '--since', revision)).toMatchObject({ code: 0, changed: 1, unchanged: 0 });
    expect(await since('d', '--since', 'HEAD')).toMatchObject({ changed: 0, unchanged: 1 });
  });

  test('still uses facts from unchanged objects', async () => {
    write(
      'p.yaml',
      `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: prod}
spec:
  match: {namespaceSelector: {matchLabels: {env: prod}}}
  rules: [{rule: image-tag, parameters: {deny: [latest]}}]
`,
    );
    write('d/ns.yaml', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: prod}}\n');
    commit();
    write('d/a.yaml', pod('a', BAD, 'name: a, namespace: shop'));
    expect(await since('d', '-p', 'p.yaml', '--since', 'HEAD')).toMatchObject({ code: 1, denied: 1 });
  });

  test('reports no policy as unused, and not that nothing was evaluated', async () => {
    write('p.yaml', RULES);
    write('d/a.yaml', pod('a', BAD));
    commit();
    const { report, code } = await since('d', '-p', 'p.yaml', '--since', 'HEAD', '--fail-on', 'nothing');
    expect({ notices: report.notices, code }).toEqual({ notices: [], code: 0 });
  });

  test('evaluates a recorded review as it was recorded', async () => {
    const review = {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: 'u',
        kind: { group: '', version: 'v1', kind: 'Pod' },
        resource: { group: '', version: 'v1', resource: 'pods' },
        operation: 'CREATE',
        namespace: 'default',
        object: { metadata: { name: 'a' }, spec: { containers: [{ name: 'web', image: BAD }] } },
      },
    };
    write('d/a.json', JSON.stringify(review));
    commit();
    expect(await since('d', '--since', 'HEAD')).toMatchObject({ code: 1, changed: 1, unchanged: 0 });
  });

  test('names old files that cannot be read', async () => {
    write('d/a.yaml', 'apiVersion: v1\nkind: [Pod\n');
    commit();
    write('d/a.yaml', pod('a', GOOD));
    const { report } = await since('d', '--since', 'HEAD');
    expect(report.notices.map(({ message }) => message)).toEqual([
      '1 path cannot be read at "HEAD", so the objects in it count as new: d/a.yaml',
    ]);
  });

  test('says in the summary what was left out', async () => {
    write('d/a.yaml', pod('a', BAD));
    write('d/b.yaml', pod('b', GOOD));
    commit();
    write('d/b.yaml', pod('b', `redis:7@sha256:${'b'.repeat(64)}`));
    const { out } = await runCommand(['check', 'd', '--since', 'HEAD']);
    expect(out).toContain('2 files, 1 changed workload, 1 unchanged, 1 image: 0 denied');
  });

  test.each<readonly [what: string, argv: readonly string[], message: RegExp]>([
    ['an unknown revision', ['d', '--since', 'nowhere'], /git has no revision "nowhere" in this repository/],
    ['a revision that looks like an option', ['d', '--since=--help'], /git has no revision "--help"/],
    [
      'a revision that looks like an option, and a merge base',
      ['d', '--since=--all...'],
      /git has no revision "--all"/,
    ],
    [
      'a range',
      ['d', '--since', 'HEAD~1..HEAD'],
      /"HEAD~1..HEAD" is a range; files are compared with one revision, such as "HEAD~1", or "HEAD~1..." for the commit where the branch began/,
    ],
    ['the commit where another branch began', ['d', '--since', 'HEAD...other'], /"HEAD...other" is a range/],
    ['an empty revision', ['d', '--since', ''], /git has no revision ""/],
    ['a blob', ['d', '--since', 'HEAD:d/a.yaml'], /git has no revision/],
    ['standard input', ['-', '--since', 'HEAD'], /standard input is not a file in a repository/],
    [
      'a path outside',
      ['d', tmpdir(), '--since', 'HEAD'],
      /is outside of the repository ".*"; check it in another run/,
    ],
    [
      'a baseline',
      ['d', '--since', 'HEAD', '--baseline', 'x'],
      /^--since and --\S+ are both set; remove one of them$/m,
    ],
  ])('rejects %s', async (_what, argv, message) => {
    write('d/a.yaml', pod('a', BAD));
    commit();
    const { code, out, note } = await runCommand(['check', ...argv]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(note).toMatch(message);
  });

  test('explains that there is no repository', async () => {
    write('d/a.yaml', pod('a', BAD));
    const { code, note } = await runCommand(['check', 'd', '--since', 'HEAD']);
    expect(code).toBe(2);
    expect(note).toMatch(
      /^--since: git cannot read a repository in ".*": .*not a git.*; to compare without git, use --baseline$/m,
    );
  });

  test('reads many and large files', async () => {
    for (let index = 0; index < 300; index += 1)
      write(`d/${index}.yaml`, `${pod(`a${index}`, BAD)}# ${'x'.repeat(index * 300)}\n`);
    write('d/empty.yaml', '');
    commit();
    write('d/7.yaml', pod('a7', WORSE));
    expect(await since('d', '--since', 'HEAD')).toMatchObject({ changed: 1, unchanged: 299, denied: 1 });
  });
});

const RULES = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: tags}
spec:
  rules: [{rule: image-tag, parameters: {deny: [latest]}}]
`;
