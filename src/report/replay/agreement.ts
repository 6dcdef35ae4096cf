/** Counts how often our decisions agree with those of other admission policies, and by which policy and rule. */
import type { ReplayRow } from '../../recording/replay-row.ts';

/** Numbers of reviews count each occurrence. */
export interface Agreement {
  readonly bothAllow: number;
  readonly bothDeny: number;
  /** Only the other policies deny. */
  readonly onlyPeers: number;
  readonly onlyOurs: number;
  /** Our decision is unknown. */
  readonly unknown: number;
  /** It is unknown what the other policies decided. */
  readonly peersUnknown: number;
  /** Most reviews first. */
  readonly pairs: readonly AgreementPair[];
}

/** A review that several policies or rules deny is in several pairs. */
export interface AgreementPair {
  /** null: no other policy denies these reviews. */
  readonly peer: string | null;
  /** null: no rule of ours denies them. */
  readonly rule: string | null;
  readonly reviews: number;
}

export interface AgreementCount {
  readonly add: (row: Pick<ReplayRow, 'said' | 'change' | 'count'>) => void;
  /** undefined: no row was compared with other policies. */
  result(): Agreement | undefined;
}

/** Names of policies are few; reports of others can have any. */
const MAX_PAIRS = 1000;

type Side = Exclude<keyof Agreement, 'pairs'>;

export function countAgreement(): AgreementCount {
  const counts: Record<Side, number> = {
    bothAllow: 0,
    bothDeny: 0,
    onlyPeers: 0,
    onlyOurs: 0,
    unknown: 0,
    peersUnknown: 0,
  };
  const pairs = new Map<string, { readonly peer: string | null; readonly rule: string | null; reviews: number }>();
  let isUsed = false;
  const addPair = (peer: string | null, rule: string | null, reviews: number): void => {
    const key = JSON.stringify([peer, rule]);
    const known = pairs.get(key);
    if (known !== undefined) known.reviews += reviews;
    else if (pairs.size < MAX_PAIRS) pairs.set(key, { peer, rule, reviews });
  };
  return {
    add({ said, change, count }) {
      if (said === undefined) return;
      isUsed = true;
      const side = sideOf(change, said.rules.length > 0);
      counts[side] += count;
      if (side === 'peersUnknown' || side === 'unknown') return;
      const peers = said.peers.length === 0 ? [null] : said.peers;
      const rules = said.rules.length === 0 ? [null] : said.rules;
      if (side !== 'bothAllow') for (const peer of peers) for (const rule of rules) addPair(peer, rule, count);
    },
    result: () => (isUsed ? { ...counts, pairs: sorted([...pairs.values()]) } : undefined),
  };
}

function sideOf(change: ReplayRow['change'], isDenied: boolean): Side {
  if (change === 'newly-denied') return 'onlyOurs';
  if (change === 'newly-allowed') return 'onlyPeers';
  if (change === 'same') return isDenied ? 'bothDeny' : 'bothAllow';
  return change === null ? 'peersUnknown' : 'unknown';
}

function sorted(pairs: readonly AgreementPair[]): readonly AgreementPair[] {
  const nameOf = ({ peer, rule }: AgreementPair): string => `${peer} ${rule}`;
  return pairs.toSorted((one, other) => other.reviews - one.reviews || (nameOf(one) < nameOf(other) ? -1 : 1));
}
