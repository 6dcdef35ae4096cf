/** Lists the report formats of each command. A new format is a file and a row here. */
import type { Rule } from '../policy/rule.ts';
import type { CheckReport, FailOn } from './check.ts';
import type { DoctorReport } from './doctor.ts';
import type { Paint } from './paint.ts';
import type { DriftReport, PinReport } from './pin.ts';
import type { PinView } from './pin-text.ts';
import type { ReplayReport } from './replay.ts';
import type { NoticeRow } from './rows.ts';
import type { TestReport } from './test.ts';

/** The input of the formats, by command. */
interface Results {
  readonly check: {
    readonly report: CheckReport;
    readonly failOn: readonly FailOn[];
    readonly policySource: string;
    readonly rules: readonly Rule[];
    readonly version: string;
    /** The directory that relative paths in the report start from. */
    readonly folder: string;
    readonly ink: Paint;
  };
  readonly test: { readonly report: TestReport; readonly ink: Paint };
  readonly replay: { readonly report: ReplayReport; readonly policies: string; readonly ink: Paint };
  readonly pin: PinView & { readonly report: PinReport };
  readonly drift: { readonly report: DriftReport; readonly ink: Paint };
  readonly doctor: { readonly report: DoctorReport; readonly ink: Paint };
}

export type ReportCommand = keyof Results;

export interface Output {
  /** Text for standard output. */
  readonly out: string;
  /** Text for standard error. */
  readonly notes?: string;
}

type Format = { readonly [C in ReportCommand]?: (result: Results[C]) => Promise<Output> };

const json = ({ report }: { readonly report: object }): Promise<Output> =>
  Promise.resolve({ out: `${JSON.stringify(report, null, 2)}\n` });

/** The order is that of `--help`, and the first format is the default. Each row imports its file on use. */
const FORMATS = {
  pretty: {
    check: async ({ report, policySource, ink }) => {
      const { prettyCheck } = await import('./check-text.ts');
      return { out: prettyCheck(report, policySource, ink) };
    },
    test: async ({ report, ink }) => ({ out: (await import('./test-text.ts')).prettyTests(report, ink) }),
    replay: async ({ report, policies, ink }) => {
      const { prettyReplay } = await import('./replay-text.ts');
      return { out: prettyReplay(report, policies, ink) };
    },
    pin: async ({ report, ...rest }) => (await import('./pin-text.ts')).prettyPin(report, rest),
    drift: async ({ report, ink }) => (await import('./pin-text.ts')).prettyDrift(report, ink),
    doctor: async ({ report, ink }) => ({ out: (await import('./doctor-text.ts')).prettyDoctor(report, ink) }),
  },
  json: { check: json, test: json, replay: json, pin: json, drift: json, doctor: json },
  sarif: {
    check: async ({ report, rules, version, folder }) => {
      const { sarifCheck } = await import('./sarif.ts');
      return withNotices(report.notices, sarifCheck(report, { rules, version, folder }));
    },
  },
  junit: {
    check: async ({ report, failOn }) => {
      const { junitCheck } = await import('./junit.ts');
      return withNotices(report.notices, junitCheck(report, failOn));
    },
    test: async ({ report }) => ({ out: (await import('./junit.ts')).junitTests(report) }),
    replay: async ({ report }) => ({ out: (await import('./junit.ts')).junitReplay(report) }),
  },
  github: {
    check: async ({ report, policySource, folder }) => {
      const { githubCheck } = await import('./github.ts');
      return withNotices(report.notices, githubCheck(report, { policySource, folder }));
    },
  },
} satisfies Readonly<Record<string, Format>>;

type Formats = typeof FORMATS;

export type FormatName<C extends ReportCommand> = {
  [F in keyof Formats]: C extends keyof Formats[F] ? F : never;
}[keyof Formats];

export function formatsFor(command: ReportCommand): readonly string[] {
  return Object.entries<Format>(FORMATS)
    .filter(([, format]) => format[command] !== undefined)
    .map(([name]) => name);
}

export function formatReport<C extends ReportCommand>(
  command: C,
  format: FormatName<C>,
  result: Results[C],
): Promise<Output> {
  const write = (FORMATS as Readonly<Record<string, Format>>)[format]?.[command];
  if (write === undefined) throw new RangeError(`${command} has no format ${format}`);
  return write(result);
}

/** Adds notices on standard error for formats that cannot contain them. */
async function withNotices(notices: readonly NoticeRow[], out: string): Promise<Output> {
  const { noticeLine, paint } = await import('./paint.ts');
  return { out, notes: notices.map((row) => `${noticeLine(row, paint(false))}\n`).join('') };
}
