/** An exception: until its expiry date, matching findings have no effect. */
import type { TextTest } from '../image/glob.ts';
import type { PatternSet } from '../image/pattern.ts';

export interface ImageException {
  readonly name: string;
  readonly policy: string;
  readonly rules: readonly string[];
  readonly owner: string;
  readonly reason: string;
  /** Expiry date, YYYY-MM-DD. */
  readonly expires: string;
  /** End of the expiry date in UTC, in milliseconds since 1970. */
  readonly endsAt: number;
  readonly match: ExceptionMatch;
}

/** The findings that the exception excuses. All given tests must match. */
export interface ExceptionMatch {
  readonly namespace: TextTest | undefined;
  readonly kind: TextTest | undefined;
  readonly name: TextTest | undefined;
  readonly container: TextTest | undefined;
  readonly images: PatternSet | undefined;
}

/** `legacy-web (team-shop, until 2027-01-31)` */
export function exceptionLabel({ name, owner, expires }: ImageException): string {
  return `${name} (${owner}, until ${expires})`;
}
