/** The forms in which a credential's secret is sent. Text that contains one of them must not be printed. */
import type { Credential } from './credential.ts';

export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

export function secretsOf(credential: Credential | undefined): readonly string[] {
  if (credential === undefined) return [];
  const { secret } = credential;
  return formsOf(secret.kind === 'basic' ? secret.password() : secret.token());
}

function formsOf(secret: string): readonly string[] {
  if (secret === '') return [];
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')];
}
