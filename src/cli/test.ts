/** `tidewaiter test`: evaluates manifests as `check` does, and compares the findings with the expected ones. */
import { countUsage, type UsageCount } from '../admission/usage.ts';
import { suiteRegistry } from '../admission/facts/suite-registry.ts';
import { allRules, type Composed, compose } from '../wiring.ts';
import { type Config } from '../config/config.ts';
import { fileText } from '../files/location-text.ts';
import { type SuiteFinding } from '../files/suite-faults.ts';
import { loadSuites, type Suite, type SuiteCase } from '../files/suites.ts';
import { leftover } from '../recording/pairing.ts';
import { type ErrorRow, fails } from '../report/check.ts';
import { type FormatName, formatReport } from '../report/index.ts';
import { paint } from '../report/paint.ts';
import { type FindingRow, inputNoticeRow } from '../report/rows.ts';
import { type TestCaseRow, testExitCode, type TestReport, testReport, type TestSuiteRow } from '../report/test.ts';
import type { LoadOptions } from '../files/input-texts.ts';
import { configured } from './configured.ts';
import { evaluateFiles, type FileEvaluation } from './evaluate-files.ts';
import { evaluateReviews } from './evaluate-reviews.ts';
import { policyNotices } from './policy-notices.ts';
import { type IgnoreFlags, rulesFor } from './input-files.ts';
import { print, type Terminal } from './terminal.ts';
import type { WatchedRun } from './watch.ts';
import { NO_ORIGIN } from '../error/path-origin.ts';
import { UserError } from '../error/user-error.ts';

export interface TestFlags extends IgnoreFlags {
  readonly config?: string | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly output: FormatName<'test'>;
  readonly watch?: boolean | undefined;
}

export async function test(paths: readonly string[], flags: TestFlags, terminal: Terminal): Promise<number> {
  const run = async (): Promise<WatchedRun> => {
    const { config } = await configured({ config: flags.config, plugin: flags.plugin }, terminal);
    const { report, read } = await runSuites(paths, { config, rules: await rulesFor(config, flags), terminal });
    print(
      await formatReport('test', flags.output, { report, ink: paint(terminal.colors), name: terminal.name }),
      terminal,
    );
    return { code: testExitCode(report), read: [...paths, ...read] };
  };
  if (!flags.watch) return (await run()).code;
  const { watchFiles } = await import('./watch.ts');
  return watchFiles(run, terminal);
}

interface Run {
  readonly config: Config;
  /** Which files of directories are left out, those with suites and those that suites name. */
  readonly rules: LoadOptions['rulesFor'];
  readonly terminal: Terminal;
}

async function runSuites(
  paths: readonly string[],
  run: Run,
): Promise<{ readonly report: TestReport; readonly read: readonly string[] }> {
  const { config, rules, terminal } = run;
  // A plugin that cannot be loaded is not a fault of a suite.
  await allRules(config);
  const { suites, errors: faults } = await loadSuites(paths, { stdin: terminal.input(), rulesFor: rules });
  const errors: ErrorRow[] = [...faults];
  const rows: TestSuiteRow[] = [];
  for (const suite of suites) {
    const result = await runSuite(suite, run);
    if ('errors' in result) errors.push(...result.errors);
    else rows.push(result);
  }
  const read = suites.flatMap(({ file, policies, cases }) => [
    file,
    ...policies,
    ...cases.flatMap(({ resources, reviews }) => [...resources, ...reviews]),
  ]);
  return { report: testReport(rows, errors), read };
}

interface SuiteErrors {
  readonly errors: readonly ErrorRow[];
}

async function runSuite(suite: Suite, { config, rules, terminal }: Run): Promise<TestSuiteRow | SuiteErrors> {
  const { file, line, column, name } = suite;
  const now = suite.now ?? Date.now();
  const clock = { now };
  const composed = await composeFor(suite, config, () => clock.now);
  if ('errors' in composed) return composed;
  const { context, policySource } = composed;
  const usage = countUsage();
  const cases: TestCaseRow[] = [];
  const setTime = (ms: number | undefined): void => void (clock.now = suite.now ?? ms ?? now);
  for (const one of suite.cases) cases.push(await runCase(one, { suite, context, setTime, usage, rules, terminal }));
  const notices = [...suite.notices.map(inputNoticeRow), ...policyNotices(composed, usage, { now })];
  return { file, line, column, name, policies: policySource, cases, notices };
}

