/** Programs that end before they answer. Scripts take the place of built programs here. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { goProgram, programPath } from './go-program.ts';

const root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-go-program-'));
vi.stubEnv('XDG_CACHE_HOME', root);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

/** `main.go` is unlike that of the others, so that its program stands in a folder of its own. */
function program(script: string): ReturnType<typeof goProgram<object, unknown>> {
  const folder = mkdtempSync(path.join(root, 'source-'));
  for (const name of ['main.go', 'go.mod', 'go.sum']) writeFileSync(path.join(folder, name), script);
  const source = { folder, name: 'script' };
  const built = programPath(source);
  mkdirSync(path.dirname(built), { recursive: true });
  writeFileSync(built, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return goProgram(source);
}

test.each([
  [
    'in the middle of a line',
    `read line; printf '{"a":'; echo why >&2; exit 3`,
    /^the script wrote a line that is not JSON: \{"a":$/,
  ],
  ['before it has written anything', 'read line; echo why >&2; exit 3', /^the script ended with code 3: why$/],
  ['after the first of two answers', `read line; echo '{}'; exit 0`, /^the script ended with code 0: $/],
])('a program that ends %s is an error', async (_when, script, message) => {
  const running = await program(script).start();
  await expect(running.ask([{}, {}])).rejects.toThrow(message);
  await running.close();
});
