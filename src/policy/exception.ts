/** An exception: findings of some rules that do nothing for a while, because somebody answers for them. */
import type { TextTest } from '../image/glob.ts';
import type { PatternSet } from '../image/pattern.ts';

export interface ImageException {
  readonly name: string;
  readonly policy: string;
  readonly rules: readonly string[];
  readonly owner: string;
  readonly reason: string;
  /** YYYY-MM-DD, the last day. */
  readonly expires: string;
  /** Milliseconds since 1970: the end of that day in UTC. */
  readonly endsAt: number;
  readonly match: ExceptionMatch;
}

/** What it is about: every test that is there must say yes. */
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
