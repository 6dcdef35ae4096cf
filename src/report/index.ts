/** Lists the report formats of each command. A new format is a file and a row here. */
import type { Rule } from '../policy/rule.ts';
import type { CheckReport, FailOn } from './check.ts';
import type { CheckView } from './check-view.ts';
import { withName } from './command-lines.ts';
import type { CopyReport } from './copy.ts';
import type { DoctorReport } from './doctor.ts';
import type { ReportedObject } from './html/check-run.ts';
import type { ChangedLine, ReportOrigin } from './html/report-data.ts';
import type { ReportedRule } from './html/document.ts';
import type { Paint } from './paint.ts';
import type { DriftReport, PinReport } from './pin.ts';
import type { PinView } from './pin-text.ts';
import type { RecordingReport } from './recording.ts';
import type { Grouping } from './replay/groups.ts';
import type { DifferentChange } from './replay/report.ts';
import type { ReplayRun } from './replay/run.ts';
import type { NoticeRow } from './rows.ts';
import type { SuggestReport } from './suggest.ts';
import type { TestReport } from './test.ts';

/** The program in the command lines of text; undefined: `tidewaiter`. */
interface Named {
  readonly name?: string | undefined;
}

type Recorded = Named & { readonly report: RecordingReport; readonly ink: Paint };

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
    /** The layout of text; by default that of a pipe. */
    readonly view?: CheckView | undefined;
    /** What was checked: files and directories; `-` is standard input. */
    readonly paths: readonly string[];
    /** The objects with findings, by `objectKey`; only for formats that need them. */
    readonly objects: ReadonlyMap<string, ReportedObject>;
    /** Milliseconds since 1970. */
    readonly now: number;
    /** Only for reports that people read on another machine. */
    readonly origin?: ReportOrigin | undefined;
  };
  readonly test: Named & { readonly report: TestReport; readonly ink: Paint };
  readonly replay: Named & {
    /** Evaluates the reviews. */
    readonly run: ReplayRun;
    readonly policies: string;
    readonly rules: readonly ReportedRule[];
    readonly version: string;
    /** The recordings; `-` is standard input. */
    readonly paths: readonly string[];
    /** From the policies to those that they are compared with. */
    readonly policyChange?: readonly ChangedLine[] | undefined;
    /** Milliseconds since 1970. */
    readonly now: number;
    /** Only for reports that people read on another machine. */
    readonly origin?: ReportOrigin | undefined;
    readonly ink: Paint;
    readonly failOn: readonly DifferentChange[];
    readonly groupBy: Grouping;
    readonly verbose: boolean;
    /** List all reviews in JSON. */
    readonly all: boolean;
    /** undefined: not a terminal. */
    readonly columns: number | undefined;
    /** Writes a part of the output early. */
    readonly out: (text: string) => void;
  };
  readonly 'import-audit': Recorded;
  readonly record: Recorded;
  readonly suggest: {
    readonly report: SuggestReport;
    /** The policies, with comments. */
    readonly yaml: string;
    readonly ink: Paint;
    readonly columns: number | undefined;
  };
  readonly pin: PinView & { readonly report: PinReport };
  readonly drift: { readonly report: DriftReport; readonly ink: Paint };
  readonly copy: {
    readonly report: CopyReport;
    /** For `skopeo sync`. */
    readonly yaml: string;
    readonly ink: Paint;
  };
  readonly doctor: Named & { readonly report: DoctorReport; readonly ink: Paint };
}

export type ReportCommand = keyof Results;

export type CheckResult = Results['check'];

export type ReplayResult = Results['replay'];

export interface Output {
  /** Text for standard output. */
  readonly out: string;
  /** Text for standard error. */
  readonly notes?: string;
}

type Format = { readonly [C in ReportCommand]?: (result: Results[C]) => Promise<Output> };

const json = ({ report }: { readonly report: object }): Promise<Output> =>
  Promise.resolve({ out: `${JSON.stringify(report, null, 2)}\n` });

const pinJson = async ({ report, changes }: Results['pin']): Promise<Output> =>
  json({ report: { ...report, changes: await changes() } });

const replayJson = async ({ run, out, all }: Results['replay']): Promise<Output> => {
  const { jsonReplay } = await import('./replay/json.ts');
  return { out: await jsonReplay(run, out, all) };
};

const recordingText = async ({ report, ink, name }: Recorded): Promise<Output> => {
  const { prettyRecording } = await import('./recording-text.ts');
  return { out: withName(prettyRecording(report, ink), name) };
};

