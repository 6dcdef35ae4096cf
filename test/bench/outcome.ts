/** Measured numbers, their goals, and the tables that show them. */

export interface Goal {
  readonly bound: 'at least' | 'at most';
  readonly limit: number;
}

/** `goal` undefined: told for information. */
export interface Outcome {
  readonly measure: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: Goal | undefined;
  /** The numbers behind it. */
  readonly detail: string;
}

export const atLeast = (limit: number): Goal => ({ bound: 'at least', limit });
export const atMost = (limit: number): Goal => ({ bound: 'at most', limit });

/** A number that could not be measured (NaN) is a miss, never a pass. */
export function isMissed({ value, goal }: Outcome): boolean {
  if (goal === undefined) return false;
  return goal.bound === 'at least' ? !(value >= goal.limit) : !(value <= goal.limit);
}

export function outcomeTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => {
    const { measure, value, unit, goal, detail } = outcome;
    const wanted = goal === undefined ? '' : `${goal.bound === 'at least' ? '>=' : '<='} ${amount(goal.limit, unit)}`;
    const decision = goal === undefined ? '' : isMissed(outcome) ? 'MISS' : 'ok';
    return [measure, amount(value, unit), wanted, decision, detail];
  });
  return table(['measure', 'result', 'goal', '', 'detail'], rows);
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;

function amount(value: number, unit: string): string {
  return unit === 'x' ? `${value.toFixed(2)} x` : `${value.toFixed(0)} ${unit}`;
}

/** NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `median (smallest to largest)`. */
export function spread(values: readonly number[]): string {
  return `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;
}
