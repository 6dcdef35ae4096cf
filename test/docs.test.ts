/** What is generated and committed is what the code says today. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { GENERATED } from '../.ci/docs.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

describe('the generated documentation', () => {
  test.each([...GENERATED])('%s is up to date; else run "npm run docs"', (file, text) => {
    const full = path.join(ROOT, file);
    expect(existsSync(full) ? readFileSync(full, 'utf8') : 'missing').toBe(text);
  });

  test('has no file that nothing generates any more', () => {
    const files = readdirSync(path.join(ROOT, 'docs/schemas')).map((name) => `docs/schemas/${name}`);
    expect(files.filter((file) => !GENERATED.has(file))).toEqual([]);
  });

  test('can be followed: each link of the table of contents has its heading, and no table or fence is left open', () => {
    const text = GENERATED.get('docs/rules.md') ?? '';
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, name]) => name);
    expect([...text.matchAll(/^- \[[^\]]+\]\(#([^)]+)\)/gm)].map(([, name]) => name)).toEqual(headings);
    expect((text.match(/^```/gm) ?? []).length % 2).toBe(0);
    for (const row of text.match(/^\|.*$/gm) ?? []) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(6);
  });

  test('is named by every policy that we ship, for editors', () => {
    const policies = ['manifests/policies/baseline.yaml'].concat(
      readdirSync(path.join(ROOT, 'manifests/policies/examples')).map((name) => `manifests/policies/examples/${name}`),
    );
    const named = policies.map((file) => {
      const line = readFileSync(path.join(ROOT, file), 'utf8').split('\n')[0] ?? '';
      const schema = /^# yaml-language-server: \$schema=(\S+)$/.exec(line)?.[1] ?? '';
      return path.posix.join(path.posix.dirname(file), schema);
    });
    expect(new Set(named)).toEqual(new Set(['docs/schemas/policy.json', 'docs/schemas/all.json']));
  });
});

describe('the README', () => {
  const text = readFileSync(path.join(ROOT, 'README.md'), 'utf8');

  test('is read in one go', () => {
    expect(text.split('\n').length).toBeLessThan(200);
  });

  test.each([
    'README.md',
    'docs/check.md',
    'docs/ci.md',
    'docs/configuration.md',
    'docs/import.md',
    'docs/install.md',
    'docs/plugins.md',
    'docs/recordings.md',
    'docs/renovate.md',
    'docs/reports.md',
    'docs/suggest.md',
    'src/README.md',
  ])('%s links to what is there', (file) => {
    const links = [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)];
    const missing = links.filter(([, to = '']) => !existsSync(path.join(ROOT, path.dirname(file), to)));
    expect(missing.map(([, to]) => to)).toEqual([]);
  });
});

test('the documentation calls the program tidewaiter, and only what runs in the clone calls it npx tidewaiter', () => {
  const pages = readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  expect(pages.length).toBeGreaterThan(5);
  expect(
    pages.filter((name) => readFileSync(path.join(ROOT, 'docs', name), 'utf8').includes('npx tidewaiter')),
  ).toEqual([]);
});
