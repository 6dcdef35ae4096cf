/** Metrics of the files that a running server loads again. */
import { Counter, Gauge, type Registry } from '@prometheus-io/client';

export interface ReloadMetrics {
  /** `atMs`: milliseconds since 1970. */
  loaded(generation: string, atMs: number): void;
  failed(): void;
}

export function createReloadMetrics(registers: Registry[]): ReloadMetrics {
  const generations = new Gauge({
    name: 'tidewaiter_policy_generation',
    help: 'Always 1; the label is a hash of the policies, exceptions, lists, plugins, and kinds in use.',
    labelNames: ['generation'],
    registers,
  });
  const failures = new Counter({
    name: 'tidewaiter_reload_failures_total',
    help: 'Reloads that failed and changed nothing.',
    registers,
  });
  const failing = new Gauge({
    name: 'tidewaiter_reload_failed',
    help: '1 if the last reload failed, so that earlier files are in use.',
    registers,
  });
  const success = new Gauge({
    name: 'tidewaiter_reload_last_success_timestamp_seconds',
    help: 'Time of the last start or reload that succeeded, in seconds since 1970.',
    registers,
  });
  return {
    loaded(generation, atMs) {
      generations.reset();
      generations.set({ generation }, 1);
      failing.set(0);
      success.set(atMs / 1000);
    },
    failed() {
      failures.inc();
      failing.set(1);
    },
  };
}
