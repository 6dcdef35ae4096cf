/** The certificate and the client CA of a running server. Connections that begin after a change use the new ones. */
import type { Server, ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { type ClientAuthority, identifyBy } from './client-authority.ts';
import type { Identify } from './connection.ts';

export interface TlsSettings {
  readonly cert: string;
  readonly key: string;
  /** undefined: any client can send reviews. */
  readonly clients?: ClientAuthority | undefined;
}

export interface CurrentTls {
  readonly settings: TlsSettings;
  /**
   * `next` keeps the members that it does not replace; a server cannot begin or end to have `clients`. Throws the error of
   * OpenSSL, and keeps the current settings.
   */
  change(next: (current: TlsSettings) => TlsSettings): void;
  /** Applies changes to the server as well. */
  attach(server: Pick<Server, 'setSecureContext'>): void;
  /** Identifies clients by the current settings; undefined: any client can send reviews. */
  readonly identify: Identify | undefined;
}

export function createCurrentTls(first: TlsSettings): CurrentTls {
  let settings = first;
  let identify = first.clients && identifyBy(first.clients);
  const servers = new Set<Pick<Server, 'setSecureContext'>>();
  return {
    get settings() {
      return settings;
    },
    change(next) {
      const changed = next(settings);
      const options = secureOptions(changed);
      createSecureContext(options);
      settings = changed;
      identify = changed.clients && identifyBy(changed.clients);
      for (const server of servers) server.setSecureContext(options);
    },
    attach: (server) => void servers.add(server),
    identify: identify && ((socket) => identify?.(socket)),
  };
}

/** All options that `setSecureContext` resets. */
export function secureOptions({ cert, key, clients }: TlsSettings) {
  return { cert, key, ca: clients?.ca, minVersion: 'TLSv1.2' } as const satisfies ServerOptions;
}
