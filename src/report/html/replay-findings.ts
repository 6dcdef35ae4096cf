/** The rows of a replay as reviews and findings of the HTML report. */
import type { FindingChange } from '../../recording/comparison.ts';
import type { OutcomeFinding } from '../../recording/outcome.ts';
import type { OutcomeTexts, ReplayRow } from '../../recording/replay-row.ts';
import { problemsOf } from '../replay/problems.ts';
import type { Change, Decision, ReportFinding, Review } from './report-data.ts';

/** The workload is the top controller, because readers do not know the names of its Pods. */
export function replayReview(row: ReplayRow, times: Review['times']): Review {
  const { apiVersion, owner, namespace, operation, user, count, first, last, team } = row;
  const isOwn = row.id === null || (owner.kind === row.kind && owner.name === row.name);
  const { pods = [] } = row.view ?? {};
  return {
    apiVersion: isOwn ? apiVersion : '',
    kind: isOwn ? row.kind : owner.kind,
    namespace,
    name: isOwn ? row.name : owner.name,
    owner: team,
    operation,
    object: `${row.kind} ${namespace === null ? '' : `${namespace}/`}${row.name}`,
    user: user === null ? null : shownUser(user),
    count,
    first,
    last,
    times,
    change: changeOf(row),
    ...decisionsOf(row),
    pods,
  };
}

function shownUser(name: string): string {
  return name.replace(/^system:serviceaccount:([^:]+):([^:]+)$/, 'ServiceAccount $1/$2');
}

function changeOf({ change }: ReplayRow): Change | null {
  return change === 'patch' || change === 'message' ? 'changed' : change;
}

function decisionsOf(row: ReplayRow): Pick<Review, 'before' | 'after'> {
  const now = decisionIn(row.after, row.allowed);
  if (row.change === null) return { before: null, after: now };
  if (row.change === 'same') return { before: now, after: now };
  const wasAllowed = row.change === 'newly-denied' || (row.change !== 'newly-allowed' && row.allowed);
  const before = decisionIn(row.before, row.before?.allowed ?? wasAllowed);
  return { before, after: row.change === 'unknown' ? 'unknown' : now };
}

function decisionIn(texts: OutcomeTexts | undefined, isAllowed: boolean): Decision {
  if (!isAllowed) return 'deny';
  return texts !== undefined && texts.warnings.length > 0 ? 'warn' : 'none';
}

export function replayFindings(row: ReplayRow, review: number): readonly ReportFinding[] {
  const place = { review, file: row.file, line: row.line };
  const { findings = [], view } = row;
  const excerptOf = ({ pointer }: Pick<OutcomeFinding, 'pointer'>): ReportFinding['excerpt'] =>
    pointer === null ? null : (view?.excerpts[pointer] ?? null);
  const sides = decisionsOf(row);
  // Among changes, only they matter.
  const denials = row.change === null || row.change === 'same' ? (row.denials ?? []) : [];
  const found = [
    ...findings.map((each) => ({ ...wordsOf(each), ...changedFinding(each), excerpt: excerptOf(each) })),
    ...denials.map((each) => ({
      ...wordsOf(each),
      before: row.change === null ? null : ('deny' as const),
      after: 'deny' as const,
      excerpt: excerptOf(each),
    })),
  ];
  const problems =
    found.length > 0 && row.change !== 'patch'
      ? []
      : otherProblems(row).map((message) => ({ ...NO_FINDING, ...sides, message, ...ruleOf(row), excerpt: null }));
  return [...found, ...problems].map((each, index) => ({ ...each, ...place, id: `${row.uid}:${index + 1}` }));
}

/** What differs and is not a finding. */
function otherProblems(row: ReplayRow): readonly string[] {
  const texts = problemsOf(row).flatMap(({ rule, text }) => (rule === null ? [text] : []));
  if (texts.length > 0 || row.change !== 'same') return texts;
  return row.allowed ? [] : ['denied before and after'];
}

function ruleOf({ change }: ReplayRow): Pick<ReportFinding, 'rule' | 'outcome'> {
  return { rule: change === 'patch' ? 'patch' : '', outcome: change === 'unknown' ? 'unknown' : 'violation' };
}

type Words = Omit<ReportFinding, 'id' | 'review' | 'file' | 'line' | 'before' | 'after' | 'excerpt'>;

function wordsOf(finding: FindingChange | OutcomeFinding): Words {
  const { policy, rule, outcome, message, container, image, registry, pointer, remedy } = finding;
  const parts = { policy, rule, outcome, container, image, registry, pointer, remedy };
  return { ...NO_FINDING, ...parts, ...ownWords(message, container) };
}

/** The report shows the container beside the message: `init container "migrate": image …`. */
function ownWords(message: string, container: string | null): Pick<Words, 'message' | 'containerKind'> {
  const [start = '', kind] = /^(?:([a-z]+) )?container "/.exec(message) ?? [];
  const end = `${container ?? ''}": `;
  if (container === null || start === '' || !message.startsWith(end, start.length))
    return { message, containerKind: null };
  return { message: message.slice(start.length + end.length), containerKind: kind ?? 'regular' };
}

function changedFinding({ before, after, outcome }: FindingChange): Pick<ReportFinding, 'before' | 'after'> {
  return { before: decisionOf(before, outcome), after: decisionOf(after, outcome) };
}

/** An unknown result that denies is a denial. */
function decisionOf(action: FindingChange['after'], outcome: FindingChange['outcome']): Decision {
  if (action === null) return 'none';
  if (action === 'deny' || action === 'excused') return action;
  return outcome === 'unknown' ? 'unknown' : action;
}

const NO_FINDING: Omit<Words, 'message'> = {
  rule: '',
  container: null,
  containerKind: null,
  image: null,
  registry: null,
  pointer: null,
  policy: '',
  outcome: 'violation',
  remedy: null,
  exception: null,
  column: null,
};
