// Where containerd and CRI-O pull an image from, with given mirror configurations: the program in this directory.
import { goProgram, type Running } from '../go-program.ts';

export interface MirrorQuestion {
  /** Paths below the directory of containerd's configuration, and texts. */
  readonly containerd: Readonly<Record<string, string>>;
  /** A file in registries.conf.d. */
  readonly crio: string;
  /** A complete name with a tag or a digest. */
  readonly image: string;
}

export interface MirrorAnswer {
  /** URLs of the manifest, in the order in which they are tried. */
  readonly containerd: readonly string[];
  /** References, in the order in which they are tried. */
  readonly crio: readonly string[];
}

const program = goProgram<MirrorQuestion, MirrorAnswer>({ folder: import.meta.dirname, name: 'mirrors' });

export const mirrorOracleMissing = program.missing;
export const startMirrorOracle = (): Promise<Running<MirrorQuestion, MirrorAnswer>> => program.start();
