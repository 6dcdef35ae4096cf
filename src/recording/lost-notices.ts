/** Which rules read values that recordings never contain: of CEL, according to their expressions; of plugins, that is not known. */
import { fieldPath, pointerSegments } from '../pod/pointer.ts';
import type { Notice } from '../policy/notice.ts';
import { documentLabel } from '../policy/notice.ts';
import type { Policy } from '../policy/policy.ts';
import type { Check } from '../policy/rule.ts';
import { isKept } from './redact/annotations.ts';
import { isEnvironmentName, isSecretName } from './redact/secret-names.ts';

const ROOTS = ['object', 'oldObject', 'container'] as const;

/** `fields`: names of fields that are redacted as well. */
export function lostNotices(policies: readonly Policy[], fields: readonly string[]): readonly Notice[] {
  const own = new Set(fields);
  return policies.flatMap(({ name, bindings }) =>
    bindings.flatMap(({ rule, check }) => {
      const effect = effectOf(check, own);
      if (effect === undefined) return [];
      const message = `${documentLabel('ImagePolicy', name)}: rule ${rule} ${effect}`;
      return [{ kind: 'ImagePolicy' as const, name, rule, pointer: '/spec/rules', message }];
    }),
  );
}

function effectOf({ reads, guard }: Check, own: ReadonlySet<string>): string | undefined {
  // Only plugins have a guard.
  if (guard !== undefined) {
    return 'is from a plugin; where it reads values that recordings do not contain, its results in a replay are unknown';
  }
  const paths = ROOTS.flatMap((root) =>
    [...(reads?.[root] ?? [])].filter((pointer) => isLost(pointer, own)).map((pointer) => pathOf(root, pointer)),
  );
  if (paths.length === 0) return undefined;
  return `reads ${paths.join(', ')}, which recordings do not contain; its results in a replay are unknown`;
}

function pathOf(root: string, pointer: string): string {
  const path = fieldPath(pointer);
  return path.startsWith('[') ? `${root}${path}` : `${root}.${path}`;
}

/** A value above a lost one can be read without it, as in `container.env.all(e, e.name != "A")`. */
function isLost(pointer: string, fields: ReadonlySet<string>): boolean {
  const segments = pointerSegments(pointer);
  return segments.some((segment, at) => {
    const next = segments[at + 1];
    if (fields.has(segment) || segment === 'managedFields') return true;
    if (segment === 'annotations') return next === undefined || !isKept(next);
    if (segment === 'httpHeaders' || isEnvironmentName(segment)) return segments.slice(at + 1).includes('value');
    return next === undefined && isSecretName(segment);
  });
}
