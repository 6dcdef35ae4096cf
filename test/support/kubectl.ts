/** kubectl as the reference: it prints the values that it parses, without a server. */
import { spawnSync } from 'node:child_process';

/** Older releases print unknown fields differently; the parsed values are the same since 1.20, verified in detail for 1.32. */
const LEAST_MINOR = 28;

/** Why kubectl cannot be run, and how to get it; undefined: it can. */
export const kubectlMissing = missing();

function missing(): string | undefined {
  const found = spawnSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  if (found.status !== 0) return 'needs kubectl on the PATH (https://kubernetes.io/docs/tasks/tools)';
  const { clientVersion } = JSON.parse(found.stdout) as { clientVersion: { minor: string } };
  return Number.parseInt(clientVersion.minor, 10) < LEAST_MINOR
    ? `needs kubectl 1.${LEAST_MINOR} or later on the PATH`
    : undefined;
}
