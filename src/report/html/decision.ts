/** What a finding means for the decision. */
import type { FindingRow } from '../rows.ts';
import type { Decision } from './report-data.ts';

/** The worst decision first. */
const ORDER: readonly Decision[] = ['deny', 'unknown', 'warn', 'audit', 'excused', 'known', 'none'];

/** An unknown result that denies is a denial. */
export function decisionOf({ action, outcome, known }: Pick<FindingRow, 'action' | 'outcome' | 'known'>): Decision {
  if (known) return 'known';
  if (action === 'excused' || action === 'deny') return action;
  return outcome === 'violation' ? action : 'unknown';
}

export function worstOf(decisions: Iterable<Decision>): Decision {
  const all = new Set(decisions);
  return ORDER.find((decision) => all.has(decision)) ?? 'none';
}
