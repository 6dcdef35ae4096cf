/** What one rule of one policy says about one place of an object. */
import type { Container } from '../pod/containers.ts';
import type { ComparedValues } from './compared-values.ts';
import type { ImageException } from './exception.ts';
import type { Action } from './policy.ts';
import type { Beyond, RuleFailure } from './rule.ts';

/** What one rule of one policy says about one place of an object. */
export interface Finding {
  readonly policy: string;
  readonly rule: string;
  /** What happens: deny, warn or audit; `excused` when an exception in force says that nothing does. */
  readonly action: Action | 'excused';
  /** `violation`: the rule says no. `unknown`: it could not tell. `error`: the rule itself failed. */
  readonly outcome: 'violation' | 'unknown' | 'error';
  /** How it failed, when the outcome is `error`. */
  readonly failure?: RuleFailure | undefined;
  /** The stored object already had it, so it is no reason to refuse this update. */
  readonly existing: boolean;
  readonly container: Container | undefined;
  /** RFC 6901, from the root of the object. */
  readonly pointer: string;
  /** One line, without the container: `image "x" has no tag and defaults to "latest"`. */
  readonly message: string;
  readonly remedy: string | undefined;
  /** On UPDATE, of a rule whose sentence need not tell what it looked at: that. */
  readonly seen?: ComparedValues | undefined;
  /** Of an amount, how far it is beyond its bound. */
  readonly beyond?: Beyond | undefined;
  /** With the action `excused`, and only then: by which exception, and what would happen without it. */
  readonly excuse?: { readonly exception: ImageException; readonly insteadOf: Action } | undefined;
  /** The exception that would have excused it, had it not expired. */
  readonly lapsed?: ImageException | undefined;
}
