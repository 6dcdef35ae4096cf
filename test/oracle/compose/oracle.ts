/** What Compose reads in a `.env` file, and what it makes of a text with variables: the program in this directory. */
import { goProgram } from '../go-program.ts';

export interface ComposeQuestion {
  readonly env: string;
  readonly text: string;
}

export interface ComposeAnswer {
  /** Why Compose does not read it. */
  readonly error: string | null;
  readonly values: Readonly<Record<string, string>>;
  readonly text: string;
}

export const composeOracle = goProgram<ComposeQuestion, ComposeAnswer>({
  folder: import.meta.dirname,
  name: 'compose',
});
