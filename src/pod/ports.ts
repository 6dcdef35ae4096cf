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
  if (!numbersRepeat(containers)) return NO_CLASHES;
  const claims: Claims = new Map();
  const clashes: PortClash[] = [];
  for (const container of containers) {
    const scope = scopeOf(container);
    for (const port of container.ports) {
      const claim = { container, port, scope, key: portKey(port) };
      const clash = clashOf(claim, claims);
      if (clash !== undefined) clashes.push(clash);
      addClaim(claim, claims);
    }
  }
  return clashes;
}

const NO_CLASHES: readonly PortClash[] = [];
/** More numbers are not compared one by one. */
const FEW_PORTS = 16;

/** Two ports clash only if a number repeats. In most Pods, none does. */
function numbersRepeat(containers: readonly Container[]): boolean {
  const numbers: number[] = [];
  for (const { ports } of containers) {
    for (const { containerPort, hostPort } of ports) {
      if (numbers.length >= FEW_PORTS || numbers.includes(containerPort)) return true;
      numbers.push(containerPort);
      if (hostPort === undefined || hostPort === containerPort) continue;
      if (numbers.includes(hostPort)) return true;
      numbers.push(hostPort);
    }
  }
  return false;
}

interface ScopedClaim extends PortClaim {
  readonly scope: string;
  readonly key: string;
}

type Claims = Map<string, ScopedClaim>;

function addClaim(claim: ScopedClaim, claims: Claims): void {
  const { scope, key, port } = claim;
  if (!claims.has(scope + key)) claims.set(scope + key, claim);
  if (port.hostPort === undefined) return;
  for (const hostKey of hostKeys(port).claimed) {
    if (!claims.has(scope + hostKey)) claims.set(scope + hostKey, claim);
  }
}

function clashOf(claim: ScopedClaim, claims: Claims): PortClash | undefined {
  const { container, port, scope, key } = claim;
  const ofSidecar = scope === '' ? undefined : claims.get(key);
  if (ofSidecar !== undefined) return { kind: 'sidecar', claim, earlier: ofSidecar };
  const inPod = claims.get(scope + key);
  if (inPod !== undefined && inPod.container !== container) return { kind: 'pod', claim, earlier: inPod };
  const onNode = port.hostPort === undefined ? undefined : earlierOnNode(claim, claims);
  if (onNode !== undefined) return { kind: 'node', claim, earlier: onNode };
  if (inPod === undefined || hasOtherHostPort(port, inPod.port)) return undefined;
  return { kind: 'repeated', claim, earlier: inPod };
}

function earlierOnNode({ port, scope }: ScopedClaim, claims: Claims): ScopedClaim | undefined {
  for (const key of hostKeys(port).clashing) {
    const earlier = claims.get(scope + key);
    if (earlier !== undefined) return earlier;
  }
  return undefined;
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

/**
 * A host port on all addresses (0.0.0.0) clashes with the same host port on any address; on two different addresses there is no
 * clash (kubernetes pkg/scheduler/framework, HostPortInfo.CheckConflict, for which "::" is one address).
 */
function hostKeys({ hostPort, protocol, hostIP }: Port): Readonly<Record<'claimed' | 'clashing', readonly string[]>> {
  const key = `host ${hostPort}/${protocol} on`;
  const everywhere = hostIP === '0.0.0.0';
  const own = `${key} ${everywhere ? 'all' : hostIP}`;
  return { claimed: [own, `${key} any`], clashing: everywhere ? [`${key} any`] : [own, `${key} all`] };
}
