/** Why facts of the cluster are unknown, each reason once: lack of access makes a recording less useful, and can be repaired. */
import type { RecordedFacts } from '../../recording/facts.ts';

export interface UnknownFacts {
  add(facts: RecordedFacts): void;
  problems(): readonly string[];
}

const MAX_REASONS = 20;

export function createUnknownFacts(): UnknownFacts {
  const reasons = new Map<string, number>();
  let others = 0;
  const count = (reason: string): void => {
    const known = reasons.get(reason);
    if (known === undefined && reasons.size === MAX_REASONS) others += 1;
    else reasons.set(reason, (known ?? 0) + 1);
  };
  return {
    add({ namespaceLabels, serviceAccounts = [], pullSecrets = [] }) {
      const named = [...serviceAccounts, ...pullSecrets].map(({ fact }) => fact);
      for (const fact of namespaceLabels === undefined ? named : [namespaceLabels, ...named])
        if (fact.state === 'unknown' && fact.causedBy === undefined) count(fact.reason);
    },
    problems() {
      const shown = [...reasons].map(([reason, uses]) => `unknown for ${objects(uses)}: ${reason}`);
      return others === 0 ? shown : [...shown, `unknown for ${objects(others)} for other reasons`];
    },
  };
}

function objects(number: number): string {
  return number === 1 ? '1 object' : `${number} objects`;
}
