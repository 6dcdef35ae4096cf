/** Parses `/etc/hosts`: addresses by name; see hosts(5). */
import { isIP } from 'node:net';

export type Hosts = ReadonlyMap<string, readonly string[]>;

/** Names are lowercase, without a final dot. Lines that do not begin with an address are skipped. */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*$/s, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names.map(plainName)) {
      const known = hosts.get(name);
      if (known === undefined) hosts.set(name, [address]);
      else if (!known.includes(address)) known.push(address);
    }
  }
  return hosts;
}

export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
