import { defineCheck } from '../check.ts';
import { shown } from '../matching.ts';

export const registries = defineCheck({
  id: 'registries',
  title: 'whether the registries respond to this machine',
  why: 'If the server cannot reach a registry either, lookups are unknown, and pins fail. The servers can have another network, DNS, and proxy than this machine; docs/reports.md has a command that tests from a server.',
  needsCluster: false,
  onlyWith: 'registries',
  needs: ['registries'],
  find: ({ registries: tests }) =>
    tests.flatMap(({ registry, failure }) => {
      if (failure === undefined) return [];
      const {
        cause,
        message,
        remedy = REMEDIES[cause] ?? 'check the registry, and the network of this machine',
      } = failure;
      return [
        {
          subject: `registry ${registry.split(', ').map(shown).join(', ')}`,
          message: `from this machine: ${message} (cause: ${cause})`,
          remedy,
        },
      ];
    }),
});

const REMEDIES: Readonly<Record<string, string>> = {
  dns: 'check the name, and DNS on this machine: nslookup HOST',
  timeout: 'check whether a firewall drops the connection, or set "proxy" under "registries" in tidewaiter.yaml',
  unreachable: 'check whether a firewall rejects the connection, or set "proxy" under "registries" in tidewaiter.yaml',
  rateLimited: 'wait, or add a mirror under "registries" in tidewaiter.yaml',
  serverError: 'check the state of the registry',
  protocol: 'check whether the host is a registry: it must respond to GET /v2/',
};
