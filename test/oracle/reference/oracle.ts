// What the Go originals say of an image string: the program in this directory.
import { goProgram } from '../go-program.ts';

/** What github.com/distribution/reference makes of one image string. */
export type OracleAnswer = ValidImage | InvalidImage;

interface ValidImage {
  readonly valid: true;
  readonly error: null;
  readonly domain: string;
  readonly path: string;
  readonly tag: string | null;
  readonly digest: string | null;
  /** The fully spelled name (`docker.io/library/nginx`), with tag and digest as they were; no tag is added. */
  readonly normalized: string;
  /** The shortest name (`nginx`), with tag and digest as they were. */
  readonly familiar: string;
  /** What containerd pulls: `:latest` when there is neither tag nor digest, no tag when there are both. */
  readonly runtimeRef: string;
}

interface InvalidImage {
  readonly valid: false;
  readonly error: string;
  readonly domain: null;
  readonly path: null;
  readonly tag: null;
  readonly digest: null;
  readonly normalized: null;
  readonly familiar: null;
  readonly runtimeRef: null;
}

interface OracleQuestion {
  readonly kind: 'reference';
  readonly image: string;
}

export interface Oracle {
  /**
   * One answer per image, in the same order. A lone surrogate reaches Go as U+FFFD, as it does in the API server, so such
   * an image is always invalid.
   */
  ask(images: readonly string[]): Promise<readonly OracleAnswer[]>;
  close(): Promise<void>;
}

const program = goProgram<OracleQuestion, OracleAnswer>({ folder: import.meta.dirname, name: 'reference' });

export const oracleMissing = program.missing;

export async function startOracle(): Promise<Oracle> {
  const running = await program.start();
  return {
    ask: (images) => running.ask(images.map((image) => ({ kind: 'reference', image }))),
    close: () => running.close(),
  };
}
