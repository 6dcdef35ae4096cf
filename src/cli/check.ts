/** `tidewaiter check`: evaluates manifests as the webhook does. */
import { UserError } from '../error/user-error.ts';
import { countUsage, type Usage } from '../admission/usage.ts';
import type { ClusterApi } from '../cluster/api.ts';
import type { Config } from '../config/config.ts';
import { compose, type Composed } from '../wiring.ts';
import type { Policy } from '../policy/policy.ts';
import { selectedBindings } from '../policy/selected-bindings.ts';
import { exitCode } from '../report/check.ts';
import { errorNotes, paint } from '../report/paint.ts';
import { type CheckResult, formatReport } from '../report/index.ts';
import { VERSION } from '../version.ts';
import { configured } from './configured.ts';
import { createFactCount } from './fact-count.ts';
import { clusterFlags, selectsCluster, withCluster } from './open-cluster.ts';
import type { FileEvaluation } from './evaluate-files.ts';
import { policyNotices } from './policy-notices.ts';
import { baselineFor, type Compare, type ComparedFindings } from './baseline.ts';
import { type CheckedCluster, type CheckFlags, evaluateRun, type EvaluationInput, type Run } from './check-run.ts';
import { checkView, type KeptInput, keepInput } from './check-view.ts';
import type { WriteExceptions } from './write-exceptions.ts';
import { reportOf } from './check-report.ts';
import { type Selection, selectionOf } from './select-findings.ts';
import type { AppliedFixes } from './fix/apply.ts';
import { fixesFor, isPreview, requireFix } from './fix-flags.ts';
import { selectSince } from './since.ts';
import { configuredIgnore } from './input-files.ts';
import { oldRendering } from './render-flags.ts';
import { linkBase } from './link-base.ts';
import { reportOrigin } from './report-origin.ts';
import { print, type Terminal } from './terminal.ts';

export type { CheckFlags };

export async function check(paths: readonly string[], flags: CheckFlags, terminal: Terminal): Promise<number> {
  requireFix(paths, flags);
  const { policy, plugin } = flags;
  const { config } = await configured({ config: flags.config, policy, plugin, ...clusterFlags(flags) }, terminal);
  if (flags.listFiles) {
    const { listFiles } = await import('./list-files.ts');
    return listFiles(paths, { flags, config }, terminal);
  }
  const run = { paths, flags, config, terminal };
  if (!selectsCluster(flags))
    return evaluateAndReport({ ...run, namespace: flags.namespace ?? 'default', cluster: undefined });
  return withCluster(config, async (api) => {
    const cluster = await clusterOf(api);
    return evaluateAndReport({ ...run, namespace: flags.namespace ?? api.namespace, cluster });
  });
}

async function clusterOf(api: ClusterApi): Promise<CheckedCluster> {
  const { commandFacts } = await import('./command-facts.ts');
  const counted = createFactCount();
  return { server: api.server, sources: counted.ofCluster(await commandFacts(api)), counted };
}

async function evaluateAndReport(run: Run): Promise<number> {
  const { paths, flags, config, terminal, namespace, cluster } = run;
  const now = flags.now ?? Date.now();
  const compare = baselineFor(flags);
  const writeReports = await reportWriter(flags);
  const select = await selectSince(paths, {
    since: flags.since,
    kinds: config.kinds,
    namespace,
    imageFiles: true,
    env: config.env,
    rendering: oldRendering(config, flags),
    configuredIgnore: flags.ignore === false ? undefined : configuredIgnore(config, flags),
  });
  const composed = await compose(config, { now: () => now });
  const { context, policySource, isBuiltIn, rules } = composed;
  const selection = selectionOf(flags, { policies: context.policies, rules });
  const excuse = await exceptionsFor(flags, { ...composed, kinds: config.kinds, now });
  const stdin = keepInput(terminal.input());
  const input = { context, reported: selection.policies, select, stdin };
  const { evaluation, usage, fixes } = await evaluateAndFix(run, { ...input, selection, compare, now });
  const isPartial = evaluation.isInterrupted;
  const { findings, notices } = (isPartial ? partOf : wholeOf)(evaluation, { run, compare, selection, excuse });
  const ofPolicies = policyNotices(composed, usage, { now, isPartial: isPartial || select !== undefined });
  const report = reportOf(
    { ...evaluation, findings, errors: [...evaluation.errors, ...fixes.errors] },
    {
      evaluated: usage.covered,
      notices: [...selection.notices(ofPolicies), ...notices, ...fixes.notices],
      cluster: cluster && { server: cluster.server, namespace, ...cluster.counted.summary() },
    },
  );
  const { failOn, output } = flags;
  const ink = paint(terminal.colors);
  if (isPreview(flags) && !isPartial) {
    terminal.note(errorNotes(report.errors, ink));
    return exitCode(report, failOn);
  }
  const view = checkView(flags, { terminal, env: config.env, isBuiltIn, stdin: stdin.text });
  const about = { rules, version: VERSION, ...aboutFiles(run, composed), objects: evaluation.objects, now };
  const result = { report, failOn, policySource, ...about, ink, view };
  print(await formatReport('check', output, result), terminal);
  await writeReports(result);
  return exitCode(report, failOn);
}

