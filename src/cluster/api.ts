/**
 * Requests to the API server of a cluster. Objects are plain JSON, because typed models drop fields that they do not know.
 */
import type { JsonObject } from '../pod/pointer.ts';

/** One API server, with the credentials of a kubeconfig context or of a Pod's ServiceAccount. */
export interface ClusterApi {
  /** The URL of the API server, for messages. */
  readonly server: string;
  /** The namespace of the context, or of the Pod; `default` if there is none. */
  readonly namespace: string;
  /**
   * Resolves with the object in the response. Rejects with an ApiError if the API server returns an error, with an ApiOutage if
   * there is no response in time, and with the signal's reason when it aborts.
   */
  request(request: ApiRequest, signal?: AbortSignal): Promise<JsonObject>;
  /** The clock of the API server by its last response, as Unix time in milliseconds; undefined: it is unknown. */
  time?(): number | undefined;
  /** The events of a watch, until the connection ends. Rejects like `request`; an ERROR event is an ApiError. */
  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<WatchEvent>;
  close(): Promise<void>;
}

export interface ApiRequest {
  /** `GET` by default. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/v1/namespaces/shop/secrets/pull` */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Of the body; `application/json` by default. Server-side apply: `application/apply-patch+yaml`. */
  readonly contentType?: string;
  /** For the whole response, after the credentials of the user are known; 10 s by default. */
  readonly timeoutMs?: number;
}

export interface WatchRequest extends Pick<ApiRequest, 'path' | 'query'> {
  /** The longest time without an event. */
  readonly idleMs: number;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: JsonObject;
}

/** The API server returned an error (metav1.Status). */
export class ApiError extends Error {
  /** The HTTP status code. */
  readonly status: number;
  /** `NotFound`, `Forbidden`, `Conflict`, `Expired`, …; empty if the response has none. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
  }
}

/** The API server did not respond, or its response cannot be read. */
export class ApiOutage extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiOutage';
  }
}

/** The response has more bytes than are read. */
export class ApiResponseTooLong extends ApiOutage {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiResponseTooLong';
  }
}
