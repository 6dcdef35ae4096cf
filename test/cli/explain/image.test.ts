import { describe, expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';

describe('explain image', () => {
  test('prints one JSON object per line in the order of the input, with null for missing values', async () => {
    const { code, out } = await runCommand(
      ['explain', 'image', '-o', 'json', 'nginx', '-', 'a.io/b@sha256:x'],
      'localhost:5000\n"a\\u0000b"\n',
    );
    expect(code).toBe(1);
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.map(({ input, valid, runtimeRef }) => ({ input, valid, runtimeRef }))).toEqual([
      { input: 'nginx', valid: true, runtimeRef: 'docker.io/library/nginx:latest' },
      { input: 'localhost:5000', valid: true, runtimeRef: 'docker.io/library/localhost:5000' },
      { input: 'a\u0000b', valid: false, runtimeRef: null },
      { input: 'a.io/b@sha256:x', valid: false, runtimeRef: null },
    ]);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual([
        'input',
        'valid',
        'error',
        'domain',
        'path',
        'tag',
        'digest',
        'normalized',
        'familiar',
        'runtimeRef',
      ]);
    }
  });

  test('keeps a line for a line when one of them is no JSON string, and exits 2', async () => {
    const { code, out } = await runCommand(['explain', 'image', '-o', 'json', '-'], '"broken\nnginx\n');
    expect(code).toBe(2);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { valid: boolean }).valid),
    ).toEqual([false, true]);
  });

  test('explains in words without -o json', async () => {
    const { code, out } = await runCommand(['explain', 'image', 'nginx']);
    expect(code).toBe(0);
    expect(out).toContain('docker.io/library/nginx:latest');
    expect(out).toContain('A tag can move to another image at any time');
  });
});
