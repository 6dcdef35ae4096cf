/** HTTP requests and responses. */
import type { RegistryEntry } from './settings.ts';

export interface HttpRequest {
  readonly method: 'HEAD' | 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** The limit for the body of a 200; a longer body is an InvalidResponse. */
  readonly maxBytes: number;
  /** The settings of this host. */
  readonly entry: RegistryEntry;
  /** The namespace whose share the request uses. */
  readonly tenant: string;
}

export interface HttpResponse {
  readonly status: number;
  /** By lowercase name; one value for each line. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** If the status is not 200, the beginning of the body. */
  readonly body: Buffer;
}

/** A valid HTTP response that cannot be used. `message` follows the name of the host: `returned more than …`. */
export class InvalidResponse extends Error {
  override readonly name = 'InvalidResponse';
}

type RawHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export function headersOf(headers: RawHeaders): HttpResponse['headers'] {
  return new Map(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), typeof value === 'string' ? [value] : value] as const],
    ),
  );
}

export function isPlain(headers: HttpResponse['headers']): boolean {
  const encoding = headers.get('content-encoding')?.join().trim().toLowerCase() ?? '';
  return encoding === '' || encoding === 'identity';
}

/** Returns undefined if there is no Content-Length. */
export function lengthIn(headers: HttpResponse['headers']): number | undefined {
  const text = headers.get('content-length')?.[0] ?? '';
  return /^[0-9]+$/.test(text) ? Number(text) : undefined;
}
