/** The user name of a credential, for messages. */

export interface Login {
  readonly username: string;
  readonly password: () => string;
}

const HIDDEN = '<same as password>';

/** Some registries take a token as user name and as password. */
export function visibleUser({ username, password }: Login): string {
  return username !== '' && username === password() ? HIDDEN : username;
}
