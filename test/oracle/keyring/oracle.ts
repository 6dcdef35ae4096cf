// What the kubelet's own keyring says: the program in this directory.
import { goProgram, type Running } from '../go-program.ts';

/** Bytes in base64, by the key of the Secret. */
export interface SecretQuestion {
  readonly name: string;
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}

interface KeyringQuestion {
  readonly secrets?: readonly SecretQuestion[];
  /** `domain/path`. */
  readonly images?: readonly string[];
  /** Pattern and name, for filepath.Match. */
  readonly globs?: readonly (readonly [string, string])[];
}

export interface KeyringAnswer {
  /** Why the kubelet pulls no image of the Pod. */
  readonly error: string | null;
  /** For each image, in the order in which they are tried. */
  readonly found: readonly (readonly FoundCredential[])[];
  readonly matches: readonly boolean[];
}

export interface FoundCredential {
  readonly secret: string;
  readonly username: string;
  readonly password: string;
}

export type KeyringProgram = Running<KeyringQuestion, KeyringAnswer>;

const program = goProgram<KeyringQuestion, KeyringAnswer>({ folder: import.meta.dirname, name: 'keyring' });

export const keyringMissing = program.missing;

export function startKeyring(): Promise<KeyringProgram> {
  return program.start();
}
