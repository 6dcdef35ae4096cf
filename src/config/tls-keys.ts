/** The keys of certificates in a cluster. */
import type { Key } from './key.ts';
import { type FailMode, FAIL_MODES, registersItself, TLS_MODES, tlsModeOf, type Value } from './values.ts';

type Given = (key: string) => Value;

export const TLS_MODE = {
  schema: {
    enum: TLS_MODES,
    description:
      'Source of the serving certificate: self (generated in the cluster and renewed), files or cert-manager (cert and key); without it, files if cert is set, self in a Pod, and otherwise generated in certsDir',
  },
  variable: true,
  flag: {
    name: 'tlsMode',
    value: 'MODE',
    help: 'Source of the serving certificate: self, files, or cert-manager (default: files with --cert, self in a Pod)',
  },
  uses: ['cert', 'key'],
  /** undefined: not set. */
  read: { tlsMode: (mode: Value, given: Given) => tlsModeOf(mode, given('cert')) },
} as const satisfies Key;

export const REGISTRATION = {
  schema: {
    enum: ['self', 'external'],
    default: 'external',
    description:
      'Who adds the webhooks to the webhook configurations: the server when it is ready (self, with tlsMode self), or you (external)',
  },
  variable: true,
  flag: {
    name: 'registration',
    value: 'MODE',
    help: 'Who adds the webhooks to the webhook configurations: self (the server when it is ready) or external',
  },
  uses: ['cert'],
  read: { registersItself: ({ value, from }: Value, given: Given) => registersItself(value, from, given('cert')) },
} as const satisfies Key;

export const FAIL = {
  schema: {
    enum: FAIL_MODES,
    default: 'open',
    description:
      'With registration self: during an outage of the server, allow objects without a review (open), or reject them (closed); a namespace chooses by the label tidewaiter.dev/fail',
  },
  variable: true,
  flag: {
    name: 'fail',
    value: 'MODE',
    help: 'With --registration self: during an outage of the server, allow objects (open) or reject them (closed)',
  },
  read: { fail: ({ value }: Value): FailMode => value as FailMode },
} as const satisfies Key;
