/** Recognizes Dockerfiles by name, and Compose files by name or content. */
import path from 'node:path';
import { isObject, type JsonObject } from '../pod/pointer.ts';

const DOCKERFILE = /^(?:docker|container)file(?:[.-].+)?$|\.(?:docker|container)file$/i;

/** Backup files such as `Dockerfile.orig` count, but `Dockerfile.dockerignore` does not. */
export function isDockerfile(file: string): boolean {
  const name = path.basename(file);
  return DOCKERFILE.test(name) && !/\.(?:dockerignore|ya?ml|json|md)$/i.test(name);
}

const COMPOSE = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.(?:yaml|yml|json)$/i;

export function isComposeName(name: string): boolean {
  return COMPOSE.test(name);
}

/**
 * Reports whether a document is a Compose file, by file name or by services with a build or an image; many programs have a
 * `services:` key.
 */
export function isCompose(file: string, value: unknown): value is JsonObject {
  if (!isObject(value) || value['apiVersion'] !== undefined || !isObject(value['services'])) return false;
  const services = Object.values(value['services']);
  return (
    isComposeName(path.basename(file)) || services.some((one) => isObject(one) && ('image' in one || 'build' in one))
  );
}
