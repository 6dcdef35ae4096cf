// The values of CEL expressions in the API server: the program in this directory.
import { goProgram } from '../go-program.ts';

interface CelQuestion {
  readonly expression: string;
  readonly object: unknown;
}

export interface CelAnswer {
  /** `compile`: rejected before it is evaluated. */
  readonly outcome: 'value' | 'compile' | 'error';
  readonly value?: string;
  readonly error?: string;
}

export const celOracle = goProgram<CelQuestion, CelAnswer>({ folder: import.meta.dirname, name: 'cel' });
