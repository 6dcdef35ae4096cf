/**
 * Limits the cost of an evaluation. The core has no clock, so it counts steps: one for each call, field, and element, one for
 * each 32 characters of a string, and more for functions that do more work.
 */

/** Steps of one evaluation, about 20 ms on one core. */
export const MAX_STEPS = 200_000;

/** Steps of one check of one object, for all containers together. */
const MAX_TOTAL = 1_000_000;

/** More containers would leave too few steps for each of them. No real object has as many, so it counts as malformed. */
export const MAX_EVALUATIONS = 10_000;

export interface Budget {
  readonly steps: number;
  left: number;
}

/** `evaluations`: the number of evaluations that share the total. Each has an equal part, so that no container can starve others. */
export function newBudget(evaluations = 1): Budget {
  const steps = Math.min(MAX_STEPS, Math.floor(MAX_TOTAL / Math.max(1, evaluations)));
  return { steps, left: steps };
}

/** An error in CEL. `||`, `&&`, `all`, and `exists` ignore it if another operand decides. The message is a fragment. */
export class CelError extends Error {
  /** The remedy for the author of the expression. */
  readonly hint: string | undefined;
  /** `world`: a fact is unknown. `author`: the object makes the expression fail. */
  readonly causedBy: 'author' | 'world';

  constructor(message: string, { hint, causedBy = 'author' }: Partial<Pick<CelError, 'hint' | 'causedBy'>> = {}) {
    super(message);
    this.name = 'CelError';
    this.hint = hint;
    this.causedBy = causedBy;
  }
}

/** Unlike CelError, no operator ignores it. */
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

/** The cost of a thrown error, in steps. */
const ERROR_STEPS = 100;

/** Returns a CelError; rethrows all other errors. */
export function celError(error: unknown, budget: Budget): CelError {
  if (!(error instanceof CelError)) throw error;
  spend(budget, ERROR_STEPS);
  return error;
}

/** For functions that process each character. */
export function spendText(budget: Budget, text: string): void {
  spend(budget, text.length >> 3);
}
