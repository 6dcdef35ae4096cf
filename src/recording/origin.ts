/** Where a line of a recording comes from that `serve` did not record. */

export const ORIGIN_SOURCES = ['audit-log', 'cluster'] as const;
export const ORIGIN_OBJECTS = ['sent', 'stored'] as const;

export interface RecordedOrigin {
  readonly source: (typeof ORIGIN_SOURCES)[number];
  /** `sent`: as the client sent the object, before API defaults and admission; `stored`: after them. */
  readonly object: (typeof ORIGIN_OBJECTS)[number];
  /** False on an UPDATE whose old object is unknown, so that all findings count as new. */
  readonly hasOldObject?: boolean | undefined;
  /** Whether the API server accepted the request. */
  readonly admitted?: boolean | undefined;
}
