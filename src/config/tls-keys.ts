/** The keys of certificates in a cluster. */
import type { Key } from './key.ts';
import { registersItself, TLS_MODES, tlsModeOf, type Value } from './values.ts';

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
      'Who applies the webhook configurations: the server when it is ready (self, with tlsMode self), or you (external)',
  },
  variable: true,
  flag: {
    name: 'registration',
    value: 'MODE',
    help: 'Who applies the webhook configurations: self (the server when it is ready) or external',
  },
  uses: ['cert'],
  read: { registersItself: ({ value, from }: Value, given: Given) => registersItself(value, from, given('cert')) },
} as const satisfies Key;
