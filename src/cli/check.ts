/** `tidewaiter check`: the webhook's verdict on manifests, without a cluster. */
import type { Context } from '../admission/context.ts';
import { countUsage } from '../admission/usage.ts';
import { compose } from '../wiring.ts';
import { type CheckReport, exitCode, type FailOn } from '../report/check.ts';
import { paint } from '../report/paint.ts';
import { type FormatName, formatReport } from '../report/index.ts';
import { VERSION } from '../version.ts';
import { configured } from './configured.ts';
import { askingRegistry, type AskRegistry, asksRegistry } from './asking-registry.ts';
import { judgeFiles, noticesOf } from './evaluate-files.ts';
import { progressOn } from './progress.ts';
import { print, type Terminal } from './terminal.ts';

export interface CheckFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly namespace: string;
  readonly output: FormatName<'check'>;
  readonly failOn: readonly FailOn[];
  /** Milliseconds since 1970. */
  readonly now?: number | undefined;
  /** No registry is asked. */
  readonly offline?: boolean | undefined;
  /** How registries are asked: as the configuration says, when not given. */
  readonly asking?: AskRegistry | undefined;
}

export async function check(paths: readonly string[], flags: CheckFlags, terminal: Terminal): Promise<number> {
  const { config } = await configured({ config: flags.config, policy: flags.policy, plugin: flags.plugin }, terminal);
  const now = flags.now ?? Date.now();
  const { context, policySource, isBuiltIn, rules, loaded } = await compose(config, { now: () => now });
  const usage = countUsage();
  const asks = !flags.offline && asksRegistry(context.policies);
  // As in the cluster: what this machine is logged in to would prove nothing.
  const options = {
    credentials: 'node',
    askers: 'one',
    warn: (message: string) => terminal.note(`${message}\n`),
  } as const;
  const registry = asks ? await (flags.asking ?? askingRegistry)(config, options) : undefined;
  const progress = progressOn(terminal, 'objects judged so far');
  const judging = {
    kinds: config.kinds,
    namespace: flags.namespace,
    stdin: terminal.input(),
    contextWith: (around: Partial<Context>) => ({ ...context, ...around, ...registry?.ports }),
    usage,
    progress,
  };
  const { files, documents, workloads, images, findings, errors, notices } = await judged(
    judgeFiles(paths, judging),
    async () => {
      progress.stop();
      await registry?.close();
    },
  );
  const report: CheckReport = {
    version: 1,
    summary: {
      files,
      documents,
      workloads,
      evaluated: usage.covered,
      images: images.length,
      denied: findings.filter(({ action }) => action === 'deny').length,
      warned: findings.filter(({ action }) => action === 'warn').length,
      unknown: findings.filter(({ outcome, action }) => outcome !== 'violation' && action !== 'excused').length,
      excused: findings.filter(({ action }) => action === 'excused').length,
      errors: errors.length,
    },
    images,
    findings,
    errors,
    notices: [...noticesOf({ loaded, isBuiltIn }, usage, now), ...notices],
  };
  const { failOn, output } = flags;
  const ink = paint(terminal.colors);
  const result = { report, failOn, policySource, rules, version: VERSION, folder: process.cwd(), ink };
  print(await formatReport('check', output, result), terminal);
  return exitCode(report, failOn);
}

/** However it ends, `after` is done. */
async function judged<T>(judging: Promise<T>, after: () => Promise<void>): Promise<T> {
  try {
    return await judging;
  } finally {
    await after();
  }
}
