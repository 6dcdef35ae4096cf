/** What the parts of the page can do. */
import type { Key } from './finding-keys.ts';
import type { State } from './state.ts';

export interface Actions {
  /** Shows another selection; `isStep`: Back returns to the one before. */
  readonly select: (change: Partial<State>, isStep?: boolean) => void;
  readonly filter: (key: Key, value: string, how: boolean | undefined) => void;
  readonly clear: () => void;
  readonly copy: (text: string, done: string) => void;
  readonly linkTo: (finding: number) => string;
}
