/**
 * The memory of reviews that wait for facts. When it is used up, the namespace that holds most of it at the address that holds
 * most gives way, so that a flood of one namespace does not decide the reviews of others.
 */
import type { Lease } from './pool.ts';

export interface Guest {
  /** The network address of the client. */
  readonly address: string;
  readonly namespace: string;
  readonly bytes: number;
  /** Called when a namespace that holds less needs the memory, which then no longer counts. */
  readonly turnOut: () => void;
}

export interface WaitingRoom {
  /** Returns undefined if the namespace of the guest would itself hold most. */
  enter(guest: Guest): Lease | undefined;
  readonly used: number;
}

/** The guests of one namespace at one address, in the order of their arrival. */
interface Party {
  readonly guests: Set<Guest>;
  bytes: number;
}

interface Room {
  /** By address and namespace. */
  readonly parties: Map<string, Map<string, Party>>;
  used: number;
}

export function createWaitingRoom(size: number): WaitingRoom {
  const room: Room = { parties: new Map(), used: 0 };
  return {
    enter(guest) {
      if (guest.bytes > size) return undefined;
      while (room.used + guest.bytes > size) {
        const last = lastOfLargest(room, guest);
        if (last === undefined) return undefined;
        remove(room, last);
        last.turnOut();
      }
      add(room, guest);
      return () => remove(room, guest);
    },
    get used() {
      return room.used;
    },
  };
}

/** Those that came first stay. undefined: `guest` would belong to the largest party. */
function lastOfLargest({ parties }: Room, { address, namespace, bytes }: Guest): Guest | undefined {
  const largestAddress = largest(parties, bytesOfAll, { name: address, more: bytes });
  const more = largestAddress === address ? bytes : 0;
  const ofAddress = parties.get(largestAddress) ?? NONE;
  const largestNamespace = largest(ofAddress, ({ bytes: held }) => held, { name: namespace, more });
  if (largestAddress === address && largestNamespace === namespace) return undefined;
  return [...(ofAddress.get(largestNamespace)?.guests ?? [])].at(-1);
}

const NONE: ReadonlyMap<string, Party> = new Map();

function bytesOfAll(parties: ReadonlyMap<string, Party>): number {
  return parties.values().reduce((sum, { bytes }) => sum + bytes, 0);
}

interface Newcomer {
  readonly name: string;
  readonly more: number;
}

/** The name with the highest amount; with equal amounts, that of the newcomer. */
function largest<T>(shares: ReadonlyMap<string, T>, amountOf: (share: T) => number, { name, more }: Newcomer): string {
  const own = shares.get(name);
  let found = name;
  let most = more + (own === undefined ? 0 : amountOf(own));
  for (const [other, share] of shares) {
    const amount = amountOf(share);
    if (other !== name && amount > most) [found, most] = [other, amount];
  }
  return found;
}

function add(room: Room, guest: Guest): void {
  const { address, namespace, bytes } = guest;
  const ofAddress = room.parties.get(address) ?? new Map<string, Party>();
  room.parties.set(address, ofAddress);
  const party = ofAddress.get(namespace) ?? { guests: new Set(), bytes: 0 };
  ofAddress.set(namespace, party);
  party.guests.add(guest);
  party.bytes += bytes;
  room.used += bytes;
}

/** Does nothing for a guest that has left. */
function remove(room: Room, guest: Guest): void {
  const { address, namespace, bytes } = guest;
  const ofAddress = room.parties.get(address);
  const party = ofAddress?.get(namespace);
  if (ofAddress === undefined || party?.guests.delete(guest) !== true) return;
  party.bytes -= bytes;
  room.used -= bytes;
  if (party.guests.size === 0) ofAddress.delete(namespace);
  if (ofAddress.size === 0) room.parties.delete(address);
}
