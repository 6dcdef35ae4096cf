/** Webhook configurations whose webhooks the server registers itself. */
import type { JsonObject } from '../../pod/pointer.ts';

export interface Registration {
  /** The configurations that are needed at present, without caBundle. */
  objects(): readonly JsonObject[];
  /** Whether the server can answer reviews. */
  isReady(): boolean;
}
