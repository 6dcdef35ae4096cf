/** The changes of `pin --update`, as -o markdown and -o json print them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ImageOrigin, RegistryDetails } from '../../../src/policy/registry-fact.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import {
  digestOf,
  fakeRegistry,
  type FakeRegistry,
  type LookupResult,
  NOT_FOUND,
  RATE_LIMITED,
  runPin,
} from '../../support/pin-registry.ts';

inOwnFolders('pin-changelog');

const HUB = 'docker.io/library';
const NGINX = digestOf(`${HUB}/nginx:1.27`);
const OLD = `sha256:${'a'.repeat(64)}`;
const [COMMIT, LATER] = ['c'.repeat(40), 'd'.repeat(40)];
const WEB = 'https://github.com/acme/web';
const NOW = Date.UTC(2026, 1, 5);

function file(name: string, ...images: readonly string[]): void {
  mkdirSync(path.dirname(name), { recursive: true });
  const containers = images.map((image, at) => `  - {name: c${at}, image: ${image}}\n`).join('');
  writeFileSync(name, `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n${containers}`);
}

type Details = Partial<Omit<RegistryDetails, 'origin'>> & { readonly origin?: Partial<ImageOrigin> | 'unknown' };

/** `before` belongs to the digest OLD, `after` to all others; a failure is the result of the lookup. */
function registryWith(before: Details | Exclude<LookupResult, string>, after: Details): FakeRegistry {
  const registry = fakeRegistry();
  return {
    ...registry,
    async originOf(reference, signal) {
      const fact = await registry.originOf(reference, signal);
      const details = reference.digest === OLD ? before : after;
      if (fact.state !== 'yes') return fact;
      if ('failure' in details) return details;
      const none = { source: undefined, revision: undefined };
      const origin = details.origin === 'unknown' ? details.origin : { ...none, ...details.origin };
      return { ...fact, value: { ...fact.value, ...details, origin } };
    },
  };
}

const MEBIBYTE = 1024 * 1024;
const BEFORE: Details = {
  createdMs: Date.UTC(2026, 0, 3),
  sizeBytes: 10 * MEBIBYTE,
  origin: { source: WEB, revision: COMMIT },
};
const AFTER: Details = {
  createdMs: Date.UTC(2026, 1, 3),
  sizeBytes: 12 * MEBIBYTE,
  origin: { source: `${WEB}.git`, revision: LATER },
};

const HEAD = '| Image | From | To | Size | Source | Files |\n|---|---|---|---|---|---|\n';

