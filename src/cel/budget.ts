/**
 * What an evaluation may cost, and how it ends early. The core has no clock, so steps are counted: every call, field and
 * element is one, long strings are one for each 32 characters, and functions that do more say so before they do it.
 */

/** Of one evaluation: some 20 ms of one core, whatever the expression does. */
export const MAX_STEPS = 200_000;

/** Of one check of one object, all its containers together. */
const MAX_TOTAL = 1_000_000;

/** With less of it, nothing can be said of any container; an object has no such number of them, and counts as unreadable. */
export const MAX_EVALUATIONS = 10_000;

export interface Budget {
  readonly steps: number;
  left: number;
}

/** `evaluations`: how many share the total. Each has its part, however much others take: no container can starve the next. */
export function newBudget(evaluations = 1): Budget {
  const steps = Math.min(MAX_STEPS, Math.floor(MAX_TOTAL / Math.max(1, evaluations)));
  return { steps, left: steps };
}

/** CEL's errors: `||`, `&&`, `all` and `exists` forget them when the other side decides. The message is a fragment. */
export class CelError extends Error {
  /** What the author of the expression can do about it. */
  readonly hint: string | undefined;
  /** `world`: a fact is not known. Else the author of the object has made it so that the expression fails. */
  readonly causedBy: 'author' | 'world';

  constructor(message: string, { hint, causedBy = 'author' }: Partial<Pick<CelError, 'hint' | 'causedBy'>> = {}) {
    super(message);
    this.name = 'CelError';
    this.hint = hint;
    this.causedBy = causedBy;
  }
}

/** Nothing forgets this one. */
export class OverBudget extends Error {
  constructor({ steps }: Budget) {
    super(`the evaluation takes more than ${steps} steps`);
    this.name = 'OverBudget';
  }
}

export function spend(budget: Budget, steps: number): void {
  budget.left -= steps;
  if (!(budget.left >= 0)) throw new OverBudget(budget);
}

/** A thrown error costs about as much as this many steps. */
const ERROR_STEPS = 100;

/** The CEL error in `error`; anything else goes on. */
export function celError(error: unknown, budget: Budget): CelError {
  if (!(error instanceof CelError)) throw error;
  spend(budget, ERROR_STEPS);
  return error;
}

/** For going through characters one by one. */
export function spendText(budget: Budget, text: string): void {
  spend(budget, text.length >> 3);
}
