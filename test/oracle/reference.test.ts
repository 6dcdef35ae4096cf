import { afterAll, beforeAll, expect, test } from 'vitest';

import { oracleMissing, startOracle, type Oracle } from './reference/oracle.ts';
import { describeWith } from '../support/real-part.ts';

const sha256 = `sha256:${'a'.repeat(64)}`;
const sha384 = `sha384:${'b'.repeat(96)}`;
const sha512 = `sha512:${'c'.repeat(128)}`;

const nothing = {
  domain: null,
  path: null,
  tag: null,
  digest: null,
  normalized: null,
  familiar: null,
  runtimeRef: null,
};

describeWith(oracleMissing, 'the oracle', () => {
  let oracle: Oracle;

  beforeAll(async () => {
    oracle = await startOracle();
  }, 120_000);

  afterAll(() => oracle.close());

  test('spells a bare name out, and says that containerd pulls its latest tag', async () => {
    expect(await oracle.ask(['nginx'])).toEqual([
      {
        valid: true,
        error: null,
        domain: 'docker.io',
        path: 'library/nginx',
        tag: null,
        digest: null,
        normalized: 'docker.io/library/nginx',
        familiar: 'nginx',
        runtimeRef: 'docker.io/library/nginx:latest',
      },
    ]);
  });

  test('keeps tag and digest apart, and says that containerd drops the tag when there are both', async () => {
    expect(await oracle.ask([`registry.example.com:5000/shop/web:1@${sha256}`])).toEqual([
      {
        valid: true,
        error: null,
        domain: 'registry.example.com:5000',
        path: 'shop/web',
        tag: '1',
        digest: sha256,
        normalized: `registry.example.com:5000/shop/web:1@${sha256}`,
        familiar: `registry.example.com:5000/shop/web:1@${sha256}`,
        runtimeRef: `registry.example.com:5000/shop/web@${sha256}`,
      },
    ]);
  });

  test.each([
    ['Nginx', 'invalid reference format: repository name (library/Nginx) must be lowercase'],
    ['', 'invalid reference format'],
    ['a'.repeat(64), `invalid repository name (${'a'.repeat(64)}), cannot specify 64-byte hexadecimal strings`],
    ['nginx@md5:0123456789abcdef0123456789abcdef', 'unsupported digest algorithm'],
  ])('says why %j is not an image', async (image, error) => {
    expect(await oracle.ask([image])).toEqual([{ valid: false, error, ...nothing }]);
  });

  test.each([sha256, sha384, sha512])('knows the algorithm of %s', async (digest) => {
    expect(await oracle.ask([`nginx@${digest}`])).toMatchObject([{ valid: true, digest }]);
  });

  test.each([
    ['a lone surrogate', 'nginx\ud800'],
    ['the character that stands for it', 'nginx\ufffd'],
    ['a line break', 'nginx\n'],
  ])('refuses %s', async (_what, image) => {
    expect(await oracle.ask([image])).toMatchObject([{ valid: false }]);
  });

  test('answers in the order of the questions, also when two ask at once', async () => {
    const images = Array.from({ length: 5000 }, (_, index) => `web:${index}`);
    const [first, second] = await Promise.all([oracle.ask(images), oracle.ask(['last:1'])]);
    expect(first.map(({ familiar }) => familiar)).toEqual(images);
    expect(second).toMatchObject([{ familiar: 'last:1' }]);
  });

  test('refuses a question after it was closed', async () => {
    const closed = await startOracle();
    await closed.close();
    await expect(closed.ask(['nginx'])).rejects.toThrow('the reference was asked after it had ended');
  });

  test('answers nothing to no question', async () => {
    expect(await oracle.ask([])).toEqual([]);
  });
});