/** Reads the files that reports replace at once, so that a fault in them is reported before anything is evaluated. */
async function reportWriter({ report }: CheckFlags): Promise<(result: CheckResult) => Promise<void>> {
  if (report === undefined) return () => Promise.resolve();
  const { requireReplaceable, writeReports } = await import('./extra-reports.ts');
  requireReplaceable(report);
  return async (result) => writeReports(report, result);
}

type AboutFiles = Pick<CheckResult, 'folder' | 'paths' | 'origin'>;

function aboutFiles({ terminal, flags, config, paths }: Run, { loaded, isBuiltIn }: Composed): AboutFiles {
  const folder = process.cwd();
  const base = linkBase(flags.linkBase, folder, config.env);
  return { folder, paths, origin: reportOrigin({ terminal, policies: loaded, isBuiltIn, linkBase: base }) };
}

interface FixableInput extends Omit<EvaluationInput, 'usage'>, Pick<Outcome, 'selection' | 'compare'> {
  readonly stdin: KeptInput;
  readonly now: number;
}

interface Evaluated {
  readonly evaluation: FileEvaluation;
  readonly usage: Usage;
  readonly fixes: AppliedFixes;
}

/** With --fix --write, the report is about the files after the fixes. */
async function evaluateAndFix(run: Run, { selection, compare, now, ...input }: FixableInput): Promise<Evaluated> {
  const evaluate = async (more: Partial<EvaluationInput> = {}): Promise<Omit<Evaluated, 'fixes'>> => {
    const usage = countUsage();
    return { evaluation: await evaluateRun(run, { ...input, usage, ...more }), usage };
  };
  const before = await evaluate();
  if (run.flags.fix !== true || before.evaluation.isInterrupted) return { ...before, fixes: NO_FIXES };
  const { context } = input;
  const fixes = await fixesFor(selection.findings(compare(before.evaluation.findings).findings), {
    ...run,
    now,
    stdin: input.stdin.text,
    async evaluate(name, textOf) {
      const policies = [
        ...selectedBindings(context.policies, ({ rule }) => rule === name),
        ...context.policies.filter(({ bindings }) => bindings.every(({ rule }) => rule !== name)).map(onlyChanges),
      ];
      return (await evaluate({ context: { ...context, policies }, reported: [], textOf })).evaluation.findings;
    },
  });
  return { ...(fixes.isWritten ? await evaluate() : before), fixes };
}

/** What the objects become is the same for all rules. */
function onlyChanges(policy: Policy): Policy {
  return { ...policy, bindings: [] };
}

const NO_FIXES: AppliedFixes = { isWritten: false, errors: [], notices: [] };

interface Outcome {
  readonly run: Run;
  readonly compare: Compare;
  readonly selection: Selection;
  readonly excuse: WriteExceptions;
}

function wholeOf({ findings, images }: FileEvaluation, { compare, selection, excuse }: Outcome): ComparedFindings {
  const compared = compare(findings);
  const excused = excuse(selection.findings(compared.findings), images);
  return { findings: excused.findings, notices: [...compared.notices, ...excused.notices] };
}

/** After Ctrl-C: nothing is written, because a file for a part would be used as one for the whole, and nothing is gone. */
function partOf({ findings }: FileEvaluation, { run: { flags }, compare, selection }: Outcome): ComparedFindings {
  const compared = flags.writeBaseline === undefined ? compare(findings).findings : findings;
  return { findings: selection.findings(compared), notices: [] };
}

type PolicyState = Pick<Composed, 'loaded' | 'isBuiltIn'> & { readonly kinds: Config['kinds']; readonly now: number };

const unchanged: Compare = (findings) => ({ findings, notices: [] });

const EXCEPTION_FLAGS = ['expires', 'owner', 'reason'] as const;

async function exceptionsFor(flags: CheckFlags, { loaded, ...state }: PolicyState): Promise<WriteExceptions> {
  const { writeExceptions: file } = flags;
  if (file === undefined) {
    const alone = EXCEPTION_FLAGS.find((name) => flags[name] !== undefined);
    if (alone !== undefined) throw new UserError(`--${alone} requires --write-exceptions`);
    return unchanged;
  }
  const { exceptionWriter } = await import('./write-exceptions.ts');
  return exceptionWriter(file, flags, { ...state, ...loaded });
}
