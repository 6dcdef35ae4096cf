/** Configuration entries for the registries of tests, and lookups in them. */
import { parseReference } from '../../src/image/reference.ts';
import type { Target } from '../../src/registry/client.ts';
import type { Credential } from '../../src/registry/credential.ts';
import { type RegistryEntry, type RegistrySettings, UNLISTED } from '../../src/registry/settings.ts';

export function entry(host: string, more: Partial<RegistryEntry> = {}): RegistryEntry {
  return { ...UNLISTED, host, ...more };
}

/** Plain HTTP on loopback. */
export function loopback(...hosts: readonly string[]): RegistrySettings {
  return { registries: hosts.map((host) => entry(host, { insecure: true, allowPrivate: true })), access: 'any' };
}

export function target(text: string, credential?: Credential, by: Target['by'] = 'image'): Target {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return { reference: parsed.reference, by, credential };
}

export function basic(
  username: string,
  password: string,
  label = `pull secret "regcred" (user ${username})`,
): Credential {
  return { label, secret: { kind: 'basic', username, password: () => password } };
}

export function identityToken(token: string): Credential {
  return { label: 'docker config (identity token)', secret: { kind: 'identity-token', token: () => token } };
}

export function registryToken(token: string): Credential {
  return { label: 'docker config (registry token)', secret: { kind: 'registry-token', token: () => token } };
}

/** Long enough for a busy machine; nothing is asserted about it. */
export function soon(): AbortSignal {
  return AbortSignal.timeout(10_000);
}
