/** What a report for people on another machine says about the policies. */
import { loadText } from '../../files/load-text.ts';
import { policyChange, type PolicyText } from '../../report/html/policy-change.ts';
import type { ReplayResult } from '../../report/index.ts';
import { reportOrigin } from '../report-origin.ts';
import type { Terminal } from '../terminal.ts';
import type { Evaluator } from './evaluator.ts';

export type AboutPolicies = Required<Pick<ReplayResult, 'origin'>> & Pick<ReplayResult, 'policyChange'>;

export function aboutPolicies({ first, other }: Evaluator, terminal: Terminal): AboutPolicies {
  const decides = other ?? first;
  const origin = reportOrigin({ terminal, policies: decides.loaded, isBuiltIn: decides.isBuiltIn });
  return other === undefined ? { origin } : { origin, policyChange: policyChange(textsOf(first), textsOf(other)) };
}

/** A file that has become unreadable is left out. */
function textsOf({ loaded }: Evaluator['first']): readonly PolicyText[] {
  return loaded.files.flatMap((file) => {
    const read = loadText(file);
    return 'text' in read ? [{ file, text: read.text }] : [];
  });
}
