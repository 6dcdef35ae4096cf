/** Formats JUnit XML: one test suite per file, and one test case per object (`check`) or case (`test`). */
import junit, { type Builder, type TestCase } from 'junit-report-builder';
import { objectLabel } from '../admission/message.ts';
import { locationText } from '../files/location-text.ts';
import { type CheckReport, type ErrorRow, type FailOn, fails } from './check.ts';
import { type FindingRow, findingText, type ObjectRow } from './rows.ts';
import type { TestReport } from './test.ts';
import { problemTexts } from './test-text.ts';

/** The package is CommonJS, but its types describe an ES module. */
function isBuilder(value: unknown): value is Builder {
  return typeof value === 'object' && value !== null && 'newBuilder' in value;
}

export function newBuilder(): Builder {
  if (!isBuilder(junit)) throw new TypeError('junit-report-builder has no newBuilder');
  return junit.newBuilder();
}

/** An object with images or findings. */
interface ObjectFindings {
  readonly object: ObjectRow;
  readonly findings: FindingRow[];
}

/** A finding that makes the command fail is a failure; other findings are the output of a passed test. */
export function junitCheck(report: CheckReport, failOn: readonly FailOn[]): string {
  const builder = newBuilder();
  for (const [file, { objects, errors }] of byFile(report)) {
    const suite = builder.testSuite().name(clean(file));
    for (const { object, findings } of objects.values()) {
      const test = suite
        .testCase()
        .className(clean(file))
        .file(clean(file))
        .name(clean(objectLabel(object.kind, object.namespace ?? undefined, object.name)));
      describe(test, findings, failOn);
    }
    for (const { line, column, message } of errors) {
      const test = suite.testCase().className(clean(file)).file(clean(file));
      test
        .name(line === null ? 'cannot be read' : `line ${line}:${column ?? 1}`)
        .error(clean(message), 'not evaluated');
    }
  }
  return `${builder.build()}\n`;
}

interface Suite {
  readonly objects: Map<string, ObjectFindings>;
  readonly errors: ErrorRow[];
}

function byFile({ images, findings, errors }: CheckReport): ReadonlyMap<string, Suite> {
  const suites = new Map<string, Suite>();
  const suiteOf = (file: string): Suite => {
    const suite = suites.get(file) ?? { objects: new Map<string, ObjectFindings>(), errors: [] };
    suites.set(file, suite);
    return suite;
  };
  const entryOf = (object: ObjectRow): ObjectFindings => {
    const { objects } = suiteOf(object.file);
    const { document, apiVersion, kind, namespace, name } = object;
    const key = JSON.stringify([document, apiVersion, kind, namespace, name]);
    const entry = objects.get(key) ?? { object, findings: [] };
    objects.set(key, entry);
    return entry;
  };
  for (const image of images) entryOf(image);
  for (const finding of findings) entryOf(finding).findings.push(finding);
  for (const error of errors) suiteOf(error.file).errors.push(error);
  return suites;
}

function describe(test: TestCase, findings: readonly FindingRow[], failOn: readonly FailOn[]): void {
  const failing = findings.filter((finding) => fails(finding, failOn));
  const passing = findings.filter((finding) => !fails(finding, failOn));
  const [first] = failing;
  if (first !== undefined) {
    const message = failing.length === 1 ? first.message : `${failing.length} problems, first: ${first.message}`;
    test.failure(clean(message), clean(first.rule)).stacktrace(clean(failing.map(textOf).join('\n')));
  }
  if (passing.length > 0) test.standardOutput(clean(passing.map(textOf).join('\n')));
}

function textOf(row: FindingRow): string {
  const place = row.line === null ? '' : `${row.line}:${row.column ?? 1}  `;
  return `${place}${row.action.padEnd(5)}  ${findingText(row).replaceAll('\n', '\n    ')}`;
}

/** Formats one test suite per suite, and one per file with errors. */
export function junitTests({ suites, errors }: TestReport): string {
  const builder = newBuilder();
  for (const { name, file, cases } of suites) {
    const suite = builder.testSuite().name(clean(name));
    for (const row of cases) {
      const test = suite.testCase().className(clean(file)).file(clean(file)).name(clean(row.name));
      const lines = problemTexts(row).map(({ place, text }) => clean(`${place}  ${text}`));
      const faults = row.errors.map((error) => clean(`${locationText(error)}  ${error.message}`));
      if (faults.length > 0) test.error(faults.join('\n'), 'not run');
      else if (lines[0] !== undefined) test.failure(lines[0], 'failed').stacktrace(lines.join('\n'));
    }
  }
  for (const [file, rows] of Map.groupBy(errors, (error) => error.file)) {
    const suite = builder.testSuite().name(clean(file));
    for (const row of rows) {
      const test = suite
        .testCase()
        .className(clean(file))
        .file(clean(file))
        .name(clean(locationText(row)));
      test.error(clean(row.message), 'not run');
    }
  }
  return `${builder.build()}\n`;
}

/** Replaces characters that XML 1.0 does not allow, and every end of a CDATA section; the package escapes only the first end. */
export function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll(']]>', ']] >');
}
