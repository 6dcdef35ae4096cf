/** The formats of files with images, as messages and `pin --help` list them. The file imports nothing, so that `--help` loads fast. */
const TITLES = ['Kubernetes manifest', 'kustomization', 'Compose file', 'Dockerfile'];

/** The formats that are recognized without a flag. */
export const PIN_FORMATS = anyOf(TITLES);

/** All formats that `pin` supports, in the plural. */
export const PINNABLE_FILES = anyOf([...TITLES.map((title) => `${title}s`), 'Helm values']);

/** `a, b, or c` */
export function anyOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')}, or ${names.at(-1) ?? ''}`;
}
