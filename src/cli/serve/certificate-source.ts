/** Where `serve` gets its certificate from. */
import type { ServingCertificate } from '../../certificate/certificate.ts';
import type { ServerLog } from '../../server/log.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import type { OpenApi } from '../../wiring.ts';
import type { CertificateMetrics } from '../../server/certificate-metrics.ts';

/** PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateSource {
  /** The certificate at the start; a cluster can take any time. */
  readonly first: Promise<ServingCertificate>;
  /** Returns why API servers may not accept the certificate; undefined: there is no known reason. */
  notReady(): string | undefined;
  /** Calls `use` with each later certificate. */
  follow(use: (pair: Pair) => void): void;
  close(): Promise<void>;
}

export interface CertificateServices {
  readonly log: ServerLog;
  readonly metrics: CertificateMetrics;
  readonly openApi: OpenApi;
  /** For registration self: the configurations for a namespace. */
  readonly registration: RegistrationSource;
}

export interface RegistrationSource {
  objects(namespace: string): readonly JsonObject[];
  /** Whether API servers can reach the server if it listens. */
  isReady(): boolean;
}
