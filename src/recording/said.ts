/** What other admission policies, such as those of Kyverno and Gatekeeper, decided about an object. */

/** As in policy reports (wgpolicyk8s.io, openreports.io): `skip` and `error` decide nothing. */
export const SAID_RESULTS = ['pass', 'fail', 'warn', 'error', 'skip'] as const;
export type SaidResult = (typeof SAID_RESULTS)[number];

export const SAID_ACTIONS = ['deny', 'warn', 'audit'] as const;
export type SaidAction = (typeof SAID_ACTIONS)[number];

export interface Said {
  /** `kyverno`, `gatekeeper`, another source of policy reports, or the name of a webhook. */
  readonly by: string;
  readonly policy?: string | undefined;
  readonly rule?: string | undefined;
  readonly result: SaidResult;
  /** What a `fail` did; undefined: unknown. */
  readonly action?: SaidAction | undefined;
  readonly message?: string | undefined;
}
