/** The kinds that patches and replacements can change, selected like kustomize: an omitted key of a selector matches anything. */
import type { Kind, KindTable } from '../../../pod/kinds.ts';
import { isObject } from '../../../pod/pointer.ts';

export interface PatchedKinds {
  /** The kinds of the selected objects that the table contains. */
  readonly sure: readonly Kind[];
  /** All kinds, if no selector names a kind. */
  readonly possible: readonly Kind[];
}

const NONE: PatchedKinds = { sure: [], possible: [] };

/** Without selectors, any kind is possible. */
export function selectedKinds(selectors: readonly unknown[], kinds: KindTable): PatchedKinds {
  if (selectors.length === 0) return { sure: [], possible: kinds.all };
  return selectors.map((one) => selectedBy(one, kinds)).reduce(united, NONE);
}

export function united(one: PatchedKinds, other: PatchedKinds): PatchedKinds {
  return { sure: [...one.sure, ...other.sure], possible: [...one.possible, ...other.possible] };
}

/** `kind` and `group` are regular expressions, usually plain names. */
function selectedBy(selector: unknown, { all }: KindTable): PatchedKinds {
  const { kind, group } = isObject(selector) ? selector : {};
  if (typeof kind !== 'string' || !/^[A-Za-z0-9]+$/.test(kind)) return { sure: [], possible: all };
  const isAnyGroup = typeof group !== 'string' || !/^[a-z0-9.-]+$/.test(group);
  return { sure: all.filter((one) => one.kind === kind && (isAnyGroup || one.group === group)), possible: [] };
}
