/** `tidewaiter test`: what policies say about manifests, against what their authors expect. The same engine as `check`. */
import { countUsage, type UsageCount } from '../admission/usage.ts';
import { writtenAnswers } from '../admission/facts/suite-registry.ts';
import { type Composed, compose } from '../wiring.ts';
import { type Config } from '../config/config.ts';
import { fileText } from '../files/location-text.ts';
import { PolicyError } from '../files/policies.ts';
import { type SuiteFinding } from '../files/suite-faults.ts';
import { loadSuites, type Suite, type SuiteCase } from '../files/suites.ts';
import { leftover } from '../recording/pairing.ts';
import { type ErrorRow, fails } from '../report/check.ts';
import { type FormatName, formatReport } from '../report/index.ts';
import { paint } from '../report/paint.ts';
import { type FindingRow, inputNoticeRow } from '../report/rows.ts';
import { type TestCaseRow, testExitCode, type TestReport, testReport, type TestSuiteRow } from '../report/test.ts';
import { configured } from './configured.ts';
import { judgeFiles, noticesOf } from './evaluate-files.ts';
import { print, type Terminal } from './terminal.ts';
import type { WatchedRun } from './watch.ts';

export interface TestFlags {
  readonly config?: string | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly output: FormatName<'test'>;
  readonly watch?: boolean | undefined;
}

export async function test(paths: readonly string[], flags: TestFlags, terminal: Terminal): Promise<number> {
  const run = async (): Promise<WatchedRun> => {
    const { config } = await configured({ config: flags.config, plugin: flags.plugin }, terminal);
    const { report, read } = await runSuites(paths, config, terminal);
    print(await formatReport('test', flags.output, { report, ink: paint(terminal.colors) }), terminal);
    return { code: testExitCode(report), read: [...paths, ...read] };
  };
  if (!flags.watch) return (await run()).code;
  const { watchFiles } = await import('./watch.ts');
  return watchFiles(run, terminal);
}

async function runSuites(
  paths: readonly string[],
  config: Config,
  terminal: Terminal,
): Promise<{ readonly report: TestReport; readonly read: readonly string[] }> {
  const { suites, errors: faults } = await loadSuites(paths, terminal.input());
  const errors: ErrorRow[] = [...faults];
  const rows: TestSuiteRow[] = [];
  for (const suite of suites) {
    const result = await runSuite(suite, config, terminal);
    if ('errors' in result) errors.push(...result.errors);
    else rows.push(result);
  }
  const read = suites.flatMap(({ file, policies, cases }) => [
    file,
    ...policies,
    ...cases.flatMap(({ resources }) => resources),
  ]);
  return { report: testReport(rows, errors), read };
}

interface Faults {
  readonly errors: readonly ErrorRow[];
}

async function runSuite(suite: Suite, config: Config, terminal: Terminal): Promise<TestSuiteRow | Faults> {
  const { file, line, column, name } = suite;
  const now = suite.now ?? Date.now();
  const composed = await composeFor(suite, config, now);
  if ('errors' in composed) return composed;
  const { context, policySource } = composed;
  const usage = countUsage();
  const cases: TestCaseRow[] = [];
  for (const one of suite.cases) cases.push(await runCase(one, { suite, context, usage, terminal }));
  const notices = [...suite.notices.map(inputNoticeRow), ...noticesOf(composed, usage, now)];
  return { file, line, column, name, policies: policySource, cases, notices };
}

/** Policies that cannot be loaded are faults of the suite that names them: the other suites run all the same. */
async function composeFor(suite: Suite, config: Config, now: number): Promise<Composed | Faults> {
  try {
    return await compose({ ...config, policies: suite.policies }, { now: () => now });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const { file, document, policiesAt } = suite;
    return { errors: error.message.split('\n').map((message) => ({ file, document, ...policiesAt, message })) };
  }
}

interface Running {
  readonly suite: Suite;
  readonly context: Composed['context'];
  readonly usage: UsageCount;
  readonly terminal: Terminal;
}

async function runCase(one: SuiteCase, { suite, context, usage, terminal }: Running): Promise<TestCaseRow> {
  const answers = one.registry === undefined ? {} : writtenAnswers(one.registry);
  const judged = await judgeFiles(one.resources, {
    kinds: context.kinds,
    namespace: suite.namespace,
    stdin: terminal.input(),
    contextWith: (around) => ({ ...context, ...around, ...answers }),
    usage,
  });
  const { findings, errors, workloads } = judged;
  const { missing, unexpected } = compared(one, findings);
  const reason = workloads > 0 ? null : `no workload in ${one.resources.map(fileText).join(', ')}: nothing was judged`;
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

type Compared = ReturnType<typeof leftover<Exclude<SuiteCase['expect'], 'pass'>[number], FindingRow>>;

/** `pass`: nothing that would stop anybody or be shown to them, and no question left open. */
function compared({ expect }: SuiteCase, findings: readonly FindingRow[]): Compared {
  if (expect !== 'pass') return leftover(expect, findings, ({ finding }, row) => fits(finding, row));
  return { missing: [], unexpected: findings.filter((row) => fails(row, ['warn', 'unknown'])) };
}

function fits(wanted: SuiteFinding, row: FindingRow): boolean {
  return Object.entries(wanted).every(([key, value]) => row[key as keyof SuiteFinding] === value);
}
