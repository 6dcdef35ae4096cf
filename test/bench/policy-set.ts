/** Many policies, as a cluster of many teams has them: 100 of them with 10 rules each and 10,000 allowed patterns. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const POLICIES = 100;
const PATTERNS = 100;

/** `each`: a policy applies to the namespace of its team, one of them to `shop`. `all`: to every namespace. */
export type Reach = 'each' | 'all';

export function policySet(reach: Reach): readonly object[] {
  return Array.from({ length: POLICIES }, (_, team) => ({
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: `team-${team}` },
    spec: {
      ...(reach === 'each' ? { match: { namespaces: [team === 57 ? 'shop' : `team-${team}`, `team-${team}-*`] } } : {}),
      exclude: { namespaces: ['kube-system', 'tidewaiter'] },
      rules: rulesOf(team),
    },
  }));
}

/** Two of ten say something of their own, as the policies of teams do that were copied from one. */
function rulesOf(team: number): readonly object[] {
  const own = Array.from({ length: PATTERNS - 2 }, (_, app) => `registry.example.com/team-${team}/app-${app}/**`);
  return [
    { rule: 'image-reference' },
    { rule: 'image-tag', parameters: { deny: ['latest', `team-${team}-*`] } },
    { rule: 'image-registry', parameters: { allow: [...own, 'registry.example.com/shop/**', 'docker.io/library/*'] } },
    { rule: 'image-digest', action: 'warn' },
    { rule: 'image-pull-policy', action: 'audit' },
    { rule: 'image-consistency' },
    { rule: 'container-ports', parameters: { hostPort: false } },
    { rule: 'container-name' },
    { rule: 'container-lifecycle' },
    { rule: 'container-resources', parameters: { max: { memory: '4Gi' }, maxRatio: { cpu: 10 } } },
  ];
}

/** Writes the set into `folder`, a file for each policy. */
export function writePolicySet(folder: string, reach: Reach): string {
  mkdirSync(folder, { recursive: true });
  for (const [index, policy] of policySet(reach).entries()) {
    writeFileSync(path.join(folder, `team-${index}.json`), JSON.stringify(policy));
  }
  return folder;
}
