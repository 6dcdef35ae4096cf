import { describe, expect, test } from 'vitest';
import { RULES } from '../../src/policy/rules/index.ts';
import { runCommand } from '../support/command.ts';

interface Row {
  readonly name: string;
  readonly description: string;
  readonly needs: readonly string[];
  readonly why: string | null;
  readonly example: { readonly pass: string } | null;
}

describe('rules', () => {
  test('lists every rule with what it asks, and says where there is more', async () => {
    const { code, out, note } = await runCommand(['rules']);
    expect({ code, note }).toEqual({ code: 0, note: '' });
    const names = out.split('\n').flatMap((line) => /^([a-z-]+) {2}/.exec(line)?.[1] ?? []);
    expect(names).toEqual(RULES.map(({ name }) => name));
    expect(out).toMatch(/^image-digest +Images are pinned by digest$/m);
    expect(out.endsWith('\nFor details, run tidewaiter explain rule NAME\n')).toBe(true);
    expect(out.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });

  test('lists the same as JSON, complete', async () => {
    const { code, out } = await runCommand(['rules', '-o', 'json']);
    const { version, rules } = JSON.parse(out) as { version: number; rules: readonly Row[] };
    expect({ code, version }).toEqual({ code: 0, version: 1 });
    expect(rules.map(({ name, description }) => ({ name, description }))).toEqual(
      RULES.map(({ name, description }) => ({ name, description })),
    );
    for (const row of rules) {
      expect(Object.keys(row)).toEqual(['name', 'description', 'needs', 'parameters', 'why', 'remedy', 'example']);
      expect(row.why).toMatch(/\.$/);
    }
  });
});

describe('rules of a plugin', () => {
  const PLUGIN = ['--plugin', 'manifests/examples/plugin/rules.ts'];

  test('are listed, explained, and completed by the schema', async () => {
    const listed = await runCommand(['rules', '-o', 'json', ...PLUGIN]);
    const names = (JSON.parse(listed.out) as { rules: readonly { name: string }[] }).rules.map(({ name }) => name);
    const own = names.filter((name) => !RULES.some((rule) => rule.name === name));
    expect(own).not.toEqual([]);
    for (const name of own) {
      expect(await runCommand(['explain', 'rule', name, ...PLUGIN])).toMatchObject({ code: 0, note: '' });
      expect((await runCommand(['schema', 'policy', ...PLUGIN])).out).toContain(`"const": "${name}"`);
    }
  });
});
