/** Which CAs the API servers trust, as far as the webhook configurations tell. */
import type { X509Certificate } from 'node:crypto';
import { isTrusted } from '../../certificate/managed-state.ts';
import type { RegisteredWebhook, WebhookConfiguration } from './webhook-configurations.ts';

export interface Trust {
  /** Whether the configurations were read. */
  readonly isKnown: boolean;
  /** The CAs of any webhook. */
  readonly authorities: readonly X509Certificate[];
  update(configurations: readonly WebhookConfiguration[]): void;
  /** Reports whether all webhooks have had the CA for some time: each API server learns of a change by itself. */
  hasSettled(ca: X509Certificate): boolean;
  /** Returns the webhook whose CAs did not sign the certificate; undefined: all API servers accept it. */
  distrustedBy(leaf: X509Certificate, nowMs: number): string | undefined;
}

export function createTrust(settleMs: number): Trust {
  let webhooks: readonly (RegisteredWebhook & { readonly kind: string })[] = [];
  let isKnown = false;
  /** By fingerprint, a value of performance.now(). */
  let since = new Map<string, number>();
  return {
    get isKnown() {
      return isKnown;
    },
    get authorities() {
      return webhooks.flatMap(({ authorities }) => authorities);
    },
    update(configurations) {
      isKnown = true;
      webhooks = configurations.flatMap(({ kind, webhooks: some }) => some.map((one) => ({ ...one, kind })));
      since = new Map(commonTo(webhooks).map((ca) => [ca, since.get(ca) ?? performance.now()]));
    },
    hasSettled({ fingerprint256 }) {
      if (webhooks.length === 0) return isKnown;
      const start = since.get(fingerprint256);
      return start !== undefined && performance.now() >= start + settleMs;
    },
    distrustedBy(leaf, nowMs) {
      const found = webhooks.find(({ authorities }) => !isTrusted(leaf, authorities, nowMs));
      return found && `${found.kind} "tidewaiter", webhook "${found.name}"`;
    },
  };
}

function commonTo([first, ...others]: readonly RegisteredWebhook[]): readonly string[] {
  const sets = others.map(({ authorities }) => new Set(authorities.map(({ fingerprint256 }) => fingerprint256)));
  const all = first?.authorities.map(({ fingerprint256 }) => fingerprint256) ?? [];
  return all.filter((one) => sets.every((set) => set.has(one)));
}
