/** Files under `configurations` of a kustomization, which define further fields that `images` changes. */
import type { FieldSpec } from '../../../pinning/kustomize/field-specs.ts';
import { isObject } from '../../../pod/pointer.ts';
import { listAt } from '../../kustomization.ts';
import { partText } from '../document-context.ts';
import type { DocumentFormat } from '../format.ts';

export const fieldSpecsFormat: DocumentFormat = {
  name: undefined,
  matches: ({ document: { value } }) => isObject(value) && value['kind'] === undefined,
  locate: ({ document }) => ({ fields: fieldSpecsIn(document.value) }),
};

function fieldSpecsIn(value: unknown): readonly FieldSpec[] {
  if (!isObject(value)) return [];
  return listAt(value, 'images')
    .filter(isObject)
    .flatMap(({ path, group, kind }) =>
      typeof path === 'string' ? [{ path: segmentsOf(path), group: partText(group), kind: partText(kind) }] : [],
    );
}

/** `spec/containers[]/image`; a slash within a name has a backslash. */
function segmentsOf(path: string): readonly string[] {
  const segments = path.match(/(?:\\\/|[^/])+/g) ?? [];
  return segments.map((segment) => segment.replace(/\[\]$/, '').replaceAll(String.raw`\/`, '~1'));
}
