/** Where an HTML report says that it comes from: the command, the policies, and the address of the files. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { linkBase } from '../../../src/cli/link-base.ts';
import { unpack } from '../../../src/report/html/pack.ts';
import { sourceUrl } from '../../../src/report/html/page/source-url.ts';
import type { ReportOrigin } from '../../../src/report/html/report-data.ts';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';

inOwnFolders('html-origin');

const GITHUB = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'example/deploy',
  GITHUB_SHA: '4f1c2ab0',
  GITHUB_WORKSPACE: '/work space/deploy',
};
const GITLAB = {
  CI_PROJECT_URL: 'https://gitlab.example.com/group/deploy',
  CI_COMMIT_SHA: '4f1c2ab0',
  CI_PROJECT_DIR: '/builds/deploy',
};

const BASES: readonly (readonly [string, Parameters<typeof linkBase>, string | undefined])[] = [
  ['nothing is known', [undefined, '/x', {}], undefined],
  ['the flag is set', ['https://git.example.com/a/blob/main/', '/x', GITHUB], 'https://git.example.com/a/blob/main'],
  ['GitHub runs it', [undefined, '/work space/deploy', GITHUB], 'https://github.com/example/deploy/blob/4f1c2ab0'],
  [
    'it runs in a directory below',
    [undefined, '/work space/deploy/k8s/a b', GITHUB],
    'https://github.com/example/deploy/blob/4f1c2ab0/k8s/a%20b',
  ],
  ['it runs beside the repository', [undefined, '/work space/other', GITHUB], undefined],
  ['no commit is known', [undefined, '/work space/deploy', { ...GITHUB, GITHUB_SHA: '' }], undefined],
  [
    'the server has another scheme',
    [undefined, '/work space/deploy', { ...GITHUB, GITHUB_SERVER_URL: 'javascript:' }],
    undefined,
  ],
  ['the name has a query', [undefined, '/work space/deploy', { ...GITHUB, GITHUB_REPOSITORY: 'a?b' }], undefined],
  ['GitLab runs it', [undefined, '/builds/deploy', GITLAB], 'https://gitlab.example.com/group/deploy/-/blob/4f1c2ab0'],
];

const URLS: readonly (readonly [file: string, line: number | null, base: string | null, url: string | undefined])[] = [
  ['deploy/a b.yaml', 3, 'https://h/x', 'https://h/x/deploy/a%20b.yaml#L3'],
  ['./deploy/web.yaml', null, 'http://h', 'http://h/deploy/web.yaml'],
  ['a#?"<.yaml', 1, 'https://h', 'https://h/a%23%3F%22%3C.yaml#L1'],
  ['../web.yaml', 3, 'https://h/x', undefined],
  ['a/../../web.yaml', 3, 'https://h/x', undefined],
  ['/etc/web.yaml', 3, 'https://h/x', undefined],
  ['stdin', 3, 'https://h/x', undefined],
  ['\uD800.yaml', 3, 'https://h/x', undefined],
  ['web.yaml', 3, null, undefined],
  ['web.yaml', 3, 'javascript:alert(1)//', undefined],
  ['web.yaml', 3, '//h', undefined],
];

describe('the origin of an HTML report', () => {
  test.each(BASES)('has the address of the files if %s', (_name, given, base) => {
    expect(linkBase(...given)).toBe(base);
  });

  test.each(['javascript:alert(1)', 'https://user:password@h/', 'https://h/?a', 'https://h/#a', 'h/x', ''])(
    'rejects the address %j',
    async (given) => {
      const { code, note } = await runCommand(['check', '-', '-o', 'html', '--offline', '--link-base', given], POD);
      expect(code).toBe(2);
      expect(note).toMatch(/^--link-base: invalid value ".*" \(expected an http or https URL without user name/);
    },
  );

  test.each(URLS)('links %j, line %j, below %j to %j', (file, line, base, url) => {
    expect(sourceUrl(base, file, line)).toBe(url);
  });

  test('has the command without values for charts, and the lines of the policies', async () => {
    writeFileSync('policy.yaml', POLICY);
    const words = ['check', '-', '-p', 'policy.yaml', '-o', 'html', '--offline', '--link-base', 'https://h/x/'];
    const secrets = ['--helm-set', 'db.password=s3cret,a=s3cret', '--helm-set=token=s3cret'];
    const { out, note } = await runCommand([...words, ...secrets], POD);
    expect(note).toBe('');
    expect(originIn(out)).toEqual({
      command: `tidewaiter ${words.join(' ')} --helm-set 'db.password=…' '--helm-set=token=…'`,
      policyPlaces: { 'shop/image-tag': 'policy.yaml:5', 'shop/image-digest': 'policy.yaml:7' },
      linkBase: 'https://h/x',
    });
    expect(out).not.toContain('s3cret');
  });

  test('has no place of a built-in policy', async () => {
    const { out } = await runCommand(['check', '-', '-o', 'html', '--offline'], POD);
    expect(originIn(out).policyPlaces).toEqual({});
  });
});

function originIn(html: string): ReportOrigin {
  return unpack(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '').origin;
}

const POD = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: app, image: nginx}]}
`;

/** It has image-registry twice, so neither is the place. */
const POLICY = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: shop}
spec: {rules: [
    {rule: image-tag, action: deny, parameters: {required: true}},
    {rule: image-registry, action: warn, parameters: {allow: ['docker.io/**']}},
    {rule: image-digest, action: warn},
    {rule: image-registry, action: deny, parameters: {allow: ['docker.io/library/*']}}]}
`;