/** The order is that of `--help`, and the first format is the default. Each row imports its file on use. */
const FORMATS = {
  pretty: {
    check: async ({ report, policySource, ink, view }) => {
      const { prettyCheck } = await import('./check-text.ts');
      return { out: prettyCheck(report, policySource, ink, view) };
    },
    test: async ({ report, ink, name }) => {
      const { prettyTests } = await import('./test-text.ts');
      return { out: withName(prettyTests(report, ink), name) };
    },
    replay: async ({ name, ...rest }) => {
      const { prettyReplay } = await import('./replay/text.ts');
      return { out: withName(await prettyReplay(rest), name) };
    },
    'import-audit': recordingText,
    record: recordingText,
    suggest: async ({ report, ink, columns }) => {
      const { prettySuggest } = await import('./suggest-text.ts');
      return { out: prettySuggest(report, ink, columns) };
    },
    pin: async ({ report, ...rest }) => (await import('./pin-text.ts')).prettyPin(report, rest),
    drift: async ({ report, ink }) => (await import('./pin-text.ts')).prettyDrift(report, ink),
    copy: async ({ report, ink }) => (await import('./copy-text.ts')).prettyCopy(report, ink),
    doctor: async ({ report, ink, name }) => {
      const { prettyDoctor } = await import('./doctor-text.ts');
      return { out: withName(prettyDoctor(report, ink), name) };
    },
  },
  lines: { copy: async ({ report, ink }) => (await import('./copy-text.ts')).copyLines(report, ink) },
  yaml: {
    suggest: ({ yaml }) => Promise.resolve({ out: yaml }),
    copy: async ({ report, yaml, ink }) => {
      const { copyNotes, leftOutNotes } = await import('./copy-text.ts');
      return { out: yaml, notes: leftOutNotes(report) + copyNotes(report, ink) };
    },
  },
  json: {
    check: json,
    test: json,
    replay: replayJson,
    'import-audit': json,
    record: json,
    suggest: json,
    pin: pinJson,
    drift: json,
    copy: json,
    doctor: json,
  },
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
    replay: async ({ run, failOn }) => ({ out: await (await import('./replay/junit.ts')).junitReplay(run, failOn) }),
  },
  markdown: {
    check: async ({ report, policySource, folder }) => {
      return { out: (await import('./markdown.ts')).markdownCheck(report, { policySource, folder }) };
    },
    replay: async (result) => ({ out: await (await import('./replay/markdown.ts')).markdownReplay(result) }),
    pin: async ({ report, changes, markdown, ink }) => {
      const [{ markdownPin }, { pinNotes }] = await Promise.all([import('./pin-markdown.ts'), import('./pin-text.ts')]);
      return { out: markdownPin(await changes(), markdown), notes: pinNotes(report, ink) };
    },
  },
  gitlab: {
    check: async ({ report, folder }) => {
      const { gitlabCheck } = await import('./gitlab.ts');
      return withNotices(report.notices, gitlabCheck(report, folder));
    },
  },
  github: {
    check: async ({ report, policySource, folder }) => {
      const { githubCheck } = await import('./github.ts');
      return withNotices(report.notices, githubCheck(report, { policySource, folder }));
    },
  },
  html: {
    check: async ({ report, paths, policySource, objects, view, ...about }) => {
      const [{ checkRun }, { htmlDocument }] = await Promise.all([
        import('./html/check-run.ts'),
        import('./html/document.ts'),
      ]);
      const textOf = view?.textOf ?? (() => undefined);
      return { out: htmlDocument({ runs: [checkRun({ report, paths, policySource, objects, textOf })], ...about }) };
    },
    replay: async ({ run, paths, policies, policyChange, ...about }) => {
      const [{ collectRows }, { htmlDocument }] = await Promise.all([
        import('./html/replay-run.ts'),
        import('./html/document.ts'),
      ]);
      const rows = collectRows();
      try {
        const report = await run(rows.add);
        return { out: htmlDocument({ runs: rows.runs({ report, paths, policies, policyChange }), ...about }) };
      } finally {
        rows.close();
      }
    },
  },
} satisfies Readonly<Record<string, Format>>;

/** Formats that show objects in addition to their findings. */
export function showsObjects(format: string): boolean {
  return format === 'html';
}

/** Reports of a replay that also need the rows of reviews that they do not list. */
export function needsAllRows(format: FormatName<'replay'>): boolean {
  return format === 'html' || format === 'junit';
}

type Formats = typeof FORMATS;

export type FormatName<C extends ReportCommand> = {
  [F in keyof Formats]: C extends keyof Formats[F] ? F : never;
}[keyof Formats];

export function formatsFor(command: ReportCommand): readonly string[] {
  return Object.entries<Format>(FORMATS)
    .filter(([, format]) => format[command] !== undefined)
    .map(([name]) => name);
}

export function isFormatFor<C extends ReportCommand>(command: C, name: string): name is FormatName<C> {
  return formatsFor(command).includes(name);
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
