/**
 * Formats the result of `replay` as JUnit XML: a test case per review of a file, and per owner of the reviews of a recording, which
 * can have any number of reviews. The number of test cases is bounded.
 */
import { objectLabel } from '../../admission/message.ts';
import type { ReplayRow } from '../../recording/replay-row.ts';
import { clean, newBuilder } from '../junit.ts';
import { numberText } from '../number-text.ts';
import { countDistinct } from './distinct.ts';
import { groupCount } from './group-limit.ts';
import { hasSpace, ownerLabel, type Space } from './groups.ts';
import { problemsOf } from './problems.ts';
import { DIFFERENCES, type DifferentChange, type ReplayReport } from './report.ts';
import type { ReplayRun } from './run.ts';

interface Case {
  readonly suite: string;
  readonly name: string;
  reviews: number;
  readonly failing: Lines;
  readonly passing: Lines;
}

interface Lines {
  kind: DifferentChange | undefined;
  readonly lines: Set<string>;
}

export async function junitReplay(run: ReplayRun, failOn: readonly DifferentChange[]): Promise<string> {
  const cases = collectCases(failOn);
  const report = await run(cases.add);
  return xmlOf(cases.list(), report);
}

/** Cases that fail, and as many that do not when they come first. Reviews of others are one case, which fails if one of them would. */
const MAX_CASES = 5000;
/** Characters of the lines of all cases, beyond the first line of each. */
const MAX_LENGTH = 2_000_000;

interface Cases {
  readonly add: (row: ReplayRow) => void;
  list(): readonly Case[];
}

function collectCases(failOn: readonly DifferentChange[]): Cases {
  const known = new Map<string, Case>();
  const places = { failing: MAX_CASES, passing: MAX_CASES };
  const others = newCase('(others)', '');
  const otherNames = countDistinct();
  const space: Space = { length: MAX_LENGTH };
  const caseFor = (row: ReplayRow, isFailing: boolean): Case => {
    const { suite, name } = titleOf(row);
    const key = JSON.stringify([suite, name]);
    const found = known.get(key);
    if (found !== undefined) return found;
    const place = isFailing ? 'failing' : 'passing';
    if (places[place] === 0) {
      otherNames.add(key);
      return others;
    }
    places[place] -= 1;
    const created = newCase(suite, name);
    known.set(key, created);
    return created;
  };
  return {
    add(row) {
      const change = DIFFERENCES.find((each) => each === row.change);
      const isFailing = change !== undefined && failOn.includes(change);
      const own = caseFor(row, isFailing);
      own.reviews += row.count;
      if (change !== undefined) addProblems(isFailing ? own.failing : own.passing, change, { row, space });
    },
    list() {
      const name = `(others: ${groupCount(0, { groups: otherNames.count(), reviews: others.reviews })} cases)`;
      return [...known.values(), ...(others.reviews === 0 ? [] : [{ ...others, name }])];
    },
  };
}

function newCase(suite: string, name: string): Case {
  const empty = (): Lines => ({ kind: undefined, lines: new Set() });
  return { suite, name, reviews: 0, failing: empty(), passing: empty() };
}

function titleOf(row: ReplayRow): Pick<Case, 'suite' | 'name'> {
  const { id, file, line, uid, operation, kind, namespace, name } = row;
  if (id !== null) return { suite: namespace ?? 'cluster-scoped', name: ownerLabel(row) };
  return {
    suite: file,
    name: `${operation} ${objectLabel(kind, namespace ?? undefined, name)} (line ${line}, ${uid})`,
  };
}

const MAX_LINES = 50;

function addProblems(
  to: Lines,
  change: DifferentChange,
  { row, space }: { readonly row: ReplayRow; readonly space: Space },
): void {
  to.kind ??= change;
  const { lines } = to;
  for (const { text, rule, actions } of problemsOf(row)) {
    const source = rule === null ? '' : ` [${rule}]`;
    const line = `${change}: ${actions === null ? '' : `${actions}  `}${text}${source}`;
    if (lines.size >= MAX_LINES || lines.has(line)) continue;
    if (lines.size === 0 || hasSpace(space, line.length)) lines.add(line);
  }
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
