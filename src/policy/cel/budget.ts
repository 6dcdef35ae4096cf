/**
 * What an evaluation may cost, and how it ends early. The core has no clock, so steps are counted: every call, field and
 * element is one, long strings are one for each 32 characters, and functions that do more say so before they do it.
 */

/** Of one check of one object, all its containers together: some 20 ms of one core, whatever the expression does. */
export const MAX_STEPS = 200_000;

export interface Budget {
  left: number;
}

export function newBudget(): Budget {
  return { left: MAX_STEPS };
}

/** CEL's errors: `||`, `&&`, `all` and `exists` forget them when the other side decides. The message is a fragment. */
export class CelError extends Error {
  /** What the author of the expression can do about it. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'CelError';
    this.hint = hint;
  }
}

/** Nothing forgets this one. */
export class OverBudget extends Error {
  constructor() {
    super(`it takes more than ${MAX_STEPS} steps`);
    this.name = 'OverBudget';
  }
}

export function spend(budget: Budget, steps: number): void {
  budget.left -= steps;
  if (!(budget.left >= 0)) throw new OverBudget();
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
