/** `tidewaiter check`: evaluates manifests as the webhook does. */
import { countUsage } from '../admission/usage.ts';
import type { ClusterApi } from '../cluster/api.ts';
import type { Config } from '../config/config.ts';
import { compose, type RegistriesOptions } from '../wiring.ts';
import { type CheckReport, type ClusterSummary, exitCode, type FailOn } from '../report/check.ts';
import { paint } from '../report/paint.ts';
import { type FormatName, formatReport } from '../report/index.ts';
import { VERSION } from '../version.ts';
import { configured } from './configured.ts';
import { createFactCount, type FactCount } from './fact-count.ts';
import { clusterFlags, type ClusterFlags, selectsCluster, withCluster } from './open-cluster.ts';
import { openRegistry, type OpenRegistry, needRegistry } from './open-registry.ts';
import { evaluateFiles, type FileEvaluation, policyNotices } from './evaluate-files.ts';
import { progressOn } from './progress.ts';
import { print, type Terminal } from './terminal.ts';
import { closeAfter } from './close-after.ts';
import type { ClusterSources } from '../files/cluster-objects.ts';
import type { World } from '../admission/context.ts';

export interface CheckFlags extends ClusterFlags {
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
  const { policy, plugin } = flags;
  const { config } = await configured({ config: flags.config, policy, plugin, ...clusterFlags(flags) }, terminal);
  const run = { paths, flags, config, terminal };
  if (!selectsCluster(flags))
    return evaluateAndReport({ ...run, namespace: flags.namespace ?? 'default', cluster: undefined });
  return withCluster(config, async (api) => {
    const cluster = await clusterOf(api);
    return evaluateAndReport({ ...run, namespace: flags.namespace ?? api.namespace, cluster });
  });
}

interface CheckedCluster {
  readonly server: string;
  readonly sources: ClusterSources;
  readonly counted: FactCount;
}

async function clusterOf(api: ClusterApi): Promise<CheckedCluster> {
  const { commandFacts } = await import('./command-facts.ts');
  const counted = createFactCount();
  return { server: api.server, sources: counted.ofCluster(await commandFacts(api)), counted };
}

interface Run {
  readonly paths: readonly string[];
  readonly flags: CheckFlags;
  readonly config: Config;
  readonly terminal: Terminal;
  readonly namespace: string;
  /** undefined: only the input files are known. */
  readonly cluster: CheckedCluster | undefined;
}

async function evaluateAndReport({ paths, flags, config, terminal, namespace, cluster }: Run): Promise<number> {
  const now = flags.now ?? Date.now();
  const { context, policySource, isBuiltIn, rules, loaded } = await compose(config, { now: () => now });
  const usage = countUsage();
  const registry =
    flags.offline || !needRegistry(context.policies)
      ? undefined
      : await (flags.openRegistry ?? openRegistry)(config, registryOptions(terminal));
  const progress = progressOn(terminal, 'objects evaluated');
  const evaluation = await closeAfter(
    evaluateFiles(paths, {
      kinds: config.kinds,
      namespace,
      stdin: terminal.input(),
      cluster: cluster?.sources,
      contextWith: (known: World) => ({
        ...context,
        world: { ...(cluster?.counted.ofAll(known) ?? known), ...registry?.sources },
      }),
      usage,
      progress,
    }),
    () => {
      progress.stop();
      return registry?.close();
    },
  );
  const notices = policyNotices({ loaded, isBuiltIn }, usage, now);
  const report = reportOf(evaluation, {
    evaluated: usage.covered,
    notices,
    cluster: cluster && { server: cluster.server, namespace, ...cluster.counted.summary() },
  });
  const { failOn, output } = flags;
  const ink = paint(terminal.colors);
  const result = { report, failOn, policySource, rules, version: VERSION, folder: process.cwd(), ink };
  print(await formatReport('check', output, result), terminal);
  return exitCode(report, failOn);
}

interface Summarized {
  readonly evaluated: number;
  readonly notices: CheckReport['notices'];
  readonly cluster: ClusterSummary | undefined;
}

function reportOf(evaluation: FileEvaluation, { evaluated, notices, cluster }: Summarized): CheckReport {
  const { files, documents, workloads, images, findings, errors } = evaluation;
  return {
    version: 1,
    summary: {
      files,
      documents,
      workloads,
      evaluated,
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
    notices: [...notices, ...evaluation.notices],
    ...(cluster === undefined ? {} : { cluster }),
  };
}

/** Uses only credentials that nodes have; the user's own credentials would prove nothing about the cluster. */
function registryOptions(terminal: Terminal): RegistriesOptions {
  return { credentials: 'node', callers: 'user', warn: (message) => terminal.note(`${message}\n`) };
}
