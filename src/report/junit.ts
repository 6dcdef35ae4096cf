/** A replay as JUnit XML, for CI systems: one test suite per file, one test case per review. */
import junit, { type Builder } from 'junit-report-builder';
import { objectLabel } from '../admission/message.ts';
import type { ReplayReport } from './replay.ts';

/** The package is CommonJS, its types describe an ES module. */
function isBuilder(value: unknown): value is Builder {
  return typeof value === 'object' && value !== null && 'newBuilder' in value;
}

export function junitReplay(report: ReplayReport): string {
  if (!isBuilder(junit)) throw new TypeError('junit-report-builder has no newBuilder');
  const builder = junit.newBuilder();
  const files = [...new Set([...report.reviews, ...report.errors].map(({ file }) => file))];
  for (const file of files) {
    const suite = builder.testSuite().name(file);
    for (const row of report.reviews.filter((review) => review.file === file)) {
      const label = `${row.operation} ${objectLabel(row.kind, row.namespace ?? undefined, row.name)}`;
      const test = suite.testCase().className(file).name(`${label} (line ${row.line}, ${row.uid})`);
      const [first] = row.differences;
      if (first !== undefined) test.failure(row.differences.map(({ text }) => text).join('\n'), first.kind);
    }
    for (const { line, message } of report.errors.filter((error) => error.file === file)) {
      suite
        .testCase()
        .className(file)
        .name(`line ${line ?? 0}`)
        .error(message);
    }
  }
  return builder.build();
}
