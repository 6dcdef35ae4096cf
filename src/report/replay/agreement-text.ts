/** Formats how our decisions agree with those of other admission policies. */
import { printable } from '../../image/quote.ts';
import { padTo, widest } from '../display-width.ts';
import { numberText } from '../number-text.ts';
import type { Paint } from '../paint.ts';
import type { Agreement, AgreementPair } from './agreement.ts';

const NO_POLICY = '(no other policy)';
const NO_RULE = '(no rule)';
const MAX_LABEL = 800;

/** The counts with their titles, without those of nothing. */
export function agreementCounts(agreement: Agreement): readonly (readonly [number, string])[] {
  const { bothAllow, bothDeny, onlyPeers, onlyOurs, unknown, peersUnknown } = agreement;
  const all: readonly (readonly [number, string])[] = [
    [bothAllow, 'allowed by both'],
    [bothDeny, 'denied by both'],
    [onlyPeers, 'denied only by the other policies'],
    [onlyOurs, 'denied only by these policies'],
    [unknown, 'unknown for these policies'],
    [peersUnknown, 'without a decision of other policies'],
  ];
  return all.filter(([count]) => count > 0);
}

export interface NamedPair {
  readonly peer: string;
  readonly rule: string;
  readonly reviews: number;
}

export function namedPairs({ pairs }: Agreement): readonly NamedPair[] {
  return pairs.map(({ peer, rule, reviews }: AgreementPair) => ({
    peer: printable(peer ?? NO_POLICY, MAX_LABEL),
    rule: printable(rule ?? NO_RULE, MAX_LABEL),
    reviews,
  }));
}

const MAX_PAIRS = 20;

export function agreementText(agreement: Agreement | undefined, ink: Paint, verbose: boolean): string {
  if (agreement === undefined) return '';
  const counts = agreementCounts(agreement);
  const pairs = namedPairs(agreement);
  const shown = verbose ? pairs : pairs.slice(0, MAX_PAIRS);
  const width = Math.max(...[...counts.map(([number]) => number), 1].map((number) => numberText(number).length));
  const peerWidth = widest(['other policy', ...shown.map(({ peer }) => peer)]);
  const lines = [
    ink.bold('compared with other policies'),
    ...counts.map(([number, title]) => `  ${numberText(number).padStart(width)}  ${title}`),
    ...(shown.length === 0 ? [] : [ink.bold(`${padTo('other policy', peerWidth + 2)}rule`)]),
    ...shown.map(
      ({ peer, rule, reviews }) => `${padTo(peer, peerWidth + 2)}${rule}  ${ink.dim(`(${numberText(reviews)})`)}`,
    ),
    ...(shown.length < pairs.length
      ? [ink.dim(`and ${numberText(pairs.length - shown.length)} more; --verbose lists all`)]
      : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
