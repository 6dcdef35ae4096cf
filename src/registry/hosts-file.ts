/** `/etc/hosts`: addresses by name, as hosts(5) has it. */
import { isIP } from 'node:net';

export type Hosts = ReadonlyMap<string, readonly string[]>;

/** Names in lower case, without a dot at the end. A line that begins with no address says nothing. */
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
