/** A file, a program, a certificate, or a proxy of a connection cannot be used. The message is a complete sentence without secrets. */
export class UnusableSettings extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnusableSettings';
  }
}

/** `problem`: a sentence fragment that follows the provider. */
export function unusableProvider(problem: string, cause?: unknown): UnusableSettings {
  return new UnusableSettings(`auth-provider "oidc" ${problem}`, { cause });
}
