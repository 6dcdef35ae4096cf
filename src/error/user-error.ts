/** The error for everything that a user has given wrong: configuration, policies, plugins, certificates, arguments. */

/** The message is complete, names the place, and is printed as it is; the command exits with 2. */
export class UserError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UserError';
  }
}
