/** Formats the result of `suggest` as text. */
import { printable } from '../image/quote.ts';
import { errorNotes, type Paint } from './paint.ts';
import type { LeftOut, SuggestedRule, SuggestedStep, SuggestReport, UnknownRule } from './suggest.ts';
import { numberText } from './number-text.ts';
import { namesText, reviewsText, spanText, workloadText } from './suggest-steps.ts';
import { wrap } from './wrap.ts';

export function prettySuggest(report: SuggestReport, ink: Paint, columns?: number): string {
  const { rules, steps, moreSteps, unknown, errors, moreErrors } = report;
  const byPolicy = [...Map.groupBy(rules, ({ policy }) => policy).values()];
  const more = moreSteps === 0 ? [] : [`  ${ink.dim(`${numberText(moreSteps)} more; to list them, use --steps`)}\n`];
  const blocks = [
    ...byPolicy.map((of) => policyBlock(of, { ink, columns, reviews: report.recording.reviews })),
    ...(steps.length === 0 ? [] : [stepsBlock(steps, { ink, columns }) + more.join('')]),
    ...(unknown.length === 0 ? [] : [unknownBlock(unknown, { ink, columns })]),
    ...(errors.length === 0 ? [] : [errorNotes(errors, ink) + moreErrorsText(moreErrors)]),
    summary(report),
  ];
  return blocks.join('\n');
}

interface Layout {
  readonly ink: Paint;
  /** undefined: lines are not broken. */
  readonly columns: number | undefined;
}

/** In a narrow terminal, the terminal breaks the lines. */
const MIN_ROOM = 30;

function roomBeside(indent: string, columns: number | undefined): number | undefined {
  return columns === undefined || columns - indent.length < MIN_ROOM ? undefined : columns - indent.length;
}

function policyBlock(
  rules: readonly SuggestedRule[],
  { ink, columns, reviews }: Layout & { readonly reviews: number },
): string {
  const [{ policy, excludedNamespaces } = { policy: '', excludedNamespaces: [] as readonly string[] }] = rules;
  const excluded = excludedNamespaces.length === 0 ? '' : `  excludes namespaces ${excludedNamespaces.join(', ')}`;
  const width = rules.reduce((widest, { rule }) => Math.max(widest, rule.length), 0);
  const indent = ' '.repeat(width + 10);
  const lines = rules.map(({ rule, action, parameters, violations }) => {
    const level = action === 'deny' ? ink.red('deny') : ink.yellow('warn');
    const found = violations === 0 ? [] : [`violated by ${numberText(violations)} of ${reviewsText(reviews)}`];
    const text = [...parameterTexts(parameters), ...found].join('; ');
    return `  ${level}  ${ink.cyan(rule.padEnd(width))}  ${wrap(text, roomBeside(indent, columns)).join(`\n${indent}`)}`.trimEnd();
  });
  return `${ink.underline(`policy ${policy}`)}${excluded}\n${lines.map((line) => `${line}\n`).join('')}`;
}

const MAX_VALUES = 8;

function parameterTexts(parameters: object | null): readonly string[] {
  return Object.entries(parameters ?? {}).map(([key, value]) => {
    if (!Array.isArray(value)) return `${key}: ${String(value)}`;
    const more = value.length > MAX_VALUES ? `, and ${value.length - MAX_VALUES} more` : '';
    return `${key}: ${value.slice(0, MAX_VALUES).join(', ')}${more}`;
  });
}

function stepsBlock(steps: readonly SuggestedStep[], { ink, columns }: Layout): string {
  const counts = steps.map(({ denied, reviews }) => `${numberText(denied)} of ${numberText(reviews)}`);
  const width = counts.reduce((widest, { length }) => Math.max(widest, length), 0);
  const indent = ' '.repeat(width + 14);
  const room = roomBeside(indent, columns);
  const lines = steps.map((step, index) => {
    const head = `  ${shareText(step).padStart(8)}  ${(counts[index] ?? '').padStart(width)}`;
    const text = [...wrap(step.change, room), ...wrap(detail(step), room).map((line) => ink.dim(line))];
    return `${head}  ${text.join(`\n${indent}`)}\n`;
  });
  return `${ink.underline('next steps')}  by the share of reviews that each denies\n${lines.join('')}`;
}

/** Who is denied, and when. */
function detail(step: SuggestedStep): string {
  const names = step.workloads.map((workload) => `${workloadText(workload)} (${numberText(workload.denied)})`);
  const who = namesText(names, step.moreWorkloads);
  return step.denied === 0 ? 'nothing' : `${who}${spanText(step.first, step.last).replace(' ', '; ')}`;
}

function shareText({ denied, reviews }: SuggestedStep): string {
  const percent = (denied / reviews) * 100;
  return percent > 0 && percent < 0.01 ? '< 0.01 %' : `${percent.toFixed(percent < 10 ? 2 : 1)} %`;
}

/** A message can have an image of any length. */
const MAX_REASON = 400;

function unknownBlock(unknown: readonly UnknownRule[], { ink, columns }: Layout): string {
  const groups = [...Map.groupBy(unknown, (row) => `${row.unknown} ${row.reason}`).values()];
  const indent = ' '.repeat(4);
  const room = roomBeside(indent, columns);
  const lines = groups.map((rows) => {
    const [first] = rows;
    const text = `unknown in ${reviewsText(first?.unknown ?? 0)}: ${printable(first?.reason ?? '', MAX_REASON)}`;
    return `  ${ink.cyan(rows.map(nameOf).join(', '))}\n${indent}${wrap(text, room).join(`\n${indent}`)}\n`;
  });
  return `${ink.underline('not suggested')}  the recording does not show what these rules decide\n${lines.join('')}`;
}

function nameOf({ rule, parameters }: UnknownRule): string {
  return parameters === null ? rule : `${rule} {${parameterTexts(parameters).join('; ')}}`;
}

function moreErrorsText(more: number): string {
  return more === 0 ? '' : `${numberText(more)} more errors\n`;
}

const LEFT_OUT_TEXTS: Readonly<Record<LeftOut, string>> = {
  denied: 'denied when they were recorded',
  dryRun: 'dry runs',
  mutate: 'of the mutating webhook',
  notEvaluated: 'without images',
  excluded: 'in excluded namespaces',
  outside: 'outside of --since and --until',
};

function summary({ recording }: SuggestReport): string {
  const { reviews, lines, files, first, last, leftOut, dropped } = recording;
  const parts = Object.entries(leftOut).flatMap(([why, count]) =>
    count === 0 ? [] : [`${numberText(count)} ${LEFT_OUT_TEXTS[why as LeftOut]}`],
  );
  const others = parts.length === 0 ? '' : `; not counted: ${parts.join(', ')}`;
  const lost = dropped === 0 ? '' : `; ${reviewsText(dropped)} not recorded by the server`;
  const from = `${numberText(lines)} ${lines === 1 ? 'line' : 'lines'} in ${numberText(files)} ${files === 1 ? 'file' : 'files'}`;
  return `${reviewsText(reviews)}${spanText(first, last)} (${from})${others}${lost}\n`;
}
