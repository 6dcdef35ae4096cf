import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runCommand } from '../support/command.ts';
import { enterNewDirectory } from '../support/planted.ts';

let leave = (): void => {};
beforeEach(() => {
  leave = enterNewDirectory();
  vi.stubEnv('KUBECONFIG', '');
  vi.stubEnv('HOME', process.cwd());
});
afterEach(() => {
  vi.unstubAllEnvs();
  leave();
});

test.each<readonly [argv: readonly string[], message: string]>([
  [['uninstall'], 'uninstall: no kubeconfig file exists; set --kubeconfig or KUBECONFIG, or run tidewaiter in a Pod\n'],
  [['uninstall', '--context', 'shop'], '--context: no kubeconfig file exists; set --kubeconfig or KUBECONFIG\n'],
])('%j names the setting that has no kubeconfig', async (argv, message) => {
  expect(await runCommand(argv)).toMatchObject({ code: 2, note: message });
});
