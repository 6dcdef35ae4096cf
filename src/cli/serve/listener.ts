/** The ports that `serve` listens on: one for reviews, one for operations. */
import type { Address } from '../../config/config.ts';
import { UserError } from '../../error/user-error.ts';
import type { AdmissionServer } from '../../server/http.ts';
import { listenOn } from '../../server/listening.ts';

type App = Parameters<typeof listenOn>[0] & Pick<AdmissionServer, 'close'>;

export interface Listener {
  /** `host:port` */
  readonly address: string;
  close(): Promise<void>;
}

interface Purpose {
  /** The remedy if the address cannot be used. */
  readonly remedy: string;
  /** Whether the server itself starts reading from its connections. */
  readonly isPaused: boolean;
}

export const REVIEWS: Purpose = { remedy: 'choose another with --listen', isPaused: true };

export const OPERATIONS: Purpose = {
  remedy: 'choose another with --operations-port, or disable it with --operations-port 0',
  isPaused: false,
};

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'this machine does not have the address',
  ENOTFOUND: 'the host cannot be resolved',
  EACCES: 'permission denied',
};

export async function listen(app: App, { host, port }: Address, { remedy, isPaused }: Purpose): Promise<Listener> {
  try {
    const listening = await listenOn(app, { host, port }, isPaused);
    const close = async (): Promise<void> => {
      await app.close();
      await listening.close();
    };
    return { address: `${host.includes(':') ? `[${host}]` : host}:${listening.port}`, close };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UserError(`cannot listen on ${host}:${port}: ${REASONS[code] ?? code}; ${remedy}`, { cause: error });
  }
}
