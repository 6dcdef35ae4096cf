/** What applies without options of `replay --to`. The time limit is that of webhook configurations. */
export const WEBHOOK_DEFAULTS = { perSecond: 20, connections: 4, timeoutMs: 10_000 } as const;
