/** Compares a decision with what other admission policies said about the same object. */
import type { FindingChange, ReplayChange } from './comparison.ts';
import type { RecordedReview } from './format.ts';
import type { Outcome, OutcomeFinding } from './outcome.ts';
import type { Said } from './said.ts';

/** Who denies a review. */
export interface RowSaid {
  /** Whether the other policies decided; a review without a decision of them is not compared. */
  readonly known: boolean;
  /** The other policies that deny it: `kyverno/POLICY/RULE`. */
  readonly peers: readonly string[];
  /** Our rules that deny it: `POLICY/RULE`. */
  readonly rules: readonly string[];
}

export interface SaidComparison {
  /** null: it is not known what the other policies decided. */
  readonly change: ReplayChange | null;
  readonly findings: readonly FindingChange[];
  readonly said: RowSaid;
}

/** A Pod can have many; the rest is not shown. */
const MAX_LISTED = 20;

/** `isSelected`: which of our findings count; undefined: all. */
export function compareToSaid(
  recorded: Pick<RecordedReview, 'said' | 'origin'>,
  { findings }: Outcome,
  isSelected: (policy: string, rule: string) => boolean = () => true,
): SaidComparison {
  const own = findings.filter(({ policy, rule }) => isSelected(policy, rule));
  const denials = own.filter(({ action, outcome }) => action === 'deny' && outcome === 'violation');
  const unknown = denials.length > 0 ? [] : own.filter(({ outcome }) => outcome === 'unknown');
  const peers = peersOf(recorded);
  const change = changeOf(peers, { isDenied: denials.length > 0, isUnknown: unknown.length > 0 });
  const isShown = change !== null && change !== 'same';
  return {
    change,
    findings: isShown ? [...[...denials, ...unknown].map(ofUs), ...peers.fails.map(ofPeer)] : [],
    said: { known: peers.known, peers: labels(peers.fails.map(peerLabel)), rules: labels(denials.map(ruleLabel)) },
  };
}

interface Peers {
  readonly known: boolean;
  readonly isDenied: boolean;
  readonly fails: readonly Said[];
}

/** The API server admits a request only if no policy that is enforced denies it. */
function peersOf({ said = [], origin }: Pick<RecordedReview, 'said' | 'origin'>): Peers {
  const fails = said.filter(({ result }) => result === 'fail');
  return {
    known: origin?.admitted !== undefined || said.some(({ result }) => DECIDES.has(result)),
    isDenied: fails.length > 0 || origin?.admitted === false,
    fails,
  };
}

/** `skip` and `error` say nothing about the object. */
const DECIDES: ReadonlySet<Said['result']> = new Set(['pass', 'fail', 'warn']);

interface OwnDecision {
  readonly isDenied: boolean;
  readonly isUnknown: boolean;
}

function changeOf(peers: Peers, own: OwnDecision): ReplayChange | null {
  if (!peers.known) return null;
  if (own.isUnknown) return 'unknown';
  if (peers.isDenied === own.isDenied) return 'same';
  return own.isDenied ? 'newly-denied' : 'newly-allowed';
}

function ofUs({ action, ...finding }: OutcomeFinding): FindingChange {
  return { ...finding, before: null, after: action };
}

function ofPeer(said: Said): FindingChange {
  const { by, policy, rule, message = '' } = said;
  return {
    policy: policy === undefined || rule === undefined ? by : `${by}/${policy}`,
    rule: rule ?? policy ?? 'denial',
    outcome: 'violation',
    message,
    container: null,
    image: null,
    registry: null,
    pointer: null,
    remedy: null,
    before: 'deny',
    after: null,
  };
}

/** Kyverno derives rules for workloads from those for Pods. */
function peerLabel({ by, policy, rule }: Said): string {
  const name = rule?.replace(/^autogen-(cronjob-)?/, '');
  return [by, policy, name].filter((part) => part !== undefined).join('/');
}

function ruleLabel({ policy, rule }: OutcomeFinding): string {
  return `${policy}/${rule}`;
}

function labels(all: readonly string[]): readonly string[] {
  return [...new Set(all)].slice(0, MAX_LISTED);
}
