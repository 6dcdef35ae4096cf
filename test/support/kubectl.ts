/** kubectl as the original: what it reads, it can print without a server. */
import { spawnSync } from 'node:child_process';

/** Older ones print unknown fields differently; what they read is the same since 1.20, but only 1.32 was looked at closely. */
const LEAST_MINOR = 28;

export function kubectlMissing(): string | undefined {
  const found = spawnSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  if (found.status !== 0) return 'needs kubectl on the PATH (https://kubernetes.io/docs/tasks/tools)';
  const { clientVersion } = JSON.parse(found.stdout) as { clientVersion: { minor: string } };
  return Number.parseInt(clientVersion.minor, 10) < LEAST_MINOR
    ? `needs kubectl 1.${LEAST_MINOR} or later on the PATH`
    : undefined;
}
