/** What proves the identity of a user: an `Authorization` header, a client certificate, or both. */
import type { Environment } from '../go/http-proxy.ts';
import type { ServerSettings } from './connection.ts';

/** A value from a file, a program, or the configuration. */
export interface Renewable<T> {
  read(): Promise<T>;
  /** The next read does not return a cached value. */
  expire(): void;
}

export interface Identity {
  readonly authorization?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** All that identifies the user and the server in one request. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** PEM; undefined: the certificate of the API server is not verified. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** The server that the user authenticates to. */
export interface AuthenticatedServer {
  readonly server: ServerSettings;
  readonly ca: Renewable<string | undefined>;
}

export interface CredentialOptions {
  readonly env: Environment;
  readonly now: () => number;
  /** Ends programs that still run. */
  readonly closed?: AbortSignal | undefined;
  /** False: programs get no terminal, even if there is one. */
  readonly usesTerminal?: boolean | undefined;
}
