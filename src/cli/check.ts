/** `tidewaiter check`: evaluates manifests as the webhook does, without a cluster. */
import { countUsage } from '../admission/usage.ts';
import { compose, type RegistriesOptions } from '../wiring.ts';
import { type CheckReport, exitCode, type FailOn } from '../report/check.ts';
import { paint } from '../report/paint.ts';
import { type FormatName, formatReport } from '../report/index.ts';
import { VERSION } from '../version.ts';
import { configured } from './configured.ts';
import { openRegistry, type OpenRegistry, needRegistry } from './open-registry.ts';
import { evaluateFiles, policyNotices } from './evaluate-files.ts';
import { progressOn } from './progress.ts';
import { print, type Terminal } from './terminal.ts';
import { closeAfter } from './close-after.ts';
import type { World } from '../admission/context.ts';

export interface CheckFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  /** undefined: that of the context, or `default` without a cluster. */
  readonly namespace?: string | undefined;
  readonly output: FormatName<'check'>;
  readonly failOn: readonly FailOn[];
  /** Milliseconds since 1970. */
  readonly now?: number | undefined;
  /** Registries are not queried. */
  readonly offline?: boolean | undefined;
  /** Replaces the registry in tests. */
  readonly openRegistry?: OpenRegistry | undefined;
}

export async function check(paths: readonly string[], flags: CheckFlags, terminal: Terminal): Promise<number> {
  const { config } = await configured({ config: flags.config, policy: flags.policy, plugin: flags.plugin }, terminal);
  const now = flags.now ?? Date.now();
  const { context, policySource, isBuiltIn, rules, loaded } = await compose(config, { now: () => now });
  const usage = countUsage();
  const registry =
    flags.offline || !needRegistry(context.policies)
      ? undefined
      : await (flags.openRegistry ?? openRegistry)(config, registryOptions(terminal));
  const progress = progressOn(terminal, 'objects evaluated');
  const options = {
    kinds: config.kinds,
    namespace: flags.namespace ?? 'default',
    stdin: terminal.input(),
    contextWith: (cluster: World) => ({ ...context, world: { ...cluster, ...registry?.sources } }),
    usage,
    progress,
  };
  const { files, documents, workloads, images, findings, errors, notices } = await closeAfter(
    evaluateFiles(paths, options),
    () => {
      progress.stop();
      return registry?.close();
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
    notices: [...policyNotices({ loaded, isBuiltIn }, usage, now), ...notices],
  };
  const { failOn, output } = flags;
  const ink = paint(terminal.colors);
  const result = { report, failOn, policySource, rules, version: VERSION, folder: process.cwd(), ink };
  print(await formatReport('check', output, result), terminal);
  return exitCode(report, failOn);
}

/** Uses only credentials that nodes have; the user's own credentials would prove nothing about the cluster. */
function registryOptions(terminal: Terminal): RegistriesOptions {
  return { credentials: 'node', callers: 'user', warn: (message) => terminal.note(`${message}\n`) };
}
