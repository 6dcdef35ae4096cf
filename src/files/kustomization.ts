import path from 'node:path';

/** Build instructions beside manifests or policies, not one of them; only these names are read by kustomize. */
export function isKustomization(file: string): boolean {
  return ['kustomization.yaml', 'kustomization.yml', 'Kustomization'].includes(path.basename(file));
}
