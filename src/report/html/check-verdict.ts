/** What a check means, in one sentence, and what to fix first. */
import type { CheckReport } from '../check.ts';
import type { Help, Part, ReportFinding, Review } from './report-data.ts';
import { amount, share } from './sentence.ts';

interface Checked {
  readonly report: Pick<CheckReport, 'summary' | 'errors'>;
  readonly findings: readonly ReportFinding[];
  readonly reviews: readonly Review[];
  readonly subject: string;
  readonly helps: readonly Help[];
}

interface Sentences {
  readonly verdict: readonly Part[];
  readonly because: readonly Part[];
}

const MAX_HELPS = 5;

/** The rules whose denials, when fixed, free the most workloads come first. */
export function helpsOf(findings: readonly ReportFinding[]): readonly Help[] {
  const denials = findings.filter(({ after }) => after === 'deny');
  const only = [...Map.groupBy(denials, ({ review }) => review).values()].flatMap((rows) => {
    const rules = new Set(rows.map(({ rule }) => rule));
    return rules.size === 1 ? [...rules] : [];
  });
  const helps = [...Map.groupBy(denials, ({ rule }) => rule)].map(([rule, rows]) => ({
    rule,
    findings: rows.length,
    frees: only.filter((each) => each === rule).length,
  }));
  return helps.toSorted((one, other) => other.frees - one.frees || other.findings - one.findings).slice(0, MAX_HELPS);
}

export function checkSentences(checked: Checked): Sentences {
  const denied = checked.reviews.filter(({ after }) => after === 'deny').length;
  return { verdict: verdictOf(checked, denied), because: becauseOf(checked, denied) };
}

function verdictOf({ report, reviews, subject, helps }: Checked, denied: number): readonly Part[] {
  const { evaluated } = report.summary;
  const what: Part = [subject, 'code'];
  if (denied > 0) return denialOf({ subject, helps, denied, evaluated });
  if (evaluated === 0) return [['Nothing in '], what, [' was evaluated.']];
  const warned = reviews.filter(({ after }) => after === 'warn' || after === 'unknown').length;
  if (warned > 0)
    return [
      ['Nothing in '],
      what,
      [' would be denied; '],
      [share(warned, evaluated, 'workload')],
      [' would get warnings.'],
    ];
  return [['Nothing in '], what, [` would be denied: ${amount(evaluated, 'workload')} without a problem.`]];
}

interface Denial extends Pick<Checked, 'subject' | 'helps'> {
  readonly denied: number;
  readonly evaluated: number;
}

function denialOf({ subject, helps, denied, evaluated }: Denial): readonly Part[] {
  const [first] = helps;
  const all = share(denied, Math.max(evaluated, denied), 'workload');
  const start: readonly Part[] = [['Applying '], [subject, 'code'], [' would be denied for '], [all, 'bad']];
  if (first === undefined || first.frees === 0) return [...start, ['.']];
  const rule: readonly Part[] = [[first.rule, 'code'], ['.']];
  if (first.frees === denied) return [...start, [', only because of '], ...rule];
  return [...start, ['; '], [`${first.frees.toLocaleString('en-US')} of them`, 'bad'], [' only because of '], ...rule];
}

function becauseOf({ report, findings, helps }: Checked, denied: number): readonly Part[] {
  const unknown = findings.filter(({ after }) => after === 'unknown').length;
  const { known, excused, errors } = report.summary;
  const incomplete: Part = [`${amount(errors, 'input')} could not be evaluated, so the result is incomplete.`, 'bad'];
  const sentences: readonly (readonly Part[])[] = [
    errors > 0 ? [incomplete] : [],
    helpSentence(helps[0], denied),
    unknown > 0
      ? [[`${amount(unknown, 'result')} ${are(unknown)} unknown and ${unknown === 1 ? 'denies' : 'deny'} nothing.`]]
      : [],
    excused > 0 ? [[`Exceptions excuse ${amount(excused, 'finding')}.`]] : [],
    known > 0 ? [[`The baseline contains ${amount(known, 'finding')}.`]] : [],
  ];
  const said = sentences.filter((parts) => parts.length > 0);
  return said.flatMap((parts, index) => (index === 0 ? parts : [[' '] as const, ...parts]));
}

function helpSentence(help: Help | undefined, denied: number): readonly Part[] {
  if (help === undefined || help.frees === 0 || help.frees === denied) return [];
  const left = denied - help.frees;
  return [['Fix '], [help.rule, 'code'], [`, and ${amount(left, 'workload')} ${are(left)} left.`]];
}

function are(number: number): string {
  return number === 1 ? 'is' : 'are';
}
