/** The manifests as objects: from their files, or as `kubectl kustomize` renders them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadAll } from 'js-yaml';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** The part of an object that the tests use. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: object };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
  readonly webhooks?: readonly Webhook[];
}

export interface Webhook {
  readonly name: string;
  readonly admissionReviewVersions: readonly string[];
  readonly clientConfig: {
    readonly service?: {
      readonly name: string;
      readonly namespace: string;
      readonly path: string;
      readonly port: number;
    };
    readonly url?: string;
    readonly caBundle?: string;
  };
  readonly failurePolicy: string;
  readonly matchPolicy: string;
  readonly namespaceSelector: { readonly matchExpressions: readonly Expression[] };
  readonly objectSelector?: unknown;
  readonly reinvocationPolicy?: string;
  readonly rules: readonly WebhookRule[];
  readonly sideEffects: string;
  readonly timeoutSeconds: number;
}

export interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

export interface WebhookRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
}

export function manifestsIn(text: string): readonly Manifest[] {
  return loadAll(text) as readonly Manifest[];
}

export function readManifests(file: string): readonly Manifest[] {
  return manifestsIn(readFileSync(path.join(ROOT, file), 'utf8'));
}

export function render(folder: string): string {
  return execFileSync('kubectl', ['kustomize', path.join(ROOT, folder)], { encoding: 'utf8' });
}
