/** Notices about documents that have no effect, or that soon have none. */
import { DAY_MS } from '../go/date.ts';
import type { ImageException } from './exception.ts';
import { type DocumentKind, DOCUMENTS } from './schema.ts';
import type { DeadClause } from './dead-clauses.ts';

export interface Notice {
  readonly kind: DocumentKind;
  readonly name: string;
  /** The rule of the policy, if the notice concerns a single rule. */
  readonly rule?: string | undefined;
  /** Within the document. */
  readonly pointer: string;
  /** The notice is about the key. */
  readonly at?: 'key' | undefined;
  /** A sentence without full stop that names the document: `policy "x" never applies: …`. */
  readonly message: string;
}

/** `policy "x"` */
export function documentLabel(kind: DocumentKind, name: string): string {
  return `${DOCUMENTS[kind].name} "${name}"`;
}

export function deadClauseNotice(kind: DocumentKind, name: string, { pointer, problem, at }: DeadClause): Notice {
  return { kind, name, pointer, at, message: `${documentLabel(kind, name)}: ${problem}` };
}

export function unusedListNotice(name: string): Notice {
  const kind = 'ImageNameList';
  return { kind, name, pointer: '/metadata/name', message: `${documentLabel(kind, name)} is not used` };
}

const SOON_DAYS = 14;

/**
 * Reports exceptions that have expired or expire within two weeks. `now` is in milliseconds since 1970. `missed` returns the
 * number of findings that an expired exception would have excused.
 */
export function expiryNotices(
  exceptions: readonly ImageException[],
  now: number,
  missed: (name: string) => number = () => 0,
): readonly Notice[] {
  return exceptions.flatMap((exception) => {
    const { name, owner } = exception;
    const when = expiryOf(exception, now, missed(name));
    if (when === undefined) return [];
    const kind = 'ImagePolicyException';
    return [{ kind, name, pointer: '/spec/expires', message: `${documentLabel(kind, name)} (owner ${owner}) ${when}` }];
  });
}

function expiryOf({ endsAt, expires }: ImageException, now: number, missed: number): string | undefined {
  if (now >= endsAt) {
    const effect = missed === 0 ? '' : `; it would have excused ${missed} finding${missed === 1 ? '' : 's'}`;
    return `expired on ${expires} and has no effect${effect}`;
  }
  const days = endsAt / DAY_MS - 1 - Math.floor(now / DAY_MS);
  if (days > SOON_DAYS) return undefined;
  if (days === 0) return `expires today, ${expires}`;
  return `expires on ${expires}, in ${days} day${days === 1 ? '' : 's'}`;
}
