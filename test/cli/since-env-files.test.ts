/** `check --since`: a value of `.env` can change the images of a Compose file that is the same. */
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commit, git, inNewRepository, since, write } from '../support/since.ts';

inNewRepository();

const PINNED = `1.27@sha256:${'a'.repeat(64)}`;

const ROWS: readonly (readonly [what: string, old: string | undefined, now: string | undefined, changed: number])[] = [
  ['changed', `TAG=${PINNED}\n`, 'TAG=latest\n', 1],
  ['has other comments', 'TAG=latest\n', '# today\nTAG=latest\n', 0],
  ['is the same', 'TAG=latest\n', 'TAG=latest\n', 0],
  ['is new', undefined, 'TAG=latest\n', 1],
  ['is gone', 'TAG=latest\n', undefined, 1],
];

test.each(ROWS.flatMap((row) => ['d', 'd/compose.yaml'].map((named) => [...row, named] as const)))(
  'a tracked file %s: %j, %j',
  async (_what, old, now, changed, named) => {
    write('d/compose.yaml', 'services:\n  web: {image: "nginx:${TAG:-1}"}\n');
    if (old !== undefined) write('d/.env', old);
    commit();
    if (now === undefined) rmSync('d/.env');
    else write('d/.env', now);
    git('add', '-A');
    const { report } = await since(named, '--since', 'HEAD');
    expect(report.summary).toMatchObject({ workloads: changed, unchanged: 1 - changed });
    expect(report.findings.filter(({ rule }) => rule === 'image-tag').map(({ existing }) => existing)).toEqual(
      changed === 1 && now !== undefined ? [false] : [],
    );
  },
);

test('a file that git does not track counts as the same', async () => {
  write('.gitignore', '.env\n');
  write('.env', 'TAG=latest\n');
  write('compose.yaml', 'services:\n  web: {image: "nginx:${TAG}"}\n');
  write('other/compose.yaml', 'services:\n  web: {image: "nginx:${TAG}"}\n');
  commit();
  write('compose.yaml', 'services:\n  web: {image: "nginx:${TAG}"}\n  db: {image: "redis:${TAG}"}\n');
  const { report } = await since('.', '--since', 'HEAD');
  expect(report.findings.map(({ container, rule, existing }) => `${container} ${rule} ${existing}`)).toEqual(
    expect.arrayContaining(['web image-tag true', 'db image-tag false']),
  );
});
