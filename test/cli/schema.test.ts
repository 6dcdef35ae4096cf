import { describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';

describe('schema', () => {
  test('writes the schema that is named, or the one for all documents', async () => {
    const ids = await Promise.all(
      [[], ['policy'], ['exception'], ['list'], ['config']].map(async (names) => {
        const { code, out } = await runCommand(['schema', ...names]);
        return [code, (JSON.parse(out) as { $id: string }).$id];
      }),
    );
    expect(ids).toEqual([
      [0, 'https://tidewaiter.dev/schemas/all.json'],
      [0, 'https://tidewaiter.dev/schemas/policy.json'],
      [0, 'https://tidewaiter.dev/schemas/exception.json'],
      [0, 'https://tidewaiter.dev/schemas/list.json'],
      [0, 'https://tidewaiter.dev/schemas/config.json'],
    ]);
  });

  test('of a name that is none says which there are, exit 2', async () => {
    const { code, out, note } = await runCommand(['schema', 'polcy']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(note).toMatch(/^unknown schema "polcy"; did you mean "policy"\? \(all schemas: all, policy, .*config\)\n$/);
  });
});
