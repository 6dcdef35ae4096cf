/** Decides which ports of a Pod clash: its containers share one IP address, and all Pods of a node share its host ports. */
import type { Container, Pod, Port } from './containers.ts';

/** A port with the container that declares it. */
export interface PortClaim {
  readonly container: Container;
  readonly port: Port;
}

/**
 * `pod`: two containers listen on one port. `sidecar`: an init container listens on the port of a sidecar that started before
 * it and keeps running (KEP-753). `node`: one host port leads to both. `repeated`: one container lists a port twice, which
 * works (kubernetes pkg/api/pod/warnings.go only warns).
 */
export type PortClashKind = 'pod' | 'sidecar' | 'node' | 'repeated';

export interface PortClash {
  readonly kind: PortClashKind;
  readonly claim: PortClaim;
  /** The first claim of the same port. */
  readonly earlier: PortClaim;
}

/** Returns at most one clash for each port. Takes linear time: each key remembers the first claim only. */
export function portClashes({ containers }: Pod): readonly PortClash[] {
  const claims = new Map<string, PortClaim>();
  const clashes: PortClash[] = [];
  for (const container of containers) {
    for (const port of container.ports) {
      const claim = { container, port };
      const clash = clashOf(claim, claims);
      if (clash !== undefined) clashes.push(clash);
      addClaim(claim, claims);
    }
  }
  return clashes;
}

function addClaim(claim: PortClaim, claims: Map<string, PortClaim>): void {
  const scope = scopeOf(claim.container);
  for (const key of [portKey(claim.port), ...hostKeys(claim.port).claimed]) {
    if (!claims.has(scope + key)) claims.set(scope + key, claim);
  }
}

function clashOf(claim: PortClaim, claims: ReadonlyMap<string, PortClaim>): PortClash | undefined {
  const { container, port } = claim;
  const scope = scopeOf(container);
  const ofSidecar = scope === '' ? undefined : claims.get(portKey(port));
  if (ofSidecar !== undefined) return { kind: 'sidecar', claim, earlier: ofSidecar };
  const inPod = claims.get(scope + portKey(port));
  if (inPod !== undefined && inPod.container !== container) return { kind: 'pod', claim, earlier: inPod };
  for (const key of hostKeys(port).clashing) {
    const onNode = claims.get(scope + key);
    if (onNode !== undefined) return { kind: 'node', claim, earlier: onNode };
  }
  if (inPod === undefined || hasOtherHostPort(port, inPod.port)) return undefined;
  return { kind: 'repeated', claim, earlier: inPod };
}

/** A container can map several host ports to one of its ports. */
function hasOtherHostPort(port: Port, other: Port): boolean {
  if (port.hostPort === undefined || other.hostPort === undefined) return false;
  return port.hostPort !== other.hostPort || port.hostIP !== other.hostIP;
}

/**
 * Plain init containers run one by one before the regular containers, so each has a scope of its own. All other containers run
 * at the same time; those that come before an init container are sidecars, since containers are listed in start order.
 */
function scopeOf({ kind, pointer }: Container): string {
  return kind === 'init' ? `${pointer} ` : '';
}

function portKey({ containerPort, protocol }: Port): string {
  return `${containerPort}/${protocol}`;
}

interface HostKeys {
  readonly claimed: readonly string[];
  readonly clashing: readonly string[];
}

const NO_KEYS: HostKeys = { claimed: [], clashing: [] };

/**
 * A host port on all addresses clashes with the same host port on any address; on two different addresses there is no clash
 * (kubernetes pkg/scheduler/framework, HostPortInfo.CheckConflict). "::" counts as all addresses, as in a dual-stack socket.
 */
function hostKeys({ hostPort, protocol, hostIP }: Port): HostKeys {
  if (hostPort === undefined) return NO_KEYS;
  const key = `host ${hostPort}/${protocol} on`;
  const everywhere = hostIP === '0.0.0.0' || hostIP === '::';
  const own = `${key} ${everywhere ? 'all' : hostIP}`;
  return { claimed: [own, `${key} any`], clashing: everywhere ? [`${key} any`] : [own, `${key} all`] };
}
