/** Whether API servers can reach a server that has become ready: the kubelet must have seen it, and the nodes must have its endpoint. */

export interface Readiness {
  /** Remembers what a probe gets, and returns it. undefined: ready. */
  probed(reason: string | undefined): string | undefined;
  isReachable(): boolean;
}

/** The time that an endpoint takes to reach the nodes. */
const SPREAD_MS = 5000;

/** `hasProbes`: false without a port for them; then the time starts at the first call. */
export function createReadiness(hasProbes: boolean, now = (): number => performance.now()): Readiness {
  let since: number | undefined;
  return {
    probed(reason) {
      if (reason === undefined) since ??= now();
      else since = undefined;
      return reason;
    },
    isReachable() {
      if (!hasProbes) since ??= now();
      return since !== undefined && now() - since >= SPREAD_MS;
    },
  };
}