/** Policies that cannot be loaded are errors of their suite; the other suites run. */
async function composeFor(suite: Suite, config: Config, now: () => number): Promise<Composed | SuiteErrors> {
  try {
    return await compose({ ...config, policies: suite.policies, originOf: NO_ORIGIN }, { now });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { file, document, policiesAt } = suite;
    return { errors: error.message.split('\n').map((message) => ({ file, document, ...policiesAt, message })) };
  }
}

interface SuiteRun extends Pick<Run, 'rules' | 'terminal'> {
  readonly suite: Suite;
  readonly context: Composed['context'];
  /** undefined: the time of the suite. */
  readonly setTime: (ms: number | undefined) => void;
  readonly usage: UsageCount;
}

async function runCase(one: SuiteCase, run: SuiteRun): Promise<TestCaseRow> {
  const { suite } = run;
  const evaluation = await evaluateCase(one, run);
  const { findings, workloads } = evaluation;
  const errors = evaluation.errors.map((error) => placedInSuite(error, one, suite));
  const { missing, unexpected } = compareFindings(one, findings);
  const paths = [...one.resources, ...one.reviews].map(fileText).join(', ');
  const reason = workloads > 0 ? null : `no workload found in ${paths}`;
  const failed = reason !== null || missing.length > 0 || unexpected.length > 0;
  const { file } = suite;
  return {
    file,
    line: one.line,
    column: one.column,
    name: one.name,
    outcome: errors.length > 0 ? 'error' : failed ? 'failed' : 'passed',
    workloads,
    findings,
    missing: missing.map(({ line, column, finding }) => ({ file, line, column, finding })),
    unexpected,
    reason: errors.length > 0 ? null : reason,
    errors,
  };
}

type CaseEvaluation = Pick<FileEvaluation, 'workloads' | 'findings' | 'errors'>;

async function evaluateCase(one: SuiteCase, run: SuiteRun): Promise<CaseEvaluation> {
  const { suite, context, setTime, usage, rules, terminal } = run;
  const registry = one.registry === undefined ? {} : suiteRegistry(one.registry);
  const reviews = await evaluateReviews(one.reviews, { context, world: registry, setTime, usage });
  if (one.resources.length === 0) return reviews;
  const files = await evaluateFiles(one.resources, {
    kinds: context.kinds,
    namespace: suite.namespace,
    stdin: terminal.input(),
    rulesFor: rules,
    contextWith: (cluster) => ({ ...context, world: { ...cluster, ...registry } }),
    usage,
    asRun: { hasCluster: false },
  });
  return {
    workloads: files.workloads + reviews.workloads,
    findings: [...files.findings, ...reviews.findings],
    errors: [...files.errors, ...reviews.errors],
  };
}

/** A resource that cannot be read is an error of the suite, at the path of the resource. */
function placedInSuite(error: ErrorRow, { resourcesAt }: SuiteCase, { file, document }: Suite): ErrorRow {
  const place = error.line === null ? resourcesAt.get(error.file) : undefined;
  if (place === undefined) return error;
  return { file, document, ...place, message: `${fileText(error.file)}: ${error.message}` };
}

type Comparison = ReturnType<typeof leftover<Exclude<SuiteCase['expect'], 'pass'>[number], FindingRow>>;

/** `pass`: no denial, no warning, and nothing unknown. */
function compareFindings({ expect }: SuiteCase, findings: readonly FindingRow[]): Comparison {
  if (expect !== 'pass') return leftover(expect, findings, ({ finding }, row) => matches(finding, row));
  return { missing: [], unexpected: findings.filter((row) => fails(row, ['warn', 'unknown'])) };
}

function matches(expected: SuiteFinding, row: FindingRow): boolean {
  return Object.entries(expected).every(([key, value]) => row[key as keyof SuiteFinding] === value);
}
