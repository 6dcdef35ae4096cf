import { describe, expect, test } from 'vitest';
import { commitUrl, compareUrl, repositoryAt } from '../../src/report/source-links.ts';

const [A, B] = ['a'.repeat(40), 'b'.repeat(40)];

describe('repositoryAt', () => {
  test.each([
    ['https://github.com/acme/web', 'https://github.com/acme/web', 'github.com/acme/web'],
    ['https://GitHub.com/acme/web.git', 'https://github.com/acme/web', 'github.com/acme/web'],
    ['https://github.com/acme/web/tree/main/images/web', 'https://github.com/acme/web', 'github.com/acme/web'],
    [`https://github.com/acme/web.git#${A}:images/web`, 'https://github.com/acme/web', 'github.com/acme/web'],
    ['https://gitlab.com/acme/team/web/-/tree/main', 'https://gitlab.com/acme/team/web', 'gitlab.com/acme/team/web'],
    ['http://git.example.com:3000/acme/web/', 'http://git.example.com:3000/acme/web', 'git.example.com:3000/acme/web'],
    ['https://github.com/acme/../evil/x', 'https://github.com/evil/x', 'github.com/evil/x'],
  ])('%s', (source, url, name) => {
    expect(repositoryAt(source)).toMatchObject({ url, name });
  });

  test.each([
    ['javascript:alert(1)'],
    ['data:text/html,x'],
    ['git@github.com:acme/web.git'],
    ['ssh://git@github.com/acme/web'],
    ['https://github.com@evil.example.com/acme/web'],
    ['https://ci:hush@github.com/acme/web'],
    ['https://github.com/acme/web)[x](https://evil.example.com'],
    ['https://github.com/acme/<script>'],
    ['https://github.com/acme/w b'],
    ['https://github.com/acme/web\n| x |'],
    ['https://github.com/acme/\u202Ebew'],
    ['https://g\u0456thub.com/acme/web'],
    ['https://github.com\\evil.example.com/acme'],
    ['https://github.com/acme/web|x'],
    ['https://github.com:99999/acme/web'],
    ['github.com/acme/web'],
    [`https://github.com/acme/${'w'.repeat(500)}…`],
    [''],
  ])('makes no link of %j', (source) => {
    expect(repositoryAt(source)).toBeUndefined();
  });
});

describe('compareUrl', () => {
  const web = 'https://github.com/acme/web';
  test.each([
    ['GitHub', web, `${web}.git`, `${web}/compare/${A}...${B}`],
    [
      'GitLab',
      'https://gitlab.com/a/b/c',
      'https://gitlab.com/a/b/c',
      `https://gitlab.com/a/b/c/-/compare/${A}...${B}`,
    ],
    [
      'a GitLab server',
      'https://gitlab.example.com/a/b',
      'https://gitlab.example.com/a/b',
      `https://gitlab.example.com/a/b/-/compare/${A}...${B}`,
    ],
    [
      'GitHub Enterprise Cloud',
      'https://acme.ghe.com/a/b',
      'https://acme.ghe.com/a/b',
      `https://acme.ghe.com/a/b/compare/${A}...${B}`,
    ],
    ['another repository', web, 'https://github.com/acme/api', undefined],
    ['another host', 'https://git.example.com/a/b', 'https://git.example.com/a/b', undefined],
    ['a host that only begins alike', 'https://github.com.evil.example.com/a/b', 'https://github.com/a/b', undefined],
    ['an owner without a repository', 'https://github.com/acme', 'https://github.com/acme', undefined],
  ])('%s', (_name, before, after, url) => {
    expect(compareUrl({ source: before, revision: A }, { source: after, revision: B })).toBe(url);
  });

  test.each([
    ['equal commits', A, A],
    ['a version', 'v1.2.3', B],
    ['a short commit', A.slice(0, 12), B],
    ['a path', `${A}/../../evil`, B],
    ['no revision', undefined, B],
  ])('none for %s', (_name, before, after) => {
    expect(compareUrl({ source: web, revision: before }, { source: web, revision: after })).toBeUndefined();
  });

  test('a commit has a page only in a known repository', () => {
    expect(commitUrl({ source: web, revision: A.toUpperCase() })).toBe(`${web}/commit/${A}`);
    expect(commitUrl({ source: web, revision: 'main' })).toBeUndefined();
    expect(commitUrl({ source: undefined, revision: A })).toBeUndefined();
  });
});
