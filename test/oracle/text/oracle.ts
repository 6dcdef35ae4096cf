/** What Go and apimachinery make of a text: the program in this directory. */
import { goProgram } from '../go-program.ts';

export interface TextQuestion {
  readonly kind: 'duration' | 'quantity' | 'json quantity' | 'ip' | 'glob' | 'url' | 'request uri';
  readonly text: string;
  readonly name?: string;
}

export interface TextAnswer {
  readonly ok: boolean;
  readonly value?: string;
  readonly int64?: boolean;
  /** Bytes in base64. */
  readonly fields?: Readonly<Record<string, string | null>>;
}

export const textOracle = goProgram<TextQuestion, TextAnswer>({ folder: import.meta.dirname, name: 'text' });
