/** The user name and password in a URL. */
export interface UserInfo {
  readonly username: string;
  readonly password: string;
}

/** Returns undefined if the URL has none. */
export function userInfoOf({ username, password }: URL): UserInfo | undefined {
  return username === '' && password === '' ? undefined : { username: decoded(username), password: decoded(password) };
}

/** The value of an `Authorization` or `Proxy-Authorization` header. */
export function basicHeader({ username, password }: UserInfo): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** Returns the text itself if its escapes are invalid. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
