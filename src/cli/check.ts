/** `tidewaiter check`: the webhook's verdict on manifests, without a cluster. */
import type { Context } from '../admission/context.ts';
import { countUsage } from '../admission/usage.ts';
import { compose } from '../wiring.ts';
import type { Rule } from '../policy/rule.ts';
import { type CheckReport, exitCode, type FailOn } from '../report/check.ts';
import { noticeLine, paint, prettyCheck } from '../report/pretty.ts';
import { VERSION } from '../version.ts';
import { configured } from './configured.ts';
import { askingRegistry, type AskRegistry, asksRegistry } from './asking-registry.ts';
import { judgeFiles, noticesOf } from './evaluate-files.ts';
import { progressOn } from './progress.ts';
import type { Terminal } from './terminal.ts';

export interface CheckFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly namespace: string;
  readonly output: 'pretty' | 'json' | 'sarif' | 'junit' | 'github';
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
  terminal.out(await RENDER[output](report, { failOn, policySource, rules, colours: terminal.colours }));
  if (!SHOW_NOTICES.has(output)) {
    for (const row of report.notices) terminal.note(`${noticeLine(row, paint(false))}\n`);
  }
  return exitCode(report, failOn);
}

/** The other formats have no place for what is no finding. */
const SHOW_NOTICES: ReadonlySet<CheckFlags['output']> = new Set(['pretty', 'json']);

/** However it ends, `after` is done. */
async function judged<T>(judging: Promise<T>, after: () => Promise<void>): Promise<T> {
  try {
    return await judging;
  } finally {
    await after();
  }
}

interface Setting {
  readonly failOn: readonly FailOn[];
  readonly policySource: string;
  readonly rules: readonly Rule[];
  readonly colours: boolean;
}

type Render = (report: CheckReport, setting: Setting) => string | Promise<string>;

/** Formats for other programs are loaded when they are asked for. */
const RENDER: Readonly<Record<CheckFlags['output'], Render>> = {
  pretty: (report, { policySource, colours }) => prettyCheck(report, policySource, paint(colours)),
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  sarif: async (report, { rules }) => {
    const { sarifCheck } = await import('../report/sarif.ts');
    return sarifCheck(report, { rules, version: VERSION, folder: process.cwd() });
  },
  junit: async (report, { failOn }) => {
    const { junitCheck } = await import('../report/junit.ts');
    return junitCheck(report, failOn);
  },
  github: async (report, { policySource }) => {
    const { githubCheck } = await import('../report/github.ts');
    return githubCheck(report, { policySource, folder: process.cwd() });
  },
};