describe('-o markdown', () => {
  const run = (registry: FakeRegistry, flags: Parameters<typeof runPin>[1] = {}): ReturnType<typeof runPin> =>
    runPin(['.'], { update: true, output: 'markdown', ...flags }, { registry, now: () => NOW });

  test('is a table of the changes with age, size, source, and revision', async () => {
    file('a.yaml', `nginx:1.27@${OLD}`, 'redis:7');
    file('b.yaml', `nginx:1.27@${OLD}`);
    const { out, code } = await run(registryWith(BEFORE, AFTER));
    expect(code).toBe(1);
    const [from, to] = [
      `[${COMMIT.slice(0, 12)}](${WEB}/commit/${COMMIT})`,
      `[${LATER.slice(0, 12)}](${WEB}/commit/${LATER})`,
    ];
    const built = 'built on 2026-02-03, 2 days old';
    expect(out).toBe(
      `### tidewaiter: 2 digests to change\n\n${HEAD}` +
        `| nginx:1.27 | sha256:aaaaaaaaaaaa, built on 2026-01-03, 33 days old, revision ${from} | ${NGINX.slice(0, 19)}, ${built}, revision ${to} | 12.0 MiB (+2.0) | [github.com/acme/web](${WEB}), [compare](${WEB}/compare/${COMMIT}...${LATER}) | a.yaml, b.yaml |\n` +
        `| redis:7 | no digest | ${digestOf(`${HUB}/redis:7`).slice(0, 19)}, ${built}, revision ${to} | 12.0 MiB | [github.com/acme/web](${WEB}) | a.yaml |\n`,
    );
  });

  test.each([
    [
      'an image that no longer exists',
      NOT_FOUND,
      AFTER,
      ['sha256:aaaaaaaaaaaa, not in the registry |', '| 12.0 MiB |'],
    ],
    ['a registry that fails', RATE_LIMITED, AFTER, ['sha256:aaaaaaaaaaaa, details unknown |']],
    ['unknown labels', BEFORE, { ...AFTER, origin: 'unknown' as const }, ['| unknown | a.yaml']],
    ['no labels', BEFORE, { ...AFTER, origin: {} }, ['| not stated (before: [github.com/acme/web]']],
    [
      'another source',
      { ...BEFORE, origin: { source: 'https://github.com/acme/api', revision: COMMIT } },
      AFTER,
      [`| [github.com/acme/web](${WEB}) (before: [github.com/acme/api](https://github.com/acme/api)) |`],
    ],
  ])('tells apart %s', async (_name, before, after, texts) => {
    file('a.yaml', `nginx:1.27@${OLD}`);
    const { out, code } = await run(registryWith(before as Details, after));
    expect(code).toBe(1);
    for (const text of texts) expect(out).toContain(text);
    expect(out).not.toContain('compare');
  });

  test.each([
    ['a script', 'javascript:alert(1)', 'javascript&#58;alert(1)'],
    ['a link', '[click](https://evil.example.com)', '&#91;click&#93;(https&#58;//evil.example.com)'],
    ['another row', 'x |\n| y | z |', 'x &#124; &#124; y &#124; z &#124;'],
    ['HTML', '<img src=x onerror=y>', '&#60;img src=x onerror=y&#62;'],
    ['a mention', '@acme/all', '&#64;acme/all'],
    ['escape sequences', '\u001b[31mred', '&#92;u001b&#91;31mred'],
    ['text from right to left', 'moc\u202Eevil', 'moc&#92;u202eevil'],
    ['credentials', 'https://ci:hush@github.com/acme/web', 'https&#58;//ci&#58;hush&#64;github.com/acme/web'],
    ['a long text', 'w'.repeat(500), `${'w'.repeat(80)}…`],
    ['half a character', 'a\ud800b', 'a&#92;ud800b'],
  ])('shows a label with %s as text', async (_name, label, text) => {
    file('a.yaml', `nginx:1.27@${OLD}`);
    const { out } = await run(registryWith(BEFORE, { ...AFTER, origin: { source: label, revision: label } }));
    const row = out.trimEnd().split('\n').at(-1) ?? '';
    expect(row.split(' | ')).toHaveLength(6);
    expect(row.split(' | ')[4]?.startsWith(`${text} (before: `)).toBe(true);
    expect(row.split(' | ')[2]).toContain(`, revision ${text.slice(0, 12)}`);
    expect(row).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
  });

  test.each([
    ['registry', ['docker.io', 'ghcr.io'], ['a/x.yaml, b/y.yaml', 'b/y.yaml']],
    ['repository', ['docker.io/library/nginx', 'ghcr.io/acme/web'], ['a/x.yaml, b/y.yaml', 'b/y.yaml']],
    ['directory', ['a', 'b'], ['a/x.yaml', 'b/y.yaml', 'b/y.yaml']],
  ] as const)('has a table for each %s', async (group, names, files) => {
    file('a/x.yaml', `nginx:1.27@${OLD}`);
    file('b/y.yaml', 'ghcr.io/acme/web:1', `nginx:1.27@${OLD}`);
    const { out } = await run(registryWith(BEFORE, AFTER), { group });
    expect(out.match(/(?<=^#### ).*$/gm)).toEqual(names);
    expect(out.match(/(?<= \| )[^|]+(?= \|\n)/g)?.filter((cell) => cell.includes('.yaml'))).toEqual(files);
    expect(out.split(HEAD)).toHaveLength(names.length + 1);
    expect(out).toContain('### tidewaiter: 2 digests to change\n');
  });

  test('fits into the description of a pull request', async () => {
    file('a.yaml', ...Array.from({ length: 400 }, (_, at) => `r.io/${'n'.repeat(100)}/app:${at}`));
    const { out } = await run(registryWith(BEFORE, AFTER));
    expect(out.length).toBeLessThan(65_536);
    expect(out).toMatch(/\n\d+ more rows, which this report has no space for\.\n$/);
  });

  test('leaves errors to stderr', async () => {
    file('a.yaml', 'nginx:1.27');
    const registry = fakeRegistry({ [`${HUB}/nginx:1.27`]: NOT_FOUND });
    const { out, note, code } = await run(registry);
    expect({ out, code }).toEqual({ out: '### tidewaiter: 0 digests to change\n', code: 2 });
    expect(note).toContain('registry.example.com has no such tag');
  });
});

describe('-o json', () => {
  test('has the same facts', async () => {
    file('a.yaml', `nginx:1.27@${OLD}`);
    const options = { registry: registryWith(BEFORE, AFTER), now: () => NOW };
    const { out } = await runPin(['.'], { update: true, output: 'json' }, options);
    expect((JSON.parse(out) as { changes: unknown }).changes).toEqual([
      {
        image: 'nginx:1.27',
        rewritten: null,
        pinned: `nginx:1.27@${NGINX}`,
        from: {
          digest: OLD,
          state: 'known',
          created: '2026-01-03T00:00:00.000Z',
          sizeBytes: 10 * MEBIBYTE,
          origin: 'known',
          source: WEB,
          revision: COMMIT,
        },
        to: {
          digest: NGINX,
          state: 'known',
          created: '2026-02-03T00:00:00.000Z',
          sizeBytes: 12 * MEBIBYTE,
          origin: 'known',
          source: `${WEB}.git`,
          revision: LATER,
        },
        sizeDifferenceBytes: 2 * MEBIBYTE,
        compareUrl: `${WEB}/compare/${COMMIT}...${LATER}`,
        files: ['a.yaml'],
      },
    ]);
  });

  test('text output looks up no details', async () => {
    file('a.yaml', `nginx:1.27@${OLD}`);
    const registry = fakeRegistry();
    await runPin(['.'], { update: true }, { registry });
    expect(registry.lookups).toEqual([`${HUB}/nginx:1.27`]);
  });
});
