/** The flags of `pin`, and what its parts share. */
import type { AgeLimit } from '../../pinning/ages.ts';
import type { FormatName } from '../../report/index.ts';
import type { PinGrouping } from '../../report/pin-groups.ts';
import type { ForeignFlags, IgnoreFlags } from '../input-files.ts';
import type { Terminal } from '../terminal.ts';
import type { RegistryFor } from './registry-lookups.ts';

export interface PinFlags extends ForeignFlags, IgnoreFlags {
  readonly config?: string | undefined;
  readonly write?: boolean | undefined;
  readonly check?: boolean | undefined;
  readonly update?: boolean | undefined;
  /** Whether images get the names that policies give them. */
  readonly rewrite?: boolean | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  /** The namespace of objects that state none, for the scopes of policies. */
  readonly namespace?: string | undefined;
  readonly offline?: boolean | undefined;
  readonly lock?: string | undefined;
  /** The age of an image above which its digest is updated. */
  readonly maxAge?: AgeLimit | undefined;
  /** The age that the image of a new digest must have. */
  readonly minAge?: AgeLimit | undefined;
  /** Image patterns; other images stay as they are. */
  readonly only?: readonly string[] | undefined;
  readonly platform?: readonly string[] | undefined;
  readonly pullSecret?: readonly string[] | undefined;
  readonly helmImage?: readonly string[] | undefined;
  /** How the changelog of `-o markdown` is grouped. */
  readonly group?: PinGrouping | undefined;
  readonly output: FormatName<'pin'>;
}

export interface PinParts {
  readonly terminal: Terminal;
  readonly registryFor: RegistryFor;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

export interface Parts extends PinParts {
  readonly signal: AbortSignal;
}
