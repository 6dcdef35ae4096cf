/** One evaluation of the input files of `check`. */
import type { Context, World } from '../admission/context.ts';
import type { UsageCount } from '../admission/usage.ts';
import type { Config } from '../config/config.ts';
import type { ClusterSources } from '../files/cluster-objects.ts';
import { withHelmValues } from '../files/helm-value-images.ts';
import type { Policy } from '../policy/policy.ts';
import type { FailOn } from '../report/check.ts';
import { type FormatName, showsObjects } from '../report/index.ts';
import type { BaselineFlags } from './baseline.ts';
import type { KeptInput, ViewFlags } from './check-view.ts';
import { closeAfter } from './close-after.ts';
import { evaluateFiles, type EvaluateOptions, type FileEvaluation } from './evaluate-files.ts';
import type { ExtraReport } from './extra-reports.ts';
import type { FactCount } from './fact-count.ts';
import type { FixFlags } from './fix/apply.ts';
import { type ForeignFlags, type IgnoreFlags, ownFiles, rulesFor, skipForeign } from './input-files.ts';
import { interruptible } from './interrupt.ts';
import type { ClusterFlags } from './open-cluster.ts';
import { asNodes, needRegistry, needsMirror, openRegistry, type OpenRegistry } from './open-registry.ts';
import { progressOn } from './progress.ts';
import { renderers, type RenderFlags } from './render-flags.ts';
import type { SelectFlags } from './select-findings.ts';
import type { Terminal } from './terminal.ts';
import type { ExceptionFlags } from './write-exceptions.ts';
export interface CheckFlags
  extends
    FixFlags,
    ClusterFlags,
    ForeignFlags,
    IgnoreFlags,
    BaselineFlags,
    RenderFlags,
    SelectFlags,
    ViewFlags,
    ExceptionFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  /** undefined: that of the context, or `default` without a cluster. */
  readonly namespace?: string | undefined;
  readonly output: FormatName<'check'>;
  readonly failOn: readonly FailOn[];
  readonly report?: readonly ExtraReport[] | undefined;
  /** Kinds that are not in the table are evaluated where they seem to have images. */
  readonly guessKinds?: boolean | undefined;
  /** Only the names of the files are printed. */
  readonly listFiles?: boolean | undefined;
  /** A git revision: only objects that differ from it are evaluated. */
  readonly since?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now?: number | undefined;
  /** The address that the files have at a code host. */
  readonly linkBase?: string | undefined;
  /** Registries are not queried. */
  readonly offline?: boolean | undefined;
  /** Replaces the registry in tests. */
  readonly openRegistry?: OpenRegistry | undefined;
}

export interface CheckedCluster {
  readonly server: string;
  readonly sources: ClusterSources;
  readonly counted: FactCount;
}

export interface Run {
  readonly paths: readonly string[];
  readonly flags: CheckFlags;
  readonly config: Config;
  readonly terminal: Terminal;
  readonly namespace: string;
  /** undefined: only the input files are known. */
  readonly cluster: CheckedCluster | undefined;
}

export interface EvaluationInput extends Pick<EvaluateOptions, 'textOf'> {
  readonly context: Context;
  /** The policies whose registry facts are looked up. */
  readonly reported: readonly Policy[];
  /** The objects to check; undefined: all. */
  readonly select: EvaluateOptions['select'];
  readonly usage: UsageCount;
  readonly stdin: Pick<KeptInput, 'input' | 'end'>;
}

export async function evaluateRun(
  { paths, flags, config, terminal, namespace, cluster }: Run,
  { context, reported, select, usage, stdin, textOf }: EvaluationInput,
): Promise<FileEvaluation> {
  const registry =
    flags.offline || !(needRegistry(reported) || context.policies.some(needsMirror))
      ? undefined
      : await (flags.openRegistry ?? openRegistry)(config, asNodes(terminal));
  const progress = progressOn(terminal, 'objects evaluated');
  const options = {
    kinds: withHelmValues(config.kinds),
    guessKinds: flags.guessKinds,
    namespace,
    stdin: stdin.input,
    skipForeign: skipForeign(flags),
    rulesFor: await rulesFor(config, flags),
    ...(await renderers(config, flags)),
    cluster: cluster?.sources,
    select,
    contextWith: (known: World) => ({
      ...context,
      world: { ...(cluster?.counted.ofAll(known) ?? known), ...registry?.sources },
    }),
    usage,
    progress,
    skipMisshapen: true,
    keepObjects: [flags.output, ...(flags.report ?? []).map(({ format }) => format)].some(showsObjects),
    asRun: { hasCluster: cluster !== undefined },
    imageFiles: true,
    findCharts: true,
    ownFiles: ownFiles(flags, config),
    textOf,
  };
  return closeAfter(
    interruptible((stop) => {
      stop.addEventListener('abort', stdin.end);
      return evaluateFiles(paths, { ...options, stop });
    }),
    () => {
      progress.stop();
      return registry?.close();
    },
  );
}
