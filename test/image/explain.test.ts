import { describe, expect, test } from 'vitest';

import { explainReference, explainText } from '../../src/image/explain.ts';
import { hostileStrings } from './image-strings.ts';
import { sha256 } from './reference-table.ts';

describe('explainReference', () => {
  test('returns every part and form of a reference', () => {
    expect(explainReference(`nginx:1.27@${sha256}`)).toEqual({
      input: `nginx:1.27@${sha256}`,
      valid: true,
      error: null,
      domain: 'docker.io',
      path: 'library/nginx',
      tag: '1.27',
      digest: sha256,
      normalized: `docker.io/library/nginx:1.27@${sha256}`,
      familiar: `nginx:1.27@${sha256}`,
      runtimeRef: `docker.io/library/nginx@${sha256}`,
    });
  });

  test('returns null for an absent tag and digest', () => {
    expect(explainReference('exa_mple.com/x')).toMatchObject({
      domain: '',
      path: 'exa_mple.com/x',
      tag: null,
      digest: null,
    });
  });

  test('returns only the problem of an invalid reference', () => {
    expect(explainReference('Nginx')).toEqual({
      input: 'Nginx',
      valid: false,
      error: 'repository names must be lowercase; use "nginx"',
      domain: null,
      path: null,
      tag: null,
      digest: null,
      normalized: null,
      familiar: null,
      runtimeRef: null,
    });
  });
});

describe('explainText', () => {
  test.each([
    [
      'nginx',
      [
        '"nginx"',
        '  registry    docker.io, Docker Hub: no registry is specified (CRI-O can be configured to search others)',
        '  repository  library/nginx: a name without "/" on Docker Hub belongs to library/',
        '  tag         none, so the default is latest',
        '  digest      none',
        '  pulled as   docker.io/library/nginx:latest',
        '  A tag can move to another image at any time. To pin the image, use docker.io/library/nginx:latest@sha256:… (add --resolve to look up the digest)',
      ],
    ],
    [
      `registry.example.com:5000/shop/web:7@${sha256}`,
      [
        `"registry.example.com:5000/shop/web:7@${sha256}"`,
        '  registry    registry.example.com:5000',
        '  repository  shop/web',
        '  tag         7 (informational: container runtimes ignore the tag if there is a digest)',
        `  digest      ${sha256}`,
        `  pulled as   registry.example.com:5000/shop/web@${sha256}`,
        '  The image cannot change: the digest identifies its exact content.',
      ],
    ],
    [
      `index.docker.io/library/nginx@${sha256}`,
      [
        `"index.docker.io/library/nginx@${sha256}"`,
        '  registry    docker.io, Docker Hub: index.docker.io is its former name',
        '  repository  library/nginx',
        '  tag         none, and none is needed',
        `  digest      ${sha256}`,
        `  pulled as   docker.io/library/nginx@${sha256}`,
        '  The image cannot change: the digest identifies its exact content.',
      ],
    ],
    [
      'docker.io/team/app:1',
      [
        '"docker.io/team/app:1"',
        '  registry    docker.io, Docker Hub',
        '  repository  team/app',
        '  tag         1',
        '  digest      none',
        '  pulled as   docker.io/team/app:1',
        '  A tag can move to another image at any time. To pin the image, use docker.io/team/app:1@sha256:… (add --resolve to look up the digest)',
      ],
    ],
    [
      'exa_mple.com/x:1',
      [
        '"exa_mple.com/x:1"',
        '  registry    none: the part before the first "/" is not a hostname',
        '  repository  exa_mple.com/x',
        '  tag         1',
        '  digest      none',
        '  pulled as   exa_mple.com/x:1',
        '  A tag can move to another image at any time. To pin the image, use exa_mple.com/x:1@sha256:… (add --resolve to look up the digest)',
      ],
    ],
    [
      'docker://nginx',
      [
        '"docker://nginx" is not an image reference',
        '  problem     it has a scheme; remove "docker://"',
        '  accepted    [registry/]name[:tag][@sha256:digest], for example nginx:1.27 or registry.example.com/team/web:7',
      ],
    ],
  ])('explains %s', (text, lines) => {
    expect(explainText(text).split('\n')).toEqual(lines);
  });

  test('limits the output for 100 kB of any text', () => {
    for (const text of hostileStrings) expect(explainText(text)).toMatch(/^(?:[^\p{C}\p{Zl}\p{Zp}]{1,801}(?:\n|$))+$/u);
  });
});
