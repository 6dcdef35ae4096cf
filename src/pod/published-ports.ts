/**
 * Ports that services of a Compose file publish on the host, and which of them clash. Each service has an IP address of its own, so
 * only host ports can clash.
 */
import { FILE_GROUP, FILE_KINDS } from './file-kinds.ts';
import { isObject, type JsonObject } from './pointer.ts';

/** One entry of `ports`: `from` to `to` on the host lead to as many ports of the service, from `target` on. */
export interface PublishedRange {
  readonly service: string;
  /** A service without profiles always runs; others run together if they share a profile. */
  readonly profiles: readonly string[];
  /** `''`: all addresses of the host. */
  readonly hostIP: string;
  /** `tcp`, `udp`, or `sctp`. */
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly target: number;
}

export interface PublishedPort extends PublishedRange {
  /** From the root of the object. */
  readonly pointer: string;
}

export interface PublishedClash {
  readonly port: PublishedPort;
  /** The first entry that publishes the same port. */
  readonly earlier: PublishedPort;
  /** The host port. */
  readonly number: number;
}

const NO_PORTS: readonly PublishedPort[] = Object.freeze([]);

interface FileObject {
  readonly group: string;
  readonly kind: string;
}

/** Only files have them; files/image-files.ts creates the objects. */
export function publishedPortsIn(object: JsonObject, { group, kind }: FileObject): readonly PublishedPort[] {
  if (group !== FILE_GROUP || kind !== FILE_KINDS.compose) return NO_PORTS;
  const { ports } = object;
  if (!Array.isArray(ports)) return NO_PORTS;
  return (ports as readonly unknown[]).flatMap((port, index) =>
    isRange(port) ? [{ ...port, pointer: `/ports/${index}` }] : [],
  );
}

/** Anyone can write an object of this kind. */
function isRange(port: unknown): port is PublishedRange {
  if (!isObject(port)) return false;
  const { profiles } = port;
  return (
    TEXTS.every((key) => typeof port[key] === 'string') &&
    NUMBERS.every((key) => Number.isInteger(port[key])) &&
    Array.isArray(profiles) &&
    profiles.every((profile) => typeof profile === 'string')
  );
}

const TEXTS = ['service', 'hostIP', 'protocol'] as const;
const NUMBERS = ['from', 'to', 'target'] as const;

/** More are not compared. A range can have all ports of the host. */
const MAX_NUMBERS = 200_000;
/** More entries for one port are not compared. */
const MAX_ENTRIES = 16;

/** Returns at most one clash for each entry. */
export function publishedClashes(ports: readonly PublishedPort[]): readonly PublishedClash[] {
  const clashes: PublishedClash[] = [];
  const claims = new Map<string, PublishedPort[]>();
  let left = MAX_NUMBERS;
  for (const port of ports) {
    left -= Math.max(0, port.to - port.from) + 1;
    if (left < 0) break;
    const clash = claimed(port, claims);
    if (clash !== undefined) clashes.push(clash);
  }
  return clashes;
}

/** Adds the entry to the claims, and returns its first clash. */
function claimed(port: PublishedPort, claims: Map<string, PublishedPort[]>): PublishedClash | undefined {
  let clash: PublishedClash | undefined;
  for (let number = port.from; number <= port.to; number += 1) {
    const key = `${number}/${port.protocol}`;
    const before = claims.get(key) ?? [];
    claims.set(key, before);
    const earlier = clash === undefined ? before.find((one) => canClash(one, port)) : undefined;
    if (earlier !== undefined) clash = { port, earlier, number };
    if (before.length < MAX_ENTRIES) before.push(port);
  }
  return clash;
}

function canClash(one: PublishedPort, other: PublishedPort): boolean {
  return sharesAddress(one.hostIP, other.hostIP) && runTogether(one, other) && !isRepeated(one, other);
}

/** Compose merges equal entries of a service (compose-go, override/uncity.go). */
function isRepeated(one: PublishedPort, other: PublishedPort): boolean {
  const isEqual = one.hostIP === other.hostIP && one.target - one.from === other.target - other.from;
  return one.service === other.service && isEqual;
}

function runTogether({ profiles: one }: PublishedPort, { profiles: other }: PublishedPort): boolean {
  return one.length === 0 || other.length === 0 || one.some((profile) => other.includes(profile));
}

/** Two IPv4 or two IPv6 addresses; without an address, Docker uses all of both. */
function sharesAddress(one: string, other: string): boolean {
  if (one === other || one === '' || other === '') return true;
  const addresses = [one, other];
  if (addresses.includes('0.0.0.0')) return addresses.every((address) => !address.includes(':'));
  return addresses.includes('::') && addresses.every((address) => address.includes(':'));
}
