/** The names of other admission policies, in webhooks and in policy reports. */

interface Peer {
  readonly by: string;
  /** undefined: it has no webhook. */
  readonly webhook?: RegExp;
  readonly source: RegExp;
}

const PEERS: readonly Peer[] = [
  { by: 'kyverno', webhook: /(^|\.)kyverno(\.|$)/, source: /^kyverno/i },
  { by: 'gatekeeper', webhook: /(^|\.)gatekeeper\.sh$/, source: /^gatekeeper/i },
  { by: 'tidewaiter', webhook: /(^|\.)tidewaiter\.dev$/, source: /^tidewaiter/i },
  { by: 'validating-admission-policy', source: /^ValidatingAdmissionPolicy$/i },
];

/** Returns the name of the webhook if it is of no known peer. */
export function peerOfWebhook(name: string): string {
  return PEERS.find(({ webhook }) => webhook?.test(name))?.by ?? name;
}

export function peerOfSource(source: string): string {
  return PEERS.find((peer) => peer.source.test(source))?.by ?? source;
}
