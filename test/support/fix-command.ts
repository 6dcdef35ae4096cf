/** Runs `check --fix` with the registry of pin tests. */
import { check, type CheckFlags } from '../../src/cli/check.ts';
import type { CheckReport } from '../../src/report/check.ts';
import { fakeRegistry, type FakeRegistry } from './pin-registry.ts';

export interface FixResult {
  readonly code: number;
  readonly out: string;
  readonly note: string;
}

export async function runFix(
  paths: readonly string[],
  flags: Partial<CheckFlags> = {},
  registry: FakeRegistry = fakeRegistry(),
): Promise<FixResult> {
  let [out, note] = ['', ''];
  const terminal = {
    out: (text: string) => void (out += text),
    note: (text: string) => void (note += text),
    isTerminal: false,
    colors: false,
    async *input() {
      yield '';
    },
  };
  const code = await check(
    paths,
    {
      output: 'pretty',
      failOn: ['deny'],
      policy: ['policy.yaml'],
      fix: true,
      registryFor: () => ({ ...registry, close: () => Promise.resolve() }),
      ...flags,
    },
    terminal,
  );
  return { code, out, note };
}

/** With --write, and the report as JSON. */
export async function writeFixes(
  paths: readonly string[],
  flags: Partial<CheckFlags> = {},
  registry?: FakeRegistry,
): Promise<FixResult & { readonly report: CheckReport }> {
  const result = await runFix(paths, { write: true, output: 'json', ...flags }, registry);
  return { ...result, report: JSON.parse(result.out) as CheckReport };
}

/** A policy with these rules, in flow style. */
export function policyOf(...rules: readonly string[]): string {
  return `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec:\n  rules:\n${rules.map((rule) => `    - ${rule}\n`).join('')}`;
}
