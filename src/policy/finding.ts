import type { Container } from '../pod/containers.ts';
import type { LazyValues } from './compared-values.ts';
import type { ImageException } from './exception.ts';
import type { Action } from './policy.ts';
import type { Undecided } from './undecided.ts';
import type { Beyond, RuleFailure } from './rule.ts';

/** One result of one rule of one policy, for one value in an object. */
export interface Finding {
  readonly policy: string;
  readonly rule: string;
  /** `excused`: an exception applies, and the finding has no effect. */
  readonly action: Action | 'excused';
  /** `unknown`: the rule cannot determine whether there is a violation. `error`: the rule failed. */
  readonly outcome: 'violation' | 'unknown' | 'error';
  /** Only for the outcome `error`. */
  readonly failure?: RuleFailure | undefined;
  /** True if the stored object already had the finding, so that it does not deny this update. */
  readonly existing: boolean;
  readonly container: Container | undefined;
  /** RFC 6901, from the root of the object. */
  readonly pointer: string;
  /** One line, without the container: `image "x" has no tag and defaults to "latest"`. */
  readonly message: string;
  readonly remedy: string | undefined;
  /** The values that the rule read, if the message may not contain them. */
  readonly seen?: LazyValues | undefined;
  /** For amounts: how far the amount is beyond its bound. */
  readonly beyond?: Beyond | undefined;
  /** Only for the action `excused`: the exception, and the action without it. */
  readonly excuse?: { readonly exception: ImageException; readonly insteadOf: Action } | undefined;
  /** Only about changes of objects. */
  readonly undecided?: Undecided | undefined;
  /** The expired exception that matches the finding. */
  readonly lapsed?: ImageException | undefined;
}
