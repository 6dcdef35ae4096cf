/** Names the files that decide, the same on all replicas. */
import { createHash } from 'node:crypto';
import type { LoadedConfig } from '../config/config.ts';
import type { Composed } from '../wiring.ts';

const HASH_DIGITS = 12;

/** Leaves out certificates and credentials: their hash would let readers of the audit log test guesses. */
export function generationOf(
  { settings }: Pick<LoadedConfig, 'settings'>,
  { loaded }: Composed,
  pluginDigest: string,
): string {
  const kinds = settings.find(({ key }) => key === 'kinds')?.value;
  const { pluginTimeoutMs } = Object.fromEntries(settings.map(({ key, value }) => [key, value]));
  const content = JSON.stringify([loaded.digest, pluginDigest, kinds, pluginTimeoutMs]);
  return createHash('sha256').update(content).digest('hex').slice(0, HASH_DIGITS);
}
