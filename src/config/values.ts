/** Single values of the configuration from their texts; `from` is where they stand. */
import { LOG_LEVELS, type LogLevel } from './schema.ts';
import { quoteValue } from '../image/quote.ts';
import { UserError } from '../error/user-error.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function levelOf(value: unknown, from: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value);
  if (level !== undefined) return level;
  throw new UserError(`${from}: expected ${LOG_LEVELS.join(', ')}, found ${quoteValue(String(value))}`);
}

/** `HOST:PORT`, `[::1]:PORT`, `:PORT` (all interfaces). */
export function addressOf(text: string, from: string): Address {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) {
    throw new UserError(
      `${from}: expected HOST:PORT, for example 127.0.0.1:8443 or [::1]:8443, found ${quoteValue(text)}`,
    );
  }
  return { host: match[1] ?? (match[2] || '::'), port: portOf(match[3] ?? '', from) };
}

export function portOf(text: string, from: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new UserError(`${from}: expected a port from 0 to 65535, found ${quoteValue(text)}`);
  return port;
}

/** The API server waits 30 s at most, and nobody else is answered meanwhile. */
export function timeoutOf(text: string, from: string): number {
  const ms = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (ms >= 1 && ms <= 10_000) return ms;
  throw new UserError(`${from}: expected milliseconds from 1 to 10000, found ${quoteValue(text)}`);
}
