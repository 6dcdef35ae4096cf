/** Texts of other policies, bounded, and without characters that a terminal interprets. */

const MAX_LENGTH = 1000;
/** The limit of names of objects (k8s.io/apimachinery pkg/util/validation, IsDNS1123Subdomain). */
const MAX_NAME = 253;

export function saidMessage(value: unknown): string | undefined {
  return typeof value === 'string' ? within(value.replaceAll(/[^\P{C}\n]/gu, ' '), MAX_LENGTH) : undefined;
}

export function saidName(text: string): string {
  return within(text.replaceAll(/\p{C}/gu, ' '), MAX_NAME);
}

function within(text: string, max: number): string {
  const trimmed = text.trim();
  return (trimmed.length > max ? `${trimmed.slice(0, max)}…` : trimmed).toWellFormed();
}
