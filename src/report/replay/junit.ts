/**
 * Formats the result of `replay` as JUnit XML: a test case per review of a file, and per owner of the reviews of a recording, which
 * can have any number of reviews.
 */
import { objectLabel } from '../../admission/message.ts';
import type { ReplayRow } from '../../recording/replay-row.ts';
import { clean, newBuilder } from '../junit.ts';
import { numberText } from '../number-text.ts';
import { ownerLabel } from './groups.ts';
import { problemsOf } from './problems.ts';
import { DIFFERENCES, type DifferentChange, type ReplayReport } from './report.ts';
import type { ReplayRun } from './run.ts';

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly reviews: number;
  readonly failing: Lines;
  readonly passing: Lines;
}

interface Lines {
  readonly kind: DifferentChange | undefined;
  readonly lines: ReadonlySet<string>;
}

export async function junitReplay(run: ReplayRun, failOn: readonly DifferentChange[]): Promise<string> {
  const cases = new Map<string, Case>();
  const report = await run((row) => {
    const { suite, name } = titleOf(row);
    const key = JSON.stringify([suite, name]);
    const known = cases.get(key) ?? { suite, name, reviews: 0, failing: NONE, passing: NONE };
    cases.set(key, withRow(known, row, failOn));
  });
  return xmlOf([...cases.values()], report);
}

const NONE: Lines = { kind: undefined, lines: new Set() };

function titleOf(row: ReplayRow): Pick<Case, 'suite' | 'name'> {
  const { id, file, line, uid, operation, kind, namespace, name } = row;
  if (id !== null) return { suite: namespace ?? 'cluster-scoped', name: ownerLabel(row) };
  return {
    suite: file,
    name: `${operation} ${objectLabel(kind, namespace ?? undefined, name)} (line ${line}, ${uid})`,
  };
}

function withRow(known: Case, row: ReplayRow, failOn: readonly DifferentChange[]): Case {
  const reviews = known.reviews + row.count;
  const change = DIFFERENCES.find((each) => each === row.change);
  if (change === undefined) return { ...known, reviews };
  return failOn.includes(change)
    ? { ...known, reviews, failing: withProblems(known.failing, change, row) }
    : { ...known, reviews, passing: withProblems(known.passing, change, row) };
}

const MAX_LINES = 50;

function withProblems({ kind, lines }: Lines, change: DifferentChange, row: ReplayRow): Lines {
  const all = new Set(lines);
  for (const { text, rule, actions } of problemsOf(row)) {
    const source = rule === null ? '' : ` [${rule}]`;
    const line = `${change}: ${actions === null ? '' : `${actions}  `}${text}${source}`;
    if (all.size < MAX_LINES) all.add(line);
  }
  return { kind: kind ?? change, lines: all };
}

function xmlOf(cases: readonly Case[], { errors, partial }: ReplayReport): string {
  const builder = newBuilder();
  for (const [name, list] of Map.groupBy(cases, ({ suite }) => suite)) {
    const suite = builder.testSuite().name(clean(name));
    for (const { name: title, reviews, failing, passing } of list) {
      const many = reviews === 1 ? '' : ` (${numberText(reviews)} reviews)`;
      const test = suite
        .testCase()
        .className(clean(name))
        .name(clean(`${title}${many}`));
      const text = [...failing.lines].join('\n');
      if (failing.kind !== undefined) test.failure(clean(text), failing.kind);
      if (passing.kind !== undefined) test.standardOutput(clean([...passing.lines].join('\n')));
    }
  }
  for (const [file, list] of Map.groupBy(errors, (error) => error.file)) {
    const suite = builder.testSuite().name(clean(file));
    for (const { line, message } of list) {
      suite
        .testCase()
        .className(clean(file))
        .name(`line ${line ?? 0}`)
        .error(clean(message));
    }
  }
  if (partial) builder.testSuite().name('replay').testCase().name('interrupted').error('only a part was evaluated');
  return `${builder.build()}\n`;
}
